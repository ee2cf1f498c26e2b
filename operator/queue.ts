import type { BackoffLimits } from '../kubernetes/backoff.ts';
import type { MonotonicClock } from '../shared/monotonic-clock.ts';
import { createPauses } from './pauses.ts';

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

/** Makes a queue that waits for `resume`. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { work, concurrency, failed } = options;
  const line = new Set<string>();
  /** Keys that are worked on, and whether they changed meanwhile. */
  const changed = new Map<string, boolean>();
  const workers = new Set<Promise<void>>();
  const pauses = createPauses({ ...options, wake: enqueue });
  let running = false;

  function enqueue(key: string): void {
    line.add(key);
    dispatch();
  }
  function dispatch(): void {
    for (const key of line) {
      if (!running || workers.size >= concurrency) return;
      line.delete(key);
      const worker = attend(key).finally(() => {
        workers.delete(worker);
        dispatch();
      });
      workers.add(worker);
    }
  }
  async function attend(key: string): Promise<void> {
    changed.set(key, false);
    const result = await work(key).then(
      (after) => ({ after }),
      (error: unknown) => ({ error }),
    );
    const again = changed.get(key) === true;
    changed.delete(key);
    if ('error' in result) return running ? failed(key, result.error, pauses.failed(key)) : undefined;
    pauses.forgive(key);
    if (!running) return;
    if (again) enqueue(key);
    else if (result.after !== undefined) pauses.rest(key, result.after);
  }
  return {
    get depth() {
      return line.size;
    },
    get working() {
      return workers.size;
    },
    add(key, { urgent = false } = {}) {
      if (changed.has(key)) changed.set(key, true);
      else if (pauses.has(key)) pauses.change(key, urgent);
      else enqueue(key);
    },
    resume() {
      running = true;
      dispatch();
    },
    async halt() {
      running = false;
      line.clear();
      pauses.clear();
      await Promise.all(workers);
    },
  };
}
