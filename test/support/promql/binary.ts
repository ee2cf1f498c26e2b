import { type Binary, type BinaryOperator, COMPARISONS, type Matching } from './expression.ts';
import { groupBy, keyOf, pick, type Sample, without } from './vector.ts';

const CALCULATE: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};
const HOLDS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Puts two results together; throws where Prometheus would refuse. */
export function binary(
  { op, matching }: Pick<Binary, 'op' | 'matching'>,
  left: number | Sample[],
  right: number | Sample[],
): number | Sample[] {
  if (typeof left === 'number' && typeof right === 'number') {
    const result = CALCULATE[op]?.(left, right);
    if (result === undefined) throw new Error(`${op} between numbers`);
    return result;
  }
  if (typeof right === 'number') return eachWith(left as Sample[], op, (value) => [value, right]);
  if (typeof left === 'number') return eachWith(right, op, (value) => [left, value]);
  const keyed = (sample: Sample) => keyOf(matchedLabels(sample, matching));
  if (op === 'and' || op === 'or' || op === 'unless') return combine(op, left, right, keyed);
  return calculate(op, left, right, matching);
}

/** A comparison keeps the series it holds for, with its value; a calculation makes a new one without a name. */
function outcome(op: BinaryOperator, sample: Sample, values: readonly [number, number]): Sample[] {
  if (!isComparison(op)) {
    return [{ labels: without(sample.labels, ['__name__']), value: CALCULATE[op]?.(...values) ?? Number.NaN }];
  }
  return HOLDS[op]?.(...values) ? [sample] : [];
}

function isComparison(op: BinaryOperator): boolean {
  return COMPARISONS.some((one) => one === op);
}

function eachWith(samples: readonly Sample[], op: BinaryOperator, values: (value: number) => [number, number]) {
  return samples.flatMap((sample) => outcome(op, sample, values(sample.value)));
}

function matchedLabels({ labels }: Sample, matching: Matching | undefined) {
  return matching ? pick(labels, matching.on) : without(labels, ['__name__']);
}

function combine(
  op: 'and' | 'or' | 'unless',
  left: readonly Sample[],
  right: readonly Sample[],
  keyed: (sample: Sample) => string,
): Sample[] {
  const within = (samples: readonly Sample[]) => new Set(samples.map(keyed));
  if (op === 'or') {
    const there = within(left);
    return [...left, ...right.filter((sample) => !there.has(keyed(sample)))];
  }
  const there = within(right);
  return left.filter((sample) => there.has(keyed(sample)) === (op === 'and'));
}

function calculate(op: BinaryOperator, left: Sample[], right: Sample[], matching: Matching | undefined): Sample[] {
  const keyed = (sample: Sample) => keyOf(matchedLabels(sample, matching));
  const ones = groupBy(right, keyed);
  const many = groupBy(left, keyed);
  if ([...ones.values()].some((group) => group.length > 1)) throw new Error(`${op}: many series on the right side`);
  if (matching?.groupLeft === undefined && [...many.values()].some((group) => group.length > 1)) {
    throw new Error(`${op}: many series on the left side`);
  }
  return left.flatMap((sample) => {
    const [one] = ones.get(keyed(sample)) ?? [];
    return one === undefined
      ? []
      : outcome(op, sample, [sample.value, one.value]).map(({ labels, value }) => ({
          labels: resultLabels(labels, one, matching),
          value,
        }));
  });
}

function resultLabels(labels: Sample['labels'], one: Sample, matching: Matching | undefined): Sample['labels'] {
  if (matching === undefined) return labels;
  return matching.groupLeft === undefined
    ? pick(labels, matching.on)
    : { ...labels, ...pick(one.labels, matching.groupLeft) };
}
