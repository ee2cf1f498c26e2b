import type { MetricDefinition } from './metric-table.ts';

/** The Markdown table of docs/reference/metrics.md. */
export function metricsReference(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(
    ({ name, type, unit, labels, help }) =>
      `| \`${name}\` | ${type} | ${unit} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
  );
  return ['| Name | Type | Unit | Labels | Meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}
