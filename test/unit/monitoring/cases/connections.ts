import { AGENT, type AlertCase, agentSeries, remoteSeries } from './alert-case.ts';

const up = remoteSeries('mqttbridge_connection_up');
const sessions = remoteSeries('mqttbridge_sessions');
const lost = remoteSeries('mqttbridge_session_lost_total');
const rivals = remoteSeries('mqttbridge_client_id_conflicts');
const remote = { ...AGENT, side: 'remote' };

export const CONNECTION_CASES: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeConnectionDown',
    when: 'a side is away for longer than its grace time',
    series: {
      [up]: '1x4 0x10',
      [sessions]: '2x20',
      [agentSeries('mqttbridge_connection_up', 'side="local"')]: '1x20',
      [agentSeries('mqttbridge_sessions', 'side="local"')]: '2x20',
    },
    atMinute: 10,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeConnectionDown',
    when: 'a side comes back within its grace time',
    series: { [up]: '1x4 0x2 1x10', [sessions]: '2x20' },
    atMinute: 12,
    fires: [],
  },
  {
    alert: 'MqttBridgeConnectionDown',
    when: 'an instance has no sessions, since others run all slots',
    series: { [up]: '0x20', [sessions]: '0x20' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeConnectionDown',
    when: 'the agent is gone, which is for another alert to say',
    series: { [up]: '0x2 stale', [sessions]: '1x2 stale' },
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeSessionLost',
    when: 'a broker forgot a session',
    series: { [lost]: '0x10 1x10' },
    atMinute: 15,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeSessionLost',
    when: 'that was long ago',
    series: { [lost]: '0x5 1x40' },
    atMinute: 40,
    fires: [],
  },
  {
    alert: 'MqttBridgeSessionLost',
    when: 'the agent starts again and counts from zero',
    series: { [lost]: '3x10 0x20' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeClientIdConflict',
    when: 'another client keeps taking the session',
    series: { [rivals]: '0x5 1x10' },
    atMinute: 10,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeClientIdConflict',
    when: 'it is over soon',
    series: { [rivals]: '0x5 1 0x10' },
    atMinute: 10,
    fires: [],
  },
];
