import type { Labels } from '../../../support/promql/series.ts';

/** Series over time and whether an alert fires at the end. */
export interface AlertCase {
  readonly alert: string;
  /** Completes "fires when …" or, without any in `fires`, "is silent when …". */
  readonly when: string;
  /** One value per minute, in the notation of promtool's tests. */
  readonly series: Readonly<Record<string, string>>;
  readonly atMinute: number;
  /** Labels of the alerts, but for name and severity. */
  readonly fires: readonly Labels[];
}

const BASE = 'namespace="plant",instance="10.0.0.7:9600",connector="edge"';

/** Labels that every series of an agent has when it is scraped on a cluster. */
export const AGENT: Labels = { namespace: 'plant', instance: '10.0.0.7:9600', connector: 'edge' };
export const CONNECTOR: Labels = { namespace: 'plant', connector: 'edge' };
export const ROUTE: Labels = { ...CONNECTOR, topic_map: 'map', route: 'up' };

/** Name of a series of the agent, with more labels. */
export function agentSeries(metric: string, more = ''): string {
  return `${metric}{${BASE}${more === '' ? '' : `,${more}`}}`;
}

/** Name of a series of the remote side. */
export function remoteSeries(metric: string): string {
  return agentSeries(metric, 'side="remote"');
}

/** Name of a series of the route. */
export function routeSeries(metric: string, more = ''): string {
  return agentSeries(metric, `topic_map="map",route="up",qos="1"${more === '' ? '' : `,${more}`}`);
}

/** Name of a series of another instance of the same connector. */
export function otherInstance(metric: string): string {
  return `${metric}{namespace="plant",instance="10.0.0.8:9600",connector="edge"}`;
}
