import { type AlertCase, agentSeries } from './alert-case.ts';

const first = (metric: string, more = '') => `${metric}{namespace="plant",instance="10.0.0.1:9600"${more}}`;
const second = (metric: string, more = '') => `${metric}{namespace="plant",instance="10.0.0.2:9600"${more}}`;
const follows = agentSeries('mqttbridge_api_server_up');
const leader = first('mqttbridge_operator_leader');
const standby = second('mqttbridge_operator_leader');
const failed = first('mqttbridge_operator_reconciles_total', ',outcome="failed"');
const changed = first('mqttbridge_operator_reconciles_total', ',outcome="changed"');
const watch = ',resource="statefulsets"';
const notReady = (of: typeof first) => of('mqttbridge_operator_connectors', ',ready="False"');
const PLANT = { namespace: 'plant' };

export const OPERATOR_CASES: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeOperatorAbsent',
    when: 'agents follow the API server and no operator is scraped',
    series: { [follows]: '1x40', [leader]: '1x4 stale' },
    atMinute: 25,
    fires: [{}],
  },
  {
    alert: 'MqttBridgeOperatorAbsent',
    when: 'agents read files, or ask a control plane',
    series: { [agentSeries('mqttbridge_control_plane_up')]: '1x40' },
    atMinute: 25,
    fires: [],
  },
  {
    alert: 'MqttBridgeOperatorAbsent',
    when: 'it moves to another node',
    series: { [follows]: '1x40', [leader]: '1x4 stale', [standby]: '_x8 0x40' },
    atMinute: 25,
    fires: [],
  },
  {
    alert: 'MqttBridgeOperatorWithoutLeader',
    when: 'two run and neither leads',
    series: { [leader]: '1x4 0x30', [standby]: '0x40' },
    atMinute: 12,
    fires: [PLANT],
  },
  {
    alert: 'MqttBridgeOperatorWithoutLeader',
    when: 'the other takes over',
    series: { [leader]: '1x4 0x30', [standby]: '0x6 1x40' },
    atMinute: 12,
    fires: [],
  },
  {
    alert: 'MqttBridgeReconcileFailing',
    when: 'passes fail all the time',
    series: { [failed]: '0x4 1+2x40', [changed]: '5x40' },
    atMinute: 30,
    fires: [PLANT],
  },
  {
    alert: 'MqttBridgeReconcileFailing',
    when: 'one fails and the next does not',
    series: { [failed]: '0x4 1x40', [changed]: '0+3x40' },
    atMinute: 30,
    fires: [],
  },
  {
    alert: 'MqttBridgeReconcileFailing',
    when: 'the operator restarts after failures',
    series: { [failed]: '20x4 0x40' },
    atMinute: 30,
    fires: [],
  },
  {
    alert: 'MqttBridgeOperatorBlind',
    when: 'the leader cannot follow a kind',
    series: { [leader]: '1x40', [first('mqttbridge_operator_watch_up', watch)]: '1x4 0x40' },
    atMinute: 25,
    fires: [{ ...PLANT, instance: '10.0.0.1:9600', resource: 'statefulsets' }],
  },
  {
    alert: 'MqttBridgeOperatorBlind',
    when: 'one that stands by does not follow it',
    series: {
      [leader]: '1x40',
      [standby]: '0x40',
      [first('mqttbridge_operator_watch_up', watch)]: '1x40',
      [second('mqttbridge_operator_watch_up', watch)]: '0x40',
    },
    atMinute: 25,
    fires: [],
  },
  {
    alert: 'MqttBridgeConnectorNotReady',
    when: 'a connector is not ready for long',
    series: { [leader]: '1x60', [notReady(first)]: '0x4 1x60' },
    atMinute: 45,
    fires: [PLANT],
  },
  {
    alert: 'MqttBridgeConnectorNotReady',
    when: 'only one that stands by remembers it so',
    series: { [leader]: '1x60', [standby]: '0x60', [notReady(first)]: '0x60', [notReady(second)]: '1x60' },
    atMinute: 45,
    fires: [],
  },
  {
    alert: 'MqttBridgeConnectorNotReady',
    when: 'it starts within minutes',
    series: { [leader]: '1x60', [notReady(first)]: '1x9 0x60' },
    atMinute: 45,
    fires: [],
  },
];
