import { type Backoff, type BackoffLimits, createBackoff } from '../kubernetes/backoff.ts';
import type { MonotonicClock } from '../kubernetes/clock.ts';

/** How a queue works. */
export interface WorkQueueOptions {
  /** Brings one key to what is wanted; resolves with the milliseconds after which to look again, if ever. */
  readonly work: (key: string) => Promise<number | undefined>;
  /** Keys that are worked on at once. */
  readonly concurrency: number;
  /** Pauses after failures; each key has its own. */
  readonly backoff: BackoffLimits;
  readonly clock: MonotonicClock;
  readonly random: () => number;
  /** Told of every failure and of the pause before the next attempt. */
  readonly failed: (key: string, error: unknown, pauseMs: number) => void;
}

/** Works on keys, each by one worker at a time. */
export interface WorkQueue {
  /** Keys that wait for a worker; those in a pause are not counted. */
  readonly depth: number;
  readonly working: number;
  /** Asks for work on a key. One that pauses after a failure stays there, unless it is urgent. */
  readonly add: (key: string, options?: { readonly urgent?: boolean }) => void;
  /** Takes up work, on what was added meanwhile too. */
  readonly resume: () => void;
  /** Begins nothing more and forgets what was asked; resolves when the last worker has returned. */
  readonly halt: () => Promise<void>;
}

/** Where a key is that is not idle. `again`: it changed while it is worked on. */
type KeyState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'working'; again: boolean }
  | { readonly kind: 'pausing'; readonly cancel: () => void; readonly failure: boolean };

/** Makes a queue that waits for `resume`. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { work, concurrency, backoff, clock, random, failed } = options;
  const states = new Map<string, KeyState>();
  const line = new Set<string>();
  const backoffs = new Map<string, Backoff>();
  const workers = new Set<Promise<void>>();
  let running = false;

  function add(key: string, { urgent = false } = {}): void {
    const state = states.get(key);
    if (state?.kind === 'working') state.again = true;
    else if (state?.kind === 'pausing' && (urgent || !state.failure)) release(key, state.cancel);
    else if (state === undefined) enqueue(key);
  }
  function enqueue(key: string): void {
    states.set(key, { kind: 'waiting' });
    line.add(key);
    dispatch();
  }
  function release(key: string, cancel: () => void): void {
    cancel();
    enqueue(key);
  }
  function dispatch(): void {
    while (running && workers.size < concurrency) {
      const [key] = line;
      if (key === undefined) return;
      line.delete(key);
      const worker = attend(key).finally(() => {
        workers.delete(worker);
        dispatch();
      });
      workers.add(worker);
    }
  }
  async function attend(key: string): Promise<void> {
    const state = { kind: 'working' as const, again: false };
    states.set(key, state);
    const result = await work(key).then(
      (after) => ({ after, failure: false }),
      (error: unknown) => ({ after: pauseAfter(key, error), failure: true }),
    );
    states.delete(key);
    if (!result.failure) backoffs.delete(key);
    if (!running) return;
    if (state.again && !result.failure) enqueue(key);
    else if (result.after !== undefined) pause(key, result.after, result.failure);
  }
  function pauseAfter(key: string, error: unknown): number {
    const own = backoffs.get(key) ?? createBackoff(backoff, random);
    backoffs.set(key, own);
    const pauseMs = own.next();
    failed(key, error, pauseMs);
    return pauseMs;
  }
  function pause(key: string, ms: number, failure: boolean): void {
    const cancel = clock.after(ms, () => enqueue(key));
    states.set(key, { kind: 'pausing', cancel, failure });
  }
  return {
    get depth() {
      return line.size;
    },
    get working() {
      return workers.size;
    },
    add,
    resume() {
      running = true;
      dispatch();
    },
    async halt() {
      running = false;
      for (const [key, state] of states) {
        if (state.kind === 'pausing') state.cancel();
        if (state.kind !== 'working') states.delete(key);
      }
      line.clear();
      backoffs.clear();
      await Promise.all(workers);
    },
  };
}
