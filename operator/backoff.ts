/** Bounds of pauses, in milliseconds. */
export interface BackoffBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * The pause after another failure: anywhere between the least and three times the last one, so that keys which failed
 * together do not come back together.
 * @param last the pause before, undefined after a success.
 * @param random in [0, 1).
 */
export function nextPause(last: number | undefined, random: number, { leastMs, mostMs }: BackoffBounds): number {
  const upper = 3 * Math.max(leastMs, last ?? 0);
  return Math.min(mostMs, leastMs + random * (upper - leastMs));
}
