/**
 * A token bucket that begins full. It counts in thousandths of a token, so that with whole milliseconds and whole
 * rates every sum is a whole number, and the rate is exact over any time.
 */
export interface TokenBucket {
  /** Milliseconds after `now` when so many tokens can be taken; 0 when they can be taken now. */
  wait(now: number, tokens: number): number;
  /** Takes them, into debt where there are fewer. */
  take(now: number, tokens: number): void;
  /** Whether nothing was taken that has not come back by `now`. */
  full(now: number): boolean;
}

/** A bucket refilled with `perSecond` tokens and holding what comes in `burstSeconds`. */
export function createTokenBucket(perSecond: number, burstSeconds: number): TokenBucket {
  const capacity = perSecond * burstSeconds * 1000;
  let level = capacity;
  let filledAt = Number.NEGATIVE_INFINITY;

  function fill(now: number): void {
    if (now <= filledAt) return;
    level = level === capacity ? capacity : Math.min(capacity, level + (now - filledAt) * perSecond);
    filledAt = now;
  }

  return {
    wait(now, tokens) {
      fill(now);
      // What is larger than the bucket goes when the bucket is full, and pays for it afterwards.
      const missing = Math.min(tokens * 1000, capacity) - level;
      return missing <= 0 ? 0 : Math.ceil(missing / perSecond);
    },
    take(now, tokens) {
      fill(now);
      level -= tokens * 1000;
    },
    full(now) {
      fill(now);
      return level === capacity;
    },
  };
}
