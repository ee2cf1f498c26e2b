import type { Expression, Selector } from './expression.ts';

/** Labels of each metric there is, by its name; histograms by the names of their parts. */
export type KnownMetrics = ReadonlyMap<string, readonly string[]>;

/** The labels that the result of an expression can have; throws where it asks for a metric or label that there is not. */
export function labelsWithin(expression: Expression, known: KnownMetrics): ReadonlySet<string> {
  switch (expression.kind) {
    case 'number':
      return new Set();
    case 'selector':
      return ofSelector(expression, known);
    case 'call':
      return new Set(expression.args.flatMap((arg) => [...labelsWithin(arg, known)]));
    case 'aggregate':
      return among(expression.by, labelsWithin(expression.of, known), expression.op);
    case 'binary': {
      const left = labelsWithin(expression.left, known);
      const right = labelsWithin(expression.right, known);
      const { matching, op } = expression;
      if (matching === undefined) return op === 'or' ? new Set([...left, ...right]) : left;
      among(matching.on, left, op);
      among(matching.on, right, op);
      return new Set([...left, ...among(matching.groupLeft ?? [], right, op)]);
    }
  }
}

function ofSelector({ metric, matchers }: Selector, known: KnownMetrics): ReadonlySet<string> {
  const labels = known.get(metric);
  if (labels === undefined) throw new Error(`there is no metric ${metric}`);
  const there = new Set(labels);
  among(
    matchers.map(({ label }) => label),
    there,
    metric,
  );
  return there;
}

function among(wanted: readonly string[], there: ReadonlySet<string>, of: string): ReadonlySet<string> {
  for (const label of wanted) if (!there.has(label)) throw new Error(`${of} has no label ${label}`);
  return new Set(wanted);
}
