import type { LatencySnapshot } from '../../agent/observe/snapshot.ts';

/** What was measured between two snapshots of the same histogram. */
export function latencySince(before: LatencySnapshot | undefined, now: LatencySnapshot): LatencySnapshot {
  if (before === undefined || before.bounds.length !== now.bounds.length) return now;
  return {
    bounds: now.bounds,
    counts: now.counts.map((count, index) => Math.max(0, count - (before.counts[index] ?? 0))),
    sum: Math.max(0, now.sum - before.sum),
  };
}

/** Adds histograms with equal bounds. */
export function addLatencies(all: readonly LatencySnapshot[]): LatencySnapshot {
  const [first] = all;
  if (first === undefined) return { bounds: [], counts: [0], sum: 0 };
  return {
    bounds: first.bounds,
    counts: first.counts.map((_, index) => all.reduce((sum, one) => sum + (one.counts[index] ?? 0), 0)),
    sum: all.reduce((sum, one) => sum + one.sum, 0),
  };
}

/** A bound in seconds below which `share` of the measurements lie; undefined without any, Infinity above the last bound. */
export function quantileBound({ bounds, counts }: LatencySnapshot, share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= total * share) return bounds[index] ?? Infinity;
  }
  return Infinity;
}
