import { binary } from './binary.ts';
import type { Aggregation, Expression, FunctionName, Selector } from './expression.ts';
import { changesOf, increaseOf, quantileOf } from './functions.ts';
import { pointsWithin, select, type Series, valueAt } from './series.ts';
import { groupBy, keyOf, pick, type Sample, without } from './vector.ts';

/** What an expression yields at a moment: a number, or a value per series. */
export type Result = number | Sample[];

/** What is known, and the moment it is asked at, in seconds. */
export interface Moment {
  readonly series: readonly Series[];
  readonly at: number;
}

/** Evaluates an expression at a moment. */
export function evaluate(expression: Expression, moment: Moment): Result {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'selector':
      return select(moment.series, expression).flatMap((series) => {
        const value = valueAt(series, moment.at);
        return value === undefined ? [] : [{ labels: { __name__: series.metric, ...series.labels }, value }];
      });
    case 'call':
      return call(expression.name, expression.args, moment);
    case 'aggregate':
      return aggregate(expression.op, expression.by, vectorOf(evaluate(expression.of, moment)));
    case 'binary':
      return binary(expression, evaluate(expression.left, moment), evaluate(expression.right, moment));
  }
}

function vectorOf(result: Result): Sample[] {
  if (typeof result === 'number') throw new Error('a number where series are needed');
  return result;
}

function call(name: FunctionName, args: readonly Expression[], moment: Moment): Result {
  switch (name) {
    case 'time':
      return moment.at;
    case 'absent':
      return absent(args[0], moment);
    case 'histogram_quantile':
      return quantiles(Number(evaluate(argOf(args[0]), moment)), vectorOf(evaluate(argOf(args[1]), moment)));
    case 'rate':
    case 'increase':
    case 'changes':
    case 'max_over_time':
      return overTime(name, argOf(args[0]) as Selector, moment);
  }
}

function argOf(arg: Expression | undefined): Expression {
  if (arg === undefined) throw new Error('an argument is missing');
  return arg;
}

function absent(arg: Expression | undefined, moment: Moment): Sample[] {
  const of = argOf(arg);
  if (vectorOf(evaluate(of, moment)).length > 0) return [];
  const equal = of.kind === 'selector' ? of.matchers.filter(({ op }) => op === '=') : [];
  return [{ labels: Object.fromEntries(equal.map(({ label, value }) => [label, value])), value: 1 }];
}

function overTime(name: FunctionName, selector: Selector, { series, at }: Moment): Sample[] {
  const range = selector.rangeSeconds ?? 0;
  return select(series, selector).flatMap((one) => {
    const points = pointsWithin(one, at, range);
    const value = points.length === 0 ? undefined : valueOver(name, points, at, range);
    return value === undefined ? [] : [{ labels: one.labels, value }];
  });
}

function valueOver(name: FunctionName, points: ReturnType<typeof pointsWithin>, at: number, range: number) {
  if (name === 'changes') return changesOf(points);
  if (name === 'max_over_time') return Math.max(...points.map(({ value }) => value));
  const increase = increaseOf(points, at, range);
  return increase === undefined || name === 'increase' ? increase : increase / range;
}

function quantiles(quantile: number, buckets: readonly Sample[]): Sample[] {
  const groups = groupBy(buckets, ({ labels }) => keyOf(without(labels, ['__name__', 'le'])));
  return [...groups.values()].map((group) => ({
    labels: without(group[0]?.labels ?? {}, ['__name__', 'le']),
    value: quantileOf(
      quantile,
      group.map(({ labels, value }) => ({ le: Number(labels['le']?.replace('Inf', 'Infinity')), count: value })),
    ),
  }));
}

const AGGREGATE: Readonly<Record<Aggregation, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((total, value) => total + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  count: (values) => values.length,
};

function aggregate(op: Aggregation, by: readonly string[], samples: readonly Sample[]): Sample[] {
  const groups = groupBy(samples, ({ labels }) => keyOf(pick(labels, by)));
  return [...groups.values()].map((group) => ({
    labels: pick(group[0]?.labels ?? {}, by),
    value: AGGREGATE[op](group.map(({ value }) => value)),
  }));
}
