import type { AlertGroup } from './alert.ts';
import { HARMLESS_DROPS, THRESHOLDS } from './thresholds.ts';

const ROUTE = 'namespace, connector, topic_map, route';
const sumOf = (metric: string) => `sum by (${ROUTE}) (${metric})`;

/** Whether messages get across, and all of them. */
export const ROUTE_ALERTS: AlertGroup = {
  name: 'mqttbridge-routes',
  alerts: [
    {
      name: 'MqttBridgeRouteNotReady',
      severity: 'critical',
      // While a broker is away, that is the alert to look at.
      expr: '(mqttbridge_lanes_ready < mqttbridge_lanes) unless on (namespace, connector, instance) (mqttbridge_connection_up == 0)',
      forMinutes: 5,
      summary: 'Route {{ $labels.route }} of connector {{ $labels.connector }} is not ready.',
      description:
        'Both brokers of connector {{ $labels.connector }} are connected, but route {{ $labels.route }} of topic map {{ $labels.topic_map }} is not subscribed: its source refuses the subscription. routes[].fault in /status says why.',
    },
    {
      name: 'MqttBridgeMessagesDropped',
      severity: 'warning',
      expr: `sum by (${ROUTE}, reason) (increase(mqttbridge_messages_dropped_total{reason!~"${HARMLESS_DROPS.join('|')}"}[15m])) > 0`,
      forMinutes: 0,
      summary: 'Route {{ $labels.route }} of connector {{ $labels.connector }} drops messages ({{ $labels.reason }}).',
      description:
        'Route {{ $labels.route }} of topic map {{ $labels.topic_map }} gave messages up within 15 minutes, for the reason {{ $labels.reason }}. The table of drop reasons names the remedy.',
    },
    {
      name: 'MqttBridgeRouteBlocked',
      severity: 'critical',
      expr: `${sumOf('increase(mqttbridge_messages_retried_total{reason="blocked"}[10m])')} > 0`,
      forMinutes: 5,
      summary: 'A refused message blocks route {{ $labels.route }} of connector {{ $labels.connector }}.',
      description:
        'The target refuses a message of route {{ $labels.route }} of topic map {{ $labels.topic_map }} for good, and the route has onReject: block; those behind it wait. Permit the message, or choose drop or deadLetter.',
    },
    {
      name: 'MqttBridgeRetrying',
      severity: 'warning',
      expr: `${sumOf('rate(mqttbridge_messages_retried_total{reason=~"transient_refusal|throttled"}[10m])')} > ${THRESHOLDS.retriesPerMessage} * ${sumOf('rate(mqttbridge_messages_received_total[10m])')}`,
      forMinutes: 10,
      summary: 'The target of route {{ $labels.route }} of connector {{ $labels.connector }} keeps refusing messages.',
      description: `More than ${THRESHOLDS.retriesPerMessage} publishes of route {{ $labels.route }} of topic map {{ $labels.topic_map }} are repeated for each message received, because the target refuses them for now. Look at its quotas.`,
    },
    {
      name: 'MqttBridgeUnbalanced',
      severity: 'critical',
      expr: [
        sumOf('mqttbridge_messages_received_total'),
        sumOf('mqttbridge_messages_forwarded_total'),
        sumOf('mqttbridge_messages_dropped_total'),
        `${sumOf('mqttbridge_inflight_messages')} != 0`,
      ].join(' - '),
      forMinutes: 5,
      summary: 'Messages of route {{ $labels.route }} of connector {{ $labels.connector }} have no outcome.',
      description:
        'What route {{ $labels.route }} of topic map {{ $labels.topic_map }} received is not what it forwarded, dropped and has in flight. This is a defect of the bridge: collect a support bundle and report it.',
    },
    {
      name: 'MqttBridgeBacklog',
      severity: 'warning',
      expr: 'mqttbridge_backlog_messages > 0 unless mqttbridge_connection_up == 0',
      forMinutes: 15,
      summary: 'The {{ $labels.side }} broker of connector {{ $labels.connector }} takes less than it is sent.',
      description:
        'For 15 minutes messages for the {{ $labels.side }} broker of connector {{ $labels.connector }} (instance {{ $labels.instance }}) have been waiting in the agent, so more of them pile up at their source. Its quota, its network or the send window is too small.',
    },
    {
      name: 'MqttBridgeMessagesOld',
      severity: 'critical',
      expr: `mqttbridge_backlog_oldest_age_seconds > ${THRESHOLDS.oldestMessageSeconds} unless mqttbridge_connection_up == 0`,
      forMinutes: 5,
      summary: 'A message for the {{ $labels.side }} broker of connector {{ $labels.connector }} does not get across.',
      description: `The {{ $labels.side }} broker of connector {{ $labels.connector }} (instance {{ $labels.instance }}) is connected and has not acknowledged a message for more than ${THRESHOLDS.oldestMessageSeconds} s. routes[].refusal in /status says whether it refuses it.`,
    },
  ],
};
