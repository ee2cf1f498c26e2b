import type { Panel, Row, Unit } from './panel.ts';

const HERE = 'namespace=~"$namespace"';

function lines(
  title: string,
  description: string,
  unit: Unit,
  ...queries: readonly (readonly [string, string])[]
): Panel {
  return {
    kind: 'lines',
    title,
    description,
    width: 8,
    unit,
    queries: queries.map(([expr, legend]) => ({ expr, legend })),
  };
}

const duration = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(mqttbridge_operator_reconcile_duration_seconds_bucket{${HERE}}[$__rate_interval])))`;

/** Whether the operator leads, keeps up and sees everything. */
export const OPERATOR: Row = {
  title: 'Operator',
  folded: true,
  panels: [
    lines('Leader', '1 for the operator that writes.', 'short', [
      `mqttbridge_operator_leader{${HERE}}`,
      '{{namespace}} {{instance}}',
    ]),
    lines('Connectors, by readiness', 'As the leader saw them last.', 'short', [
      `max by (namespace, ready) (mqttbridge_operator_connectors{${HERE}})`,
      '{{namespace}} ready: {{ready}}',
    ]),
    lines(
      'Waiting and unreadable',
      'Connectors that wait for a pass; Secrets and ConfigMaps that may not be read.',
      'short',
      [`mqttbridge_operator_queue_depth{${HERE}}`, '{{instance}} waiting'],
      [`mqttbridge_operator_unreadable_objects{${HERE}}`, '{{instance}} unreadable'],
    ),
    lines('Passes, by outcome', 'Within the window of the picture.', 'short', [
      `sum by (outcome) (increase(mqttbridge_operator_reconciles_total{${HERE}}[$__rate_interval]))`,
      '{{outcome}}',
    ]),
    lines('Duration of a pass', 'Of passes that did not fail.', 's', [duration(0.5), 'p50'], [duration(0.99), 'p99']),
    lines(
      'Writes and watches',
      'Requests within the window of the picture; none but watches when nothing changes.',
      'short',
      [
        `sum by (verb, kind) (increase(mqttbridge_operator_writes_total{${HERE}}[$__rate_interval]))`,
        '{{verb}} {{kind}}',
      ],
      [
        `sum by (resource) (increase(mqttbridge_operator_watches_total{${HERE}}[$__rate_interval]))`,
        'watch {{resource}}',
      ],
    ),
  ],
};
