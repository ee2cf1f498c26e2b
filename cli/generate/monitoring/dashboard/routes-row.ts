import { latency, LOST, OF_ROUTE, rateBy, type Row, sumBy } from './panel.ts';

const ROUTE = ['namespace', 'connector', 'topic_map', 'route', 'direction'];

/** What passes on each route, and what does not. */
export const ROUTES: Row = {
  title: 'Routes',
  folded: false,
  panels: [
    {
      kind: 'table',
      title: 'Routes',
      description: 'Each route, over all instances of its connector.',
      width: 24,
      by: ROUTE,
      columns: [
        { title: 'Lanes', unit: 'short', expr: sumBy(ROUTE, 'mqttbridge_lanes', OF_ROUTE) },
        { title: 'Ready', unit: 'short', expr: sumBy(ROUTE, 'mqttbridge_lanes_ready', OF_ROUTE) },
        {
          title: 'Received',
          unit: 'mps',
          expr: rateBy(ROUTE.join(', '), 'mqttbridge_messages_received_total', OF_ROUTE),
        },
        {
          title: 'Forwarded',
          unit: 'mps',
          expr: rateBy(ROUTE.join(', '), 'mqttbridge_messages_forwarded_total', OF_ROUTE),
        },
        { title: 'Lost', unit: 'mps', expr: rateBy(ROUTE.join(', '), 'mqttbridge_messages_dropped_total', LOST) },
        { title: 'In flight', unit: 'short', expr: sumBy(ROUTE, 'mqttbridge_inflight_messages', OF_ROUTE) },
        { title: 'p95', unit: 's', expr: latency(0.95, ROUTE) },
      ],
    },
    {
      kind: 'lines',
      title: 'Forwarded, by route',
      description: 'Choose routes above when there are many.',
      width: 12,
      unit: 'mps',
      queries: [
        {
          expr: rateBy('connector, topic_map, route', 'mqttbridge_messages_forwarded_total', OF_ROUTE),
          legend: '{{connector}} {{topic_map}}/{{route}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Forwarding time p95, by route',
      description: "From receipt to the target's acknowledgement.",
      width: 12,
      unit: 's',
      queries: [
        {
          expr: latency(0.95, ['connector', 'topic_map', 'route']),
          legend: '{{connector}} {{topic_map}}/{{route}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Dropped, by route and reason',
      description: 'Messages given up, but for those dropped on purpose.',
      width: 12,
      unit: 'mps',
      queries: [
        {
          expr: rateBy('connector, topic_map, route, reason', 'mqttbridge_messages_dropped_total', LOST),
          legend: '{{connector}} {{topic_map}}/{{route}} {{reason}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Repeated, by route and reason',
      description: 'Publishes that had to be made again.',
      width: 12,
      unit: 'mps',
      queries: [
        {
          expr: rateBy('connector, topic_map, route, reason', 'mqttbridge_messages_retried_total', OF_ROUTE),
          legend: '{{connector}} {{topic_map}}/{{route}} {{reason}}',
        },
      ],
    },
  ],
};
