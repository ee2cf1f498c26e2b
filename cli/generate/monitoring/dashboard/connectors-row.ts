import { latency, LOST, OF_CONNECTOR, OF_ROUTE, rateBy, type Row, sumBy } from './panel.ts';

const CONNECTOR = ['namespace', 'connector'];

/** How each connector is. */
export const CONNECTORS: Row = {
  title: 'Connectors',
  folded: false,
  panels: [
    {
      kind: 'table',
      title: 'Connectors',
      description: 'Each connector with all its instances.',
      width: 24,
      by: CONNECTOR,
      columns: [
        { title: 'Sessions', unit: 'short', expr: sumBy(CONNECTOR, 'mqttbridge_sessions', OF_CONNECTOR) },
        {
          title: 'Connected',
          unit: 'short',
          expr: sumBy(CONNECTOR, 'aio_mq_mqttbridge_active_connections_count', OF_CONNECTOR),
        },
        {
          title: 'Routes',
          unit: 'short',
          expr: `max by (namespace, connector) (aio_mq_mqttbridge_number_of_routes{${OF_CONNECTOR}})`,
        },
        {
          title: 'Received',
          unit: 'mps',
          expr: rateBy('namespace, connector', 'mqttbridge_messages_received_total', OF_ROUTE),
        },
        {
          title: 'Forwarded',
          unit: 'mps',
          expr: rateBy('namespace, connector', 'mqttbridge_messages_forwarded_total', OF_ROUTE),
        },
        { title: 'Lost', unit: 'mps', expr: rateBy('namespace, connector', 'mqttbridge_messages_dropped_total', LOST) },
        { title: 'p95', unit: 's', expr: latency(0.95, CONNECTOR) },
        { title: 'Waiting', unit: 'short', expr: sumBy(CONNECTOR, 'mqttbridge_backlog_messages', OF_CONNECTOR) },
        {
          title: 'Oldest',
          unit: 's',
          expr: `max by (namespace, connector) (mqttbridge_backlog_oldest_age_seconds{${OF_CONNECTOR}})`,
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Payload forwarded',
      description: 'Payload that the targets took.',
      width: 12,
      unit: 'Bps',
      queries: [
        {
          expr: rateBy('namespace, connector, direction', 'aio_mq_mqttbridge_publish_bytes', OF_ROUTE),
          legend: '{{namespace}}/{{connector}} {{direction}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Connections that ended',
      description: 'Within the window of the picture, by reason.',
      width: 12,
      unit: 'short',
      queries: [
        {
          expr: `sum by (connector, side, reason) (increase(mqttbridge_disconnects_total{${OF_CONNECTOR}}[$__rate_interval]))`,
          legend: '{{connector}} {{side}} {{reason}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Send window in use',
      description: 'Near 100 % for long: the target is the bottleneck.',
      width: 12,
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (connector, side) (mqttbridge_window_used_messages{${OF_CONNECTOR}}) / sum by (connector, side) (mqttbridge_window_limit_messages{${OF_CONNECTOR}})`,
          legend: '{{connector}} {{side}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Publish rate and its limit',
      description: 'Only of sessions whose rate is limited; the limit sinks while the broker throttles.',
      width: 12,
      unit: 'mps',
      queries: [
        {
          expr: sumBy(['connector', 'side'], 'mqttbridge_publish_rate_used_messages', OF_CONNECTOR),
          legend: '{{connector}} {{side}}',
        },
        {
          expr: sumBy(['connector', 'side'], 'mqttbridge_publish_rate_limit_messages', OF_CONNECTOR),
          legend: '{{connector}} {{side}} limit',
        },
      ],
    },
  ],
};
