/** One value of a series. */
interface Value {
  readonly at: number;
  readonly value: number;
}

/**
 * How much a counter grew within the seconds up to `at`, as Prometheus guesses it: what its samples show, resets
 * counted as starts from 0, and stretched to the ends of the range where samples are near them.
 */
export function increaseOf(points: readonly Value[], at: number, rangeSeconds: number): number | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || first === last) return undefined;
  let grown = last.value - first.value;
  points.forEach(({ value }, index) => {
    const before = points[index - 1]?.value ?? value;
    if (value < before) grown += before;
  });
  const sampled = last.at - first.at;
  const average = sampled / (points.length - 1);
  const reach = (gap: number) => (gap < average * 1.1 ? gap : average / 2);
  let toStart = first.at - (at - rangeSeconds);
  // A counter is never below 0, so it cannot have begun before it was 0.
  if (grown > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / grown));
  return (grown * (sampled + reach(toStart) + reach(at - last.at))) / sampled;
}

/** How often the value changed. */
export function changesOf(points: readonly Value[]): number {
  return points.filter(({ value }, index) => index > 0 && value !== points[index - 1]?.value).length;
}

/** The value below which the share `quantile` of a histogram lies; buckets are cumulative. */
export function quantileOf(
  quantile: number,
  buckets: readonly { readonly le: number; readonly count: number }[],
): number {
  const sorted = [...buckets].sort((a, b) => a.le - b.le);
  const total = sorted.at(-1)?.count ?? 0;
  if (sorted.length < 2 || total === 0 || sorted.at(-1)?.le !== Infinity) return Number.NaN;
  const rank = quantile * total;
  const index = sorted.findIndex(({ count }) => count >= rank);
  if (index === sorted.length - 1) return sorted.at(-2)?.le ?? Number.NaN;
  const below = index === 0 ? { le: 0, count: 0 } : (sorted[index - 1] ?? { le: 0, count: 0 });
  const { le, count } = sorted[index] ?? below;
  return below.le + (le - below.le) * ((rank - below.count) / (count - below.count));
}
