import { parseMetrics } from '../metrics-text.ts';
import type { Matcher, Selector } from './expression.ts';

export type Labels = Readonly<Record<string, string>>;

/** One value of a series. */
export interface Point {
  /** Seconds. */
  readonly at: number;
  /** `stale`: a scrape came through without the series. */
  readonly value: number | 'stale';
}

/** A metric with its labels over time. */
export interface Series {
  readonly metric: string;
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/** How long a value counts without a newer one, in seconds: Prometheus' default. */
const LOOKBACK_SECONDS = 300;

/** A series in the notation of promtool's tests, with a value per `stepSeconds`: `1+2x3` is 1 3 5 7, `_` is none. */
export function seriesOf(name: string, values: string, stepSeconds: number): Series {
  const [sample] = parseMetrics(`${name} 0`);
  if (sample === undefined) throw new Error(`${name} names no series`);
  const points = values.split(' ').flatMap(expand);
  return {
    metric: sample.name,
    labels: sample.labels,
    points: points.flatMap((value, index) => (value === undefined ? [] : [{ at: index * stepSeconds, value }])),
  };
}

function expand(item: string): (Point['value'] | undefined)[] {
  if (item === 'stale') return ['stale'];
  const missing = /^_(?:x(\d+))?$/.exec(item);
  if (missing) return Array.from({ length: Number(missing[1] ?? 1) }, () => undefined);
  const match = /^(-?[\d.]+)(?:([+-][\d.]+)?x(\d+))?$/.exec(item);
  if (!match) throw new Error(`${item} is no value`);
  const [, first, step = '0', times = '0'] = match;
  return Array.from({ length: Number(times) + 1 }, (_, index) => Number(first) + index * Number(step));
}

/** The value of a series at a moment, if it has one. */
export function valueAt({ points }: Series, at: number): number | undefined {
  const point = points.findLast((one) => one.at <= at);
  return point === undefined || point.value === 'stale' || at - point.at > LOOKBACK_SECONDS ? undefined : point.value;
}

/** The values of a series in the seconds up to a moment. */
export function pointsWithin({ points }: Series, at: number, seconds: number): { at: number; value: number }[] {
  return points.flatMap(({ at: time, value }) =>
    time <= at && time >= at - seconds && value !== 'stale' ? [{ at: time, value }] : [],
  );
}

/** The series that a selector selects; a label that a series lacks is empty. */
export function select(series: readonly Series[], { metric, matchers }: Selector): Series[] {
  return series.filter(
    (one) => one.metric === metric && matchers.every((matcher) => matches(matcher, one.labels[matcher.label] ?? '')),
  );
}

function matches({ op, value }: Matcher, label: string): boolean {
  if (op === '=') return label === value;
  if (op === '!=') return label !== value;
  return new RegExp(`^(?:${value})$`).test(label) === (op === '=~');
}
