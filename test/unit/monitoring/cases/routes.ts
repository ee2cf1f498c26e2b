import { AGENT, type AlertCase, agentSeries, remoteSeries, ROUTE, routeSeries } from './alert-case.ts';

const lanes = routeSeries('mqttbridge_lanes');
const ready = routeSeries('mqttbridge_lanes_ready');
const up = remoteSeries('mqttbridge_connection_up');
const received = routeSeries('mqttbridge_messages_received_total');
const forwarded = routeSeries('mqttbridge_messages_forwarded_total');
const inflight = routeSeries('mqttbridge_inflight_messages');
const dropped = (reason: string) => routeSeries('mqttbridge_messages_dropped_total', `reason="${reason}"`);
const retried = (reason: string) => routeSeries('mqttbridge_messages_retried_total', `reason="${reason}"`);
const backlog = remoteSeries('mqttbridge_backlog_messages');
const oldest = remoteSeries('mqttbridge_backlog_oldest_age_seconds');
const remote = { ...AGENT, side: 'remote' };

const readiness: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeRouteNotReady',
    when: 'the source refuses the subscription',
    series: { [lanes]: '2x20', [ready]: '2x4 1x20', [up]: '1x20' },
    atMinute: 10,
    fires: [{ ...AGENT, topic_map: 'map', route: 'up', qos: '1' }],
  },
  {
    alert: 'MqttBridgeRouteNotReady',
    when: 'a broker is away, which is for another alert to say',
    series: { [lanes]: '2x20', [ready]: '2x4 0x20', [up]: '1x4 0x20' },
    atMinute: 15,
    fires: [],
  },
  {
    alert: 'MqttBridgeRouteNotReady',
    when: 'the agent restarts once',
    series: { [lanes]: '2x20', [ready]: '2x4 0x1 2x20', [up]: '1x4 0x1 1x20' },
    atMinute: 12,
    fires: [],
  },
];

const losses: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeMessagesDropped',
    when: 'one message is given up',
    series: { [dropped('not_authorized')]: '0x10 1x10', [dropped('too_large')]: '0x20' },
    atMinute: 12,
    fires: [{ ...ROUTE, reason: 'not_authorized' }],
  },
  {
    alert: 'MqttBridgeMessagesDropped',
    when: 'messages are dropped on purpose',
    series: { [dropped('excluded')]: '0+5x20', [dropped('loop')]: '0+5x20', [dropped('returned')]: '0+1x20' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeMessagesDropped',
    when: 'the agent restarts and counts from zero',
    series: { [dropped('expired')]: '7x10 _x2 0x20' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeMessagesDropped',
    when: 'one is given up after a restart',
    series: { [dropped('expired')]: '7x10 0x2 1x10' },
    atMinute: 20,
    fires: [{ ...ROUTE, reason: 'expired' }],
  },
  {
    alert: 'MqttBridgeUnbalanced',
    when: 'a message has no outcome',
    series: { [received]: '10+5x20', [forwarded]: '8+5x20', [dropped('expired')]: '1x20', [inflight]: '0x20' },
    atMinute: 10,
    fires: [ROUTE],
  },
  {
    alert: 'MqttBridgeUnbalanced',
    when: 'each message is forwarded, dropped or in flight, over a restart as well',
    series: {
      [received]: '10+5x9 0+5x10',
      [forwarded]: '6+5x9 0+4x10',
      [dropped('expired')]: '1x9 0x10',
      [dropped('loop')]: '1x9 0x10',
      [inflight]: '2x9 0+1x10',
    },
    atMinute: 18,
    fires: [],
  },
  {
    alert: 'MqttBridgeUnbalanced',
    when: 'there are no series',
    series: { [up]: '1x20' },
    atMinute: 18,
    fires: [],
  },
];

const refusals: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeRouteBlocked',
    when: 'a refused message is tried again and again',
    series: { [retried('blocked')]: '0x5 0+2x20' },
    atMinute: 15,
    fires: [ROUTE],
  },
  {
    alert: 'MqttBridgeRouteBlocked',
    when: 'messages are repeated after a reconnect',
    series: { [retried('blocked')]: '0x20', [retried('reconnect')]: '0+50x20' },
    atMinute: 15,
    fires: [],
  },
  {
    alert: 'MqttBridgeRetrying',
    when: 'one publish in five is refused for now',
    series: { [retried('throttled')]: '0+20x40', [received]: '0+100x40' },
    atMinute: 30,
    fires: [ROUTE],
  },
  {
    alert: 'MqttBridgeRetrying',
    when: 'one in a hundred is',
    series: { [retried('throttled')]: '0+1x40', [received]: '0+100x40' },
    atMinute: 30,
    fires: [],
  },
  {
    alert: 'MqttBridgeRetrying',
    when: 'nothing is received and nothing repeated',
    series: { [retried('throttled')]: '3x40', [received]: '100x40' },
    atMinute: 30,
    fires: [],
  },
];

const backlogs: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeBacklog',
    when: 'messages wait all the time',
    series: { [backlog]: '0x4 1+3x30', [up]: '1x40' },
    atMinute: 25,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeBacklog',
    when: 'it is empty now and then',
    series: { [backlog]: '5x9 0 5x9 0 5x9', [up]: '1x40' },
    atMinute: 28,
    fires: [],
  },
  {
    alert: 'MqttBridgeBacklog',
    when: 'the broker is away, which is for another alert to say',
    series: { [backlog]: '50x40', [up]: '0x40' },
    atMinute: 30,
    fires: [],
  },
  {
    alert: 'MqttBridgeMessagesOld',
    when: 'a message is not acknowledged for long',
    series: { [oldest]: '0+60x30', [up]: '1x30' },
    atMinute: 20,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeMessagesOld',
    when: 'each message takes a minute',
    series: { [oldest]: '60x30', [up]: '1x30' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeMessagesOld',
    when: 'messages wait for a broker that is away',
    series: { [oldest]: '0+60x30', [up]: '0x30', [agentSeries('mqttbridge_connection_up', 'side="local"')]: '1x30' },
    atMinute: 20,
    fires: [],
  },
];

export const ROUTE_CASES: readonly AlertCase[] = [...readiness, ...losses, ...refusals, ...backlogs];
