import type { Metric } from 'prom-client';
// The main entry loads gateways, clusters and their protocols as well, which are 3 MB of a process.
import Registry from 'prom-client/lib/registry.js';
import { AGENT_METRICS, PROCESS_METRICS, SESSION_METRICS } from './agent-metrics.ts';
import { ORIGIN_METRICS } from './origin-metrics.ts';
import { EXPIRY_METRICS } from './expiry-metrics.ts';
import { INSTANCE_METRICS } from './instance-metrics.ts';
import type { MetricDefinition, MetricsInput, ProcessUsage, Sample } from './metric-table.ts';
import { ROUTE_METRICS } from './route-metrics.ts';
import type { AgentSnapshot } from './snapshot.ts';

/** Every metric of the agent; `/metrics` and docs/reference/metrics.md both come from this table. */
export const METRICS: readonly MetricDefinition[] = [
  ...ROUTE_METRICS,
  ...SESSION_METRICS,
  ...AGENT_METRICS,
  ...EXPIRY_METRICS,
  ...INSTANCE_METRICS,
  ...ORIGIN_METRICS,
  ...PROCESS_METRICS,
];

/** The text of one scrape and its media type. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** Where a scrape gets its numbers. */
export interface MetricsSources {
  readonly snapshot: () => AgentSnapshot;
  readonly processUsage: () => Promise<ProcessUsage>;
}

/** Returns the function behind `/metrics`; nothing is kept between scrapes, so every number is the snapshot's own. */
export function createMetrics(sources: MetricsSources): () => Promise<MetricsText> {
  return async () => {
    const input: MetricsInput = { snapshot: sources.snapshot(), process: await sources.processUsage() };
    return await metricsText(METRICS, input);
  };
}

/** A metric of whatever `I` is. */
interface ReadableMetric<I> {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly read: (input: I) => readonly Sample[];
}

/** The text of a scrape. */
export async function metricsText<I>(definitions: readonly ReadableMetric<I>[], input: I): Promise<MetricsText> {
  // A registry of this scrape: prom-client's global one would mix agents of one process, and two scrapes may overlap.
  const registry = new Registry();
  for (const definition of definitions) registry.registerMetric(asMetric(definition, input));
  return { contentType: registry.contentType, body: await registry.metrics() };
}

// prom-client only calls `get` while it writes a registry; its own counters would have to be reset and refilled instead.
function asMetric<I>(definition: ReadableMetric<I>, input: I): Metric {
  const { name, type, help } = definition;
  const values = definition.read(input).map((sample) => ({
    labels: sample.labels,
    value: sample.value,
    ...(sample.name === undefined ? {} : { metricName: sample.name }),
  }));
  return { name, get: async () => ({ name, type, help, values }) } as unknown as Metric;
}
