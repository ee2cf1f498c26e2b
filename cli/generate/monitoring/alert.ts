/** How soon a person must look: `critical` now, `warning` in working hours. */
export type Severity = 'critical' | 'warning';

/** An alert rule of Prometheus, before it is written as YAML. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** PromQL; each series that it yields is one alert. */
  readonly expr: string;
  /** How long the expression must hold, in minutes; 0 when its window says that already. */
  readonly forMinutes: number;
  /** One line; labels as `{{ $labels.NAME }}`. */
  readonly summary: string;
  /** What it means and what to do first. */
  readonly description: string;
}

/** Alerts about one thing; Prometheus evaluates those of a group together. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** Where the runbook of an alert is, relative to the root of the repository: a heading of the operations page. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  return `docs/operations.md#${name.toLowerCase()}`;
}
