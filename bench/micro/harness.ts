import { median } from '../statistics.ts';

/** A pure in-process function to be timed. */
export interface MicroCase {
  readonly name: string;
  /**
   * Calls the function `count` times and returns something made from its results, so that the engine cannot leave
   * the calls out.
   */
  run(count: number): unknown;
}

/** Cost of one call. */
export interface MicroResult {
  readonly name: string;
  /** Median over the batches. */
  readonly nanoseconds: number;
  /** Slowest batch over the fastest: how far to trust the median. */
  readonly spread: number;
}

const batchMs = 50;
const batches = 7;

/** Times a case in batches long enough for the clock; `now` is in ms. */
export function timeCase(micro: MicroCase, now: () => number): MicroResult {
  const count = calibrate(micro, now);
  const costs = Array.from({ length: batches }, () => (batch(micro, count, now) * 1e6) / count);
  return { name: micro.name, nanoseconds: median(costs), spread: Math.max(...costs) / Math.min(...costs) };
}

/** Doubles the calls until one batch is long enough, which also warms the function up. */
function calibrate(micro: MicroCase, now: () => number): number {
  let count = 1;
  while (batch(micro, count, now) < batchMs) count *= 2;
  return count;
}

function batch(micro: MicroCase, count: number, now: () => number): number {
  const from = now();
  micro.run(count);
  return now() - from;
}
