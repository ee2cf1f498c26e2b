import type { MetricDefinition, Sample } from './metric-table.ts';
import type { ControlPlaneSnapshot } from './snapshot.ts';

interface ControlPlaneRow extends Pick<MetricDefinition, 'name' | 'type' | 'help' | 'unit'> {
  readonly value: (controlPlane: ControlPlaneSnapshot) => number | undefined;
}

/** A metric of the way to the control plane; without a series where the configuration comes from files. */
function ofControlPlane({ value, ...shape }: ControlPlaneRow): MetricDefinition {
  return {
    ...shape,
    labels: ['connector'],
    read({ snapshot: { connector, controlPlane } }) {
      const known = controlPlane && value(controlPlane);
      return known === undefined ? [] : [{ labels: { connector }, value: known }];
    },
  };
}

/** Metrics of an agent's reports to its control plane. */
export const CONTROL_PLANE_METRICS: readonly MetricDefinition[] = [
  ofControlPlane({
    name: 'mqttbridge_control_plane_up',
    type: 'gauge',
    help: '1 while the last report to the control plane was answered, otherwise 0.',
    unit: '0 or 1',
    value: ({ up }) => Number(up),
  }),
  {
    name: 'mqttbridge_control_plane_reports_total',
    type: 'counter',
    help: 'Reports to the control plane, by outcome: `Answered`, or the reason why not.',
    unit: 'reports',
    labels: ['connector', 'outcome'],
    read: ({ snapshot: { connector, controlPlane } }) =>
      Object.entries(controlPlane?.reports ?? {}).map(
        ([outcome, value]): Sample => ({ labels: { connector, outcome }, value }),
      ),
  },
  ofControlPlane({
    name: 'mqttbridge_control_plane_last_answer_timestamp_seconds',
    type: 'gauge',
    help: 'When the control plane answered last, by its own clock, as seconds since 1970.',
    unit: 'seconds',
    value: ({ answeredAt }) => (answeredAt === undefined ? undefined : Date.parse(answeredAt) / 1_000),
  }),
];
