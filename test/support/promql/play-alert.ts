import { evaluate } from './evaluate.ts';
import { parsePromql } from './parse.ts';
import type { Labels, Series } from './series.ts';
import { keyOf, without } from './vector.ts';

/** An alert rule as Prometheus reads it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** Seconds. */
  readonly forSeconds: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** An alert that fires. */
export interface FiringAlert {
  readonly alert: string;
  /** Without `alertname`. */
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** How a rule is played: evaluated from `from` to `to` once per `stepSeconds`. */
export interface Play {
  readonly series: readonly Series[];
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/** The alerts of a rule that fire at the end of a play. */
export function playAlert(rule: AlertRule, { series, from, to, stepSeconds }: Play): FiringAlert[] {
  const expression = parsePromql(rule.expr);
  let active = new Map<string, { readonly since: number; readonly labels: Labels }>();
  for (let at = from; at <= to; at += stepSeconds) {
    const result = evaluate(expression, { series, at });
    if (typeof result === 'number') throw new Error(`${rule.alert} is about no series`);
    const found = result.map((sample) => ({ ...without(sample.labels, ['__name__']), ...rule.labels }));
    const before = active;
    active = new Map(found.map((labels) => [keyOf(labels), { since: before.get(keyOf(labels))?.since ?? at, labels }]));
    if (active.size < found.length) throw new Error(`${rule.alert} yields the same labels twice`);
  }
  return [...active.values()]
    .filter(({ since }) => to - since >= rule.forSeconds)
    .map(({ labels }) => ({ alert: rule.alert, labels, annotations: rendered(rule.annotations, labels) }));
}

function rendered(annotations: Labels, labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, text]) => [
      name,
      text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? ''),
    ]),
  );
}
