import type { MetricDefinition } from '../../../agent/observe/metric-table.ts';
import { METRICS } from '../../../agent/observe/metrics.ts';
import { OPERATOR_METRICS, type OperatorMetric } from '../../../operator/observe/metrics.ts';
import type { KnownMetrics } from '../../support/promql/known-labels.ts';

/** Labels that Prometheus itself gives to what it scrapes on a cluster. */
const TARGET_LABELS = ['namespace', 'instance', 'job', 'pod'];

/** Every metric that alerts and dashboard may use, from the registry. */
export const KNOWN_METRICS: KnownMetrics = new Map([
  ['up', TARGET_LABELS],
  ...[...METRICS, ...OPERATOR_METRICS].flatMap(seriesOfMetric),
]);

function seriesOfMetric({ name, type, labels }: MetricDefinition | OperatorMetric): [string, readonly string[]][] {
  const all = [...labels, ...TARGET_LABELS];
  if (type !== 'histogram') return [[name, all]];
  return [
    [`${name}_bucket`, [...all, 'le']],
    [`${name}_sum`, all],
    [`${name}_count`, all],
  ];
}
