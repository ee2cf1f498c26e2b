import type { AlertGroup } from './alert.ts';
import { THRESHOLDS } from './thresholds.ts';

/** Jobs of agents and operators, as the monitors name them. */
const JOBS = 'job=~"mqttbridge(-operator)?"';
const CONNECTOR = 'namespace, connector';
const wanted = `max by (${CONNECTOR}) (mqttbridge_instances_wanted)`;

/** Whether the agents run, all of them, on what they were told. */
export const AGENT_ALERTS: AlertGroup = {
  name: 'mqttbridge-agents',
  alerts: [
    {
      name: 'MqttBridgeNothingScraped',
      severity: 'warning',
      expr: 'absent(mqttbridge_build_info)',
      forMinutes: 15,
      summary: 'Prometheus has metrics of no agent.',
      description:
        'No agent is scraped at all: none runs, or Prometheus does not find them. Look at its targets, the labels its operator selects monitors by, and the network policy for port 9600.',
    },
    {
      name: 'MqttBridgeScrapeFailing',
      severity: 'warning',
      expr: `up{${JOBS}} == 0`,
      forMinutes: 5,
      summary: 'The {{ $labels.job }} at {{ $labels.instance }} does not answer.',
      description:
        'Prometheus gets no metrics of {{ $labels.instance }} (pod {{ $labels.pod }}): the process does not run, hangs, or a network policy is in the way.',
    },
    {
      name: 'MqttBridgeAgentAbsent',
      severity: 'critical',
      expr: `max by (${CONNECTOR}) (max_over_time(mqttbridge_build_info[1h])) unless max by (${CONNECTOR}) (mqttbridge_build_info)`,
      forMinutes: 5,
      summary: 'No agent of connector {{ $labels.connector }} is there any more.',
      description:
        'Within the last hour connector {{ $labels.connector }} had an agent, and now it has none. Look at its StatefulSet and pods. Where it was deleted on purpose, this ends by itself within the hour.',
    },
    {
      name: 'MqttBridgeRestarting',
      severity: 'warning',
      expr: `changes(process_start_time_seconds{${JOBS}}[1h]) > ${THRESHOLDS.restartsPerHour}`,
      forMinutes: 0,
      summary: 'The {{ $labels.job }} at {{ $labels.instance }} restarts again and again.',
      description: `{{ $labels.instance }} (pod {{ $labels.pod }}) was started more than ${THRESHOLDS.restartsPerHour} times within an hour. The log of the container before says why it ended.`,
    },
    {
      name: 'MqttBridgeInstanceMissing',
      severity: 'warning',
      expr: `sum by (${CONNECTOR}) (mqttbridge_instance_joined) < ${wanted} or sum by (${CONNECTOR}) (mqttbridge_instance_slots_adopted) > 0`,
      forMinutes: 5,
      summary: 'Not all instances of connector {{ $labels.connector }} are at work.',
      description:
        'Fewer instances of connector {{ $labels.connector }} hear each other than it asks for, or one does the work of another. The others carry the load; look at the missing pod.',
    },
    {
      name: 'MqttBridgeSlotUnclaimed',
      severity: 'critical',
      expr: `sum by (${CONNECTOR}) (mqttbridge_instance_slots) < ${wanted}`,
      forMinutes: 5,
      summary: 'A share of the work of connector {{ $labels.connector }} is done by nobody.',
      description:
        'The instances of connector {{ $labels.connector }} run fewer slots than there are; messages of the rest wait at their source. instances in /status of each says which slots it has, and why.',
    },
    {
      name: 'MqttBridgeConfigurationRejected',
      severity: 'warning',
      expr: 'mqttbridge_config_rejected == 1',
      forMinutes: 5,
      summary: 'The newest configuration of connector {{ $labels.connector }} is refused.',
      description:
        'The newest configuration of connector {{ $labels.connector }} is invalid; the one before runs on. config.rejected in /status lists the problems.',
    },
    {
      name: 'MqttBridgeApiServerUnreachable',
      severity: 'warning',
      expr: 'mqttbridge_api_server_up == 0',
      forMinutes: 15,
      summary: 'Connector {{ $labels.connector }} does not follow its definition at the API server.',
      description:
        'Changes of connector {{ $labels.connector }} do not reach its instance {{ $labels.instance }}, which bridges on with what it has. /readyz?verbose says why.',
    },
    {
      name: 'MqttBridgeControlPlaneUnreachable',
      severity: 'warning',
      expr: 'mqttbridge_control_plane_up == 0',
      forMinutes: 15,
      summary: 'Connector {{ $labels.connector }} does not reach its control plane.',
      description:
        'Reports of connector {{ $labels.connector }} (instance {{ $labels.instance }}) get no answer; it bridges on. /readyz?verbose says why.',
    },
  ],
};
