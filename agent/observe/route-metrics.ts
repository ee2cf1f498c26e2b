import type { DropReason, RetryReason } from '../forward/counters.ts';
import { type MetricDefinition, ofRoutes, routeLabelNames, routeLabels, type Sample } from './metric-table.ts';
import type { AgentSnapshot, RouteSnapshot } from './snapshot.ts';

/** The dropped-message reason that has a metric of its own. */
const LOOP_REASON = 'loop' satisfies DropReason;

// A counter whose first sample is 1 has not increased, says Prometheus: the first message given up would alarm nobody.
const NO_DROPS: Readonly<Record<DropReason, number>> = {
  no_match: 0,
  excluded: 0,
  heartbeat: 0,
  unresolved_template: 0,
  invalid_target: 0,
  too_large: 0,
  expired: 0,
  loop: 0,
  target_unavailable: 0,
  not_authorized: 0,
  topic_refused: 0,
  payload_refused: 0,
  refused: 0,
  dead_lettered: 0,
  returned: 0,
};
const NO_RETRIES: Readonly<Record<RetryReason, number>> = {
  reconnect: 0,
  transient_refusal: 0,
  throttled: 0,
  blocked: 0,
};

/** Metrics of what passes through a route. */
export const ROUTE_METRICS: readonly MetricDefinition[] = [
  // The product this bridge stands in for published these names; dashboards made for it keep working.
  ofRoutes({
    name: 'aio_mq_mqttbridge_publish_bytes',
    type: 'counter',
    help: 'Payload bytes that the target took.',
    unit: 'bytes',
    value: (route) => route.counters.forwardedBytes,
  }),
  ofRoutes({
    name: 'aio_mq_mqttbridge_publishes_processed_count',
    type: 'counter',
    help: 'Messages that reached an outcome: forwarded or dropped.',
    unit: 'messages',
    value: processed,
  }),
  ofRoutes({
    name: 'mqttbridge_messages_received_total',
    type: 'counter',
    help: 'Messages taken from the source.',
    unit: 'messages',
    value: (route) => route.counters.received,
  }),
  ofRoutes({
    name: 'mqttbridge_messages_forwarded_total',
    type: 'counter',
    help: 'Messages that the target acknowledged (QoS 1 and 2) or that were written to it (QoS 0).',
    unit: 'messages',
    value: (route) => route.counters.forwarded,
  }),
  ofRoutes({
    name: 'mqttbridge_messages_dropped_total',
    type: 'counter',
    help: 'Messages given up, by reason.',
    unit: 'messages',
    by: 'reason',
    value: (route) => ({ ...NO_DROPS, ...route.counters.dropped }),
  }),
  ofRoutes({
    name: 'mqttbridge_messages_retried_total',
    type: 'counter',
    help: 'Publishes repeated after a passing refusal or a reconnect, by reason.',
    unit: 'publishes',
    by: 'reason',
    value: (route) => ({ ...NO_RETRIES, ...route.counters.retried }),
  }),
  ofRoutes({
    name: 'mqttbridge_messages_redelivered_total',
    type: 'counter',
    help: 'Messages that the source sent again (DUP set).',
    unit: 'messages',
    value: (route) => route.counters.redelivered,
  }),
  ofRoutes({
    name: 'mqttbridge_payload_bytes_total',
    type: 'counter',
    help: 'Payload bytes, by what was done with them: received or forwarded.',
    unit: 'bytes',
    by: 'op',
    value: (route) => ({ received: route.counters.receivedBytes, forwarded: route.counters.forwardedBytes }),
  }),
  ofRoutes({
    name: 'mqttbridge_inflight_messages',
    type: 'gauge',
    help: 'Messages received that have no outcome yet.',
    unit: 'messages',
    value: (route) => route.counters.inflight,
  }),
  ofRoutes({
    name: 'mqttbridge_qos_lowered_total',
    type: 'counter',
    help: "Messages sent at a lower QoS than the route's, because the target allows no more.",
    unit: 'messages',
    value: (route) => route.counters.qosLowered,
  }),
  ofRoutes({
    name: 'mqttbridge_retain_cleared_total',
    type: 'counter',
    help: 'Retained messages sent without the retain flag, by policy or because the target has none.',
    unit: 'messages',
    value: (route) => route.counters.retainCleared,
  }),
  ofRoutes({
    name: 'mqttbridge_loop_dropped_total',
    type: 'counter',
    help: `Messages dropped because they came round again (reason ${LOOP_REASON}).`,
    unit: 'messages',
    value: (route) => route.counters.dropped[LOOP_REASON] ?? 0,
  }),
  {
    name: 'mqttbridge_forward_duration_seconds',
    type: 'histogram',
    help: "From receipt to the target's acknowledgement, or to the write at QoS 0.",
    labels: routeLabelNames,
    unit: 'seconds',
    read: ({ snapshot }) => snapshot.routes.flatMap((route) => histogramSamples(snapshot, route)),
  },
  ofRoutes({
    name: 'mqttbridge_lanes',
    type: 'gauge',
    help: 'Lanes of the route: one, or one per client of a shared subscription.',
    unit: 'lanes',
    value: (route) => route.lanes.total,
  }),
  ofRoutes({
    name: 'mqttbridge_lanes_ready',
    type: 'gauge',
    help: 'Lanes that are subscribed and connected on both sides.',
    unit: 'lanes',
    value: (route) => route.lanes.ready,
  }),
];

function processed(route: RouteSnapshot): number {
  const dropped = Object.values(route.counters.dropped).reduce((sum, amount) => sum + amount, 0);
  return route.counters.forwarded + dropped;
}

// Prometheus histograms are cumulative; the snapshot's buckets are not.
function histogramSamples(snapshot: AgentSnapshot, route: RouteSnapshot): Sample[] {
  const { bounds, counts, sum } = route.counters.latency;
  const labels = routeLabels(snapshot, route);
  const name = 'mqttbridge_forward_duration_seconds';
  let count = 0;
  const buckets = counts.map((amount, index) => {
    count += amount;
    return { name: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count };
  });
  return [...buckets, { name: `${name}_sum`, labels, value: sum }, { name: `${name}_count`, labels, value: count }];
}
