/** Pauses between attempts that fail, in milliseconds. */
export interface Backoff {
  /** Each is random, and on the average longer than the one before. */
  next(): number;
  /** The next pause is a short one again. */
  reset(): void;
}

/** Least and greatest pause, in milliseconds. */
export interface BackoffLimits {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Decorrelated jitter: from the least pause up to three times the last one. `random` is in [0, 1). */
export function createBackoff({ leastMs, mostMs }: BackoffLimits, random: () => number): Backoff {
  let last = leastMs;
  return {
    next() {
      last = Math.min(mostMs, leastMs + random() * (last * 3 - leastMs));
      return last;
    },
    reset() {
      last = leastMs;
    },
  };
}
