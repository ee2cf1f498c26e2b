import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';

/** Waits until what comes in pieces has come, for a bounded time. */
export interface Settling {
  /** A piece has come. */
  stir(): void;
  stop(): void;
}

/** So long nothing must come, in milliseconds: `kubectl apply` of several objects sends one after the other. */
const QUIET_MS = 100;
/** Longest wait after the first piece, in milliseconds. */
const LONGEST_MS = 400;

/** Calls `settled` once the pieces have come. */
export function createSettling(clock: MonotonicClock, settled: () => void): Settling {
  let first: number | undefined;
  let cancel = (): void => undefined;
  return {
    stir() {
      const now = clock.now();
      first ??= now;
      cancel();
      cancel = clock.after(Math.max(0, Math.min(QUIET_MS, first + LONGEST_MS - now)), () => {
        first = undefined;
        settled();
      });
    },
    stop: () => cancel(),
  };
}
