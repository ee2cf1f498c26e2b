import { DURATION_BUCKETS } from './counts.ts';
import type { OperatorSnapshot } from '../operator.ts';

interface Sample {
  /** Differs from the metric's in the parts of a histogram. */
  readonly name?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** One metric: its documentation and how its values follow from a snapshot. */
export interface OperatorMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly unit: string;
  readonly read: (snapshot: OperatorSnapshot) => readonly Sample[];
}

const DURATION = 'mqttbridge_operator_reconcile_duration_seconds';

/** Every metric of the operator; `/metrics` and docs/reference/metrics.md both come from this table. */
export const OPERATOR_METRICS: readonly OperatorMetric[] = [
  {
    name: 'mqttbridge_operator_leader',
    type: 'gauge',
    help: '1 when this process is the one that writes.',
    labels: [],
    unit: '1',
    read: ({ leading }) => one(leading ? 1 : 0),
  },
  {
    name: 'mqttbridge_operator_reconciles_total',
    type: 'counter',
    help: 'Passes over a connector: `unchanged`, `changed` (something was written), `invalid`, `taken` (others have its names), `gone`, `deleting`, `failed`.',
    labels: ['outcome'],
    unit: 'passes',
    read: ({ counts }) => by('outcome', counts.reconciles),
  },
  {
    name: DURATION,
    type: 'histogram',
    help: 'How long a pass took that did not fail.',
    labels: [],
    unit: 'seconds',
    read: durations,
  },
  {
    name: 'mqttbridge_operator_queue_depth',
    type: 'gauge',
    help: 'Connectors that wait for a pass, those that pause after a failure aside.',
    labels: [],
    unit: 'connectors',
    read: ({ queued }) => one(queued),
  },
  {
    name: 'mqttbridge_operator_writes_total',
    type: 'counter',
    help: 'Writes to the API server, whatever it answered.',
    labels: ['kind', 'verb'],
    unit: 'requests',
    read: ({ counts }) => counts.writes.map(({ kind, verb, count }) => ({ labels: { kind, verb }, value: count })),
  },
  {
    name: 'mqttbridge_operator_watches_total',
    type: 'counter',
    help: 'Watches that were opened. API servers end each after some minutes; a steep rise means that they cannot be kept.',
    labels: ['resource'],
    unit: 'watches',
    read: ({ counts }) => by('resource', counts.watches),
  },
  {
    name: 'mqttbridge_operator_watch_up',
    type: 'gauge',
    help: '1 while what is known of a kind is as new as can be.',
    labels: ['resource'],
    unit: '1',
    read: ({ copies }) =>
      Object.entries(copies).map(([resource, state]) => ({ labels: { resource }, value: state === 'synced' ? 1 : 0 })),
  },
  {
    name: 'mqttbridge_operator_connectors',
    type: 'gauge',
    help: 'Connectors by what their condition Ready says, as the leader saw them last.',
    labels: ['ready'],
    unit: 'connectors',
    read: ({ connectors }) => by('ready', connectors),
  },
  {
    name: 'mqttbridge_operator_topic_maps',
    type: 'gauge',
    help: 'Topic maps there are.',
    labels: [],
    unit: 'topic maps',
    read: ({ topicMaps }) => one(topicMaps),
  },
  {
    name: 'mqttbridge_operator_unreadable_objects',
    type: 'gauge',
    help: 'Secrets and ConfigMaps that connectors name and that the operator may not read.',
    labels: [],
    unit: 'objects',
    read: ({ forbidden }) => one(forbidden),
  },
];

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

function durations({ counts: { durations: each, durationSum } }: OperatorSnapshot): readonly Sample[] {
  const upTo = each.map((_count, index) => each.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
  const buckets = [...DURATION_BUCKETS.map(String), '+Inf'].map((le, index) => ({
    name: `${DURATION}_bucket`,
    labels: { le },
    value: upTo[index] ?? 0,
  }));
  return [
    ...buckets,
    { name: `${DURATION}_sum`, labels: {}, value: durationSum },
    { name: `${DURATION}_count`, labels: {}, value: upTo.at(-1) ?? 0 },
  ];
}
