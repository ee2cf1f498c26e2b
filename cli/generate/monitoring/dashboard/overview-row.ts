import { latency, LOST, OF_CONNECTOR, OF_ROUTE, type Panel, rateBy, type Row } from './panel.ts';

const numbers: readonly Panel[] = [
  {
    kind: 'number',
    title: 'Agents',
    description: 'Agents that are scraped.',
    width: 4,
    unit: 'short',
    query: { expr: `count(mqttbridge_build_info{${OF_CONNECTOR}})`, legend: 'agents' },
    alarm: { below: 1 },
  },
  {
    kind: 'number',
    title: 'Sessions down',
    description: 'Sessions that are not connected to their broker.',
    width: 4,
    unit: 'short',
    query: {
      expr: `sum(mqttbridge_sessions{${OF_CONNECTOR}}) - sum(aio_mq_mqttbridge_active_connections_count{${OF_CONNECTOR}})`,
      legend: 'sessions',
    },
    alarm: { above: 0 },
  },
  {
    kind: 'number',
    title: 'Lanes not ready',
    description: 'Lanes, each a route or a client of one, that cannot pass messages now.',
    width: 4,
    unit: 'short',
    query: {
      expr: `sum(mqttbridge_lanes{${OF_ROUTE}}) - sum(mqttbridge_lanes_ready{${OF_ROUTE}})`,
      legend: 'lanes',
    },
    alarm: { above: 0 },
  },
  {
    kind: 'number',
    title: 'Lost within the hour',
    description: 'Messages given up within the last hour, but for those dropped on purpose.',
    width: 4,
    unit: 'short',
    query: { expr: `sum(increase(mqttbridge_messages_dropped_total{${LOST}}[1h]))`, legend: 'messages' },
    alarm: { above: 0 },
  },
  {
    kind: 'number',
    title: 'Oldest message',
    description: 'Age of the oldest message without an outcome.',
    width: 4,
    unit: 's',
    query: { expr: `max(mqttbridge_backlog_oldest_age_seconds{${OF_CONNECTOR}})`, legend: 'age' },
    alarm: { above: 300 },
  },
  {
    kind: 'number',
    title: 'First certificate to end',
    description: 'Days until the first client certificate ends.',
    width: 4,
    unit: 'd',
    query: { expr: `min(mqttbridge_certificate_days_left{${OF_CONNECTOR}})`, legend: 'days' },
    alarm: { below: 14 },
  },
];

/** What to look at first. */
export const OVERVIEW: Row = {
  title: 'Overview',
  folded: false,
  panels: [
    ...numbers,
    {
      kind: 'lines',
      title: 'Messages each way',
      description: 'Received from the source and acknowledged by the target.',
      width: 12,
      unit: 'mps',
      queries: [
        { expr: rateBy('direction', 'mqttbridge_messages_received_total', OF_ROUTE), legend: '{{direction}} received' },
        {
          expr: rateBy('direction', 'mqttbridge_messages_forwarded_total', OF_ROUTE),
          legend: '{{direction}} forwarded',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Forwarding time',
      description: "From receipt to the target's acknowledgement.",
      width: 12,
      unit: 's',
      queries: [
        { expr: latency(0.5), legend: 'p50' },
        { expr: latency(0.95), legend: 'p95' },
        { expr: latency(0.99), legend: 'p99' },
      ],
    },
    {
      kind: 'lines',
      title: 'Backlog',
      description: 'Messages in the agents without an outcome. What has not been read yet waits at the source broker.',
      width: 12,
      unit: 'short',
      queries: [
        { expr: `sum(mqttbridge_inflight_messages{${OF_ROUTE}})`, legend: 'without an outcome' },
        { expr: `sum by (side) (mqttbridge_backlog_messages{${OF_CONNECTOR}})`, legend: 'waiting for {{side}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'Dropped, by reason',
      description: 'Messages given up, those dropped on purpose among them.',
      width: 12,
      unit: 'mps',
      queries: [{ expr: rateBy('reason', 'mqttbridge_messages_dropped_total', OF_ROUTE), legend: '{{reason}}' }],
    },
  ],
};
