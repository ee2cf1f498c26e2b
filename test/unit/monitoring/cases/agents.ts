import { AGENT, type AlertCase, agentSeries, CONNECTOR, otherInstance } from './alert-case.ts';

const build = agentSeries('mqttbridge_build_info', 'version="1.0.0"');
const TARGET = { job: 'mqttbridge', namespace: 'plant', instance: '10.0.0.7:9600', pod: 'aio-mq-edge-0' };
const target = (metric: string, job = 'mqttbridge') =>
  `${metric}{job="${job}",namespace="plant",instance="10.0.0.7:9600",pod="aio-mq-edge-0"}`;
const rejected = agentSeries('mqttbridge_config_rejected');
const apiServer = agentSeries('mqttbridge_api_server_up');
const controlPlane = agentSeries('mqttbridge_control_plane_up');

const scrapes: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeNothingScraped',
    when: 'there are no series',
    series: { [target('up')]: '0x30' },
    atMinute: 20,
    fires: [{}],
  },
  {
    alert: 'MqttBridgeNothingScraped',
    when: 'one agent is scraped',
    series: { [build]: '1x30' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeScrapeFailing',
    when: 'an agent does not answer',
    series: { [target('up')]: '1x4 0x20', [target('up', 'other')]: '0x20' },
    atMinute: 10,
    fires: [TARGET],
  },
  {
    alert: 'MqttBridgeScrapeFailing',
    when: 'an operator does not answer',
    series: { [target('up', 'mqttbridge-operator')]: '1x4 0x20' },
    atMinute: 10,
    fires: [{ ...TARGET, job: 'mqttbridge-operator' }],
  },
  {
    alert: 'MqttBridgeScrapeFailing',
    when: 'it restarts',
    series: { [target('up')]: '1x4 0x2 1x20' },
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeAgentAbsent',
    when: 'the only agent of a connector goes away',
    series: { [build]: '1x4 stale', 'mqttbridge_build_info{namespace="plant",connector="other"}': '1x30' },
    atMinute: 10,
    fires: [CONNECTOR],
  },
  {
    alert: 'MqttBridgeAgentAbsent',
    when: 'one of two agents goes away',
    series: { [build]: '1x4 stale', [otherInstance('mqttbridge_build_info')]: '1x30' },
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeAgentAbsent',
    when: 'it comes back soon, at another address',
    series: { [build]: '1x4 stale', [otherInstance('mqttbridge_build_info')]: '_x7 1x30' },
    atMinute: 12,
    fires: [],
  },
  {
    alert: 'MqttBridgeRestarting',
    when: 'it starts every few minutes',
    series: { [target('process_start_time_seconds')]: '0x4 300x4 600x4 900x4 1200x30' },
    atMinute: 30,
    fires: [TARGET],
  },
  {
    alert: 'MqttBridgeRestarting',
    when: 'it is started anew once',
    series: { [target('process_start_time_seconds')]: '0x4 300x40' },
    atMinute: 30,
    fires: [],
  },
];

const wanted = agentSeries('mqttbridge_instances_wanted');
const joined = agentSeries('mqttbridge_instance_joined');
const slots = agentSeries('mqttbridge_instance_slots');
const adopted = agentSeries('mqttbridge_instance_slots_adopted');
const instances: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeInstanceMissing',
    when: 'one of two instances goes away',
    series: {
      [wanted]: '2x30',
      [joined]: '1x30',
      [otherInstance('mqttbridge_instance_joined')]: '1x4 stale',
      [adopted]: '0x4 1x30',
    },
    atMinute: 12,
    fires: [CONNECTOR],
  },
  {
    alert: 'MqttBridgeInstanceMissing',
    when: 'all are there and a slot is not handed back',
    series: {
      [wanted]: '2x30',
      [joined]: '1x30',
      [otherInstance('mqttbridge_instance_joined')]: '1x30',
      [adopted]: '1x30',
    },
    atMinute: 12,
    fires: [CONNECTOR],
  },
  {
    alert: 'MqttBridgeInstanceMissing',
    when: 'an instance restarts',
    series: {
      [wanted]: '2x30',
      [joined]: '1x30',
      [otherInstance('mqttbridge_instance_joined')]: '1x4 stale _x1 1x30',
      [adopted]: '0x4 1x2 0x30',
    },
    atMinute: 12,
    fires: [],
  },
  {
    alert: 'MqttBridgeInstanceMissing',
    when: 'one process runs all slots',
    series: { [build]: '1x30' },
    atMinute: 12,
    fires: [],
  },
  {
    alert: 'MqttBridgeSlotUnclaimed',
    when: 'nobody runs the slot of an instance that went away',
    series: { [wanted]: '2x30', [slots]: '1x30', [otherInstance('mqttbridge_instance_slots')]: '1x4 stale' },
    atMinute: 12,
    fires: [CONNECTOR],
  },
  {
    alert: 'MqttBridgeSlotUnclaimed',
    when: 'another adopts it',
    series: { [wanted]: '2x30', [slots]: '1x4 2x30', [otherInstance('mqttbridge_instance_slots')]: '1x4 stale' },
    atMinute: 12,
    fires: [],
  },
];

const configurations: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeConfigurationRejected',
    when: 'an invalid configuration stays',
    series: { [rejected]: '0x4 1x20' },
    atMinute: 10,
    fires: [AGENT],
  },
  {
    alert: 'MqttBridgeConfigurationRejected',
    when: 'it is mended within five minutes',
    series: { [rejected]: '0x4 1x3 0x20' },
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeApiServerUnreachable',
    when: 'nothing is followed for a quarter of an hour',
    series: { [apiServer]: '1x4 0x30' },
    atMinute: 20,
    fires: [AGENT],
  },
  {
    alert: 'MqttBridgeApiServerUnreachable',
    when: 'the API server is replaced',
    series: { [apiServer]: '1x4 0x10 1x30' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeControlPlaneUnreachable',
    when: 'reports are not answered for a quarter of an hour',
    series: { [controlPlane]: '1x4 0x30' },
    atMinute: 20,
    fires: [AGENT],
  },
  {
    alert: 'MqttBridgeControlPlaneUnreachable',
    when: 'one report is not answered',
    series: { [controlPlane]: '1x4 0 1x30' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeControlPlaneUnreachable',
    when: 'configurations come from files',
    series: { [build]: '1x30' },
    atMinute: 20,
    fires: [],
  },
];

export const AGENT_CASES: readonly AlertCase[] = [...scrapes, ...instances, ...configurations];
