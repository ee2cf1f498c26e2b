import { HARMLESS_DROPS } from '../thresholds.ts';

/** Units by Grafana's names: messages per second, seconds, days, minutes, bytes, bytes per second, a share of 1, a count. */
export type Unit = 'mps' | 's' | 'd' | 'm' | 'bytes' | 'Bps' | 'percentunit' | 'short';

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** What a line is called; labels as `{{name}}`. */
  readonly legend: string;
}

/** A column of a table: its query has one value per row. */
export interface Column {
  readonly expr: string;
  readonly title: string;
  readonly unit: Unit;
}

interface Shape {
  readonly title: string;
  readonly description: string;
  /** Of the grid's 24 columns. */
  readonly width: number;
}

/** A panel before it has an id and a place. */
export type Panel =
  | (Shape & { readonly kind: 'number'; readonly unit: Unit; readonly query: Query; readonly alarm: Alarm })
  | (Shape & { readonly kind: 'lines'; readonly unit: Unit; readonly queries: readonly Query[] })
  | (Shape & { readonly kind: 'table'; readonly by: readonly string[]; readonly columns: readonly Column[] });

/** From where on a number is red. */
export type Alarm = { readonly above: number } | { readonly below: number };

/** Panels about one thing, under a heading that can be folded. */
export interface Row {
  readonly title: string;
  /** Folded rows cost no query until they are opened. */
  readonly folded: boolean;
  readonly panels: readonly Panel[];
}

/** Selects series of agents by the dashboard's variables. */
export const OF_CONNECTOR = 'namespace=~"$namespace", connector=~"$connector"';
/** Selects series of routes by the dashboard's variables. */
export const OF_ROUTE = `${OF_CONNECTOR}, route=~"$route"`;

/** Selects the drops that are losses. */
export const LOST = `${OF_ROUTE}, reason!~"${HARMLESS_DROPS.join('|')}"`;

/** A gauge summed by some labels. */
export function sumBy(labels: readonly string[], metric: string, selector: string): string {
  return `sum by (${labels.join(', ')}) (${metric}{${selector}})`;
}

/** The rate of a counter by some labels, over a window that fits the picture. */
export function rateBy(labels: string, metric: string, selector: string): string {
  return `sum by (${labels}) (rate(${metric}{${selector}}[$__rate_interval]))`;
}

/** A quantile of the forwarding time, by some labels. */
export function latency(quantile: number, labels: readonly string[] = []): string {
  const by = ['le', ...labels].join(', ');
  return `histogram_quantile(${quantile}, ${rateBy(by, 'mqttbridge_forward_duration_seconds_bucket', OF_ROUTE)})`;
}
