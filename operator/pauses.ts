import { type Backoff, type BackoffLimits, createBackoff } from '../kubernetes/backoff.ts';
import type { MonotonicClock } from '../shared/monotonic-clock.ts';

/** How long keys rest, and what wakes them. */
export interface PausesOptions {
  /** Pauses after failures; each key has its own. */
  readonly backoff: BackoffLimits;
  readonly clock: MonotonicClock;
  readonly random: () => number;
  readonly wake: (key: string) => void;
}

/** Keys that rest. */
export interface Pauses {
  readonly has: (key: string) => boolean;
  /** Lets a key rest for so many milliseconds. */
  readonly rest: (key: string, ms: number) => void;
  /** Lets a key rest after another failure; returns the milliseconds. */
  readonly failed: (key: string) => number;
  /** The next failure of a key is the first one again. */
  readonly forgive: (key: string) => void;
  /** Wakes a key that rests; one that failed only where it is urgent. */
  readonly change: (key: string, urgent: boolean) => void;
  readonly clear: () => void;
}

/** Nothing rests yet. */
export function createPauses({ backoff, clock, random, wake }: PausesOptions): Pauses {
  const resting = new Map<string, { readonly cancel: () => void; readonly failure: boolean }>();
  const backoffs = new Map<string, Backoff>();

  function rest(key: string, ms: number, failure: boolean): void {
    const cancel = clock.after(ms, () => end(key));
    resting.set(key, { cancel, failure });
  }
  function end(key: string): void {
    resting.delete(key);
    wake(key);
  }
  return {
    has: (key) => resting.has(key),
    rest: (key, ms) => rest(key, ms, false),
    failed(key) {
      const own = backoffs.get(key) ?? createBackoff(backoff, random);
      backoffs.set(key, own);
      const ms = own.next();
      rest(key, ms, true);
      return ms;
    },
    forgive: (key) => void backoffs.delete(key),
    change(key, urgent) {
      const entry = resting.get(key);
      if (entry === undefined || (entry.failure && !urgent)) return;
      entry.cancel();
      end(key);
    },
    clear() {
      for (const { cancel } of resting.values()) cancel();
      resting.clear();
      backoffs.clear();
    },
  };
}
