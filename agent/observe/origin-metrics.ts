import type { MetricDefinition, Sample } from './metric-table.ts';
import type { AgentSnapshot } from './snapshot.ts';

interface OriginRow extends Pick<MetricDefinition, 'name' | 'type' | 'help' | 'unit'> {
  /** Undefined where configurations come from elsewhere. */
  readonly value: (snapshot: AgentSnapshot) => number | undefined;
}

/** A metric of where configurations come from; without a series where they come from elsewhere. */
function ofOrigin({ value, ...shape }: OriginRow): MetricDefinition {
  return {
    ...shape,
    labels: ['connector'],
    read({ snapshot }) {
      const known = value(snapshot);
      return known === undefined ? [] : [{ labels: { connector: snapshot.connector }, value: known }];
    },
  };
}

interface OutcomeRow extends Pick<MetricDefinition, 'name' | 'help' | 'unit'> {
  readonly counts: (snapshot: AgentSnapshot) => Readonly<Record<string, number>> | undefined;
}

function byOutcome({ counts, ...shape }: OutcomeRow): MetricDefinition {
  return {
    ...shape,
    type: 'counter',
    labels: ['connector', 'outcome'],
    read: ({ snapshot }) =>
      Object.entries(counts(snapshot) ?? {}).map(
        ([outcome, value]): Sample => ({ labels: { connector: snapshot.connector, outcome }, value }),
      ),
  };
}

/** Metrics of an agent's way to its control plane, or to the API server of its cluster. */
export const ORIGIN_METRICS: readonly MetricDefinition[] = [
  ofOrigin({
    name: 'mqttbridge_control_plane_up',
    type: 'gauge',
    help: '1 while the last report to the control plane was answered, otherwise 0.',
    unit: '0 or 1',
    value: ({ controlPlane }) => controlPlane && Number(controlPlane.up),
  }),
  byOutcome({
    name: 'mqttbridge_control_plane_reports_total',
    help: 'Reports to the control plane, by outcome: `Answered`, or the reason why not.',
    unit: 'reports',
    counts: ({ controlPlane }) => controlPlane?.reports,
  }),
  ofOrigin({
    name: 'mqttbridge_control_plane_last_answer_timestamp_seconds',
    type: 'gauge',
    help: 'When the control plane answered last, by its own clock, as seconds since 1970.',
    unit: 'seconds',
    value: ({ controlPlane }) =>
      controlPlane?.answeredAt === undefined ? undefined : Date.parse(controlPlane.answeredAt) / 1_000,
  }),
  ofOrigin({
    name: 'mqttbridge_api_server_up',
    type: 'gauge',
    help: '1 while connector and topic maps are followed at the API server of the cluster, otherwise 0.',
    unit: '0 or 1',
    value: ({ apiServer }) => apiServer && Number(apiServer.up),
  }),
  byOutcome({
    name: 'mqttbridge_api_server_status_writes_total',
    help: "Writes of this instance's entry in the connector's status, by outcome: `Written`, or the reason why not.",
    unit: 'writes',
    counts: ({ apiServer }) => apiServer?.statusWrites,
  }),
];
