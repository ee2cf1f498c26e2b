import { OF_CONNECTOR, type Row, type Unit } from './panel.ts';

const INSTANCE = '{{connector}} {{instance}}';

/** A gauge as a line per series. */
function gauge(title: string, description: string, unit: Unit, ...metrics: readonly (readonly [string, string])[]) {
  const queries = metrics.map(([metric, legend]) => ({ expr: `${metric}{${OF_CONNECTOR}}`, legend }));
  return { kind: 'lines', title, description, width: 8, unit, queries } as const;
}

/** How long certificates and tokens last. */
export const CREDENTIALS: Row = {
  title: 'Credentials',
  folded: true,
  panels: [
    gauge('Certificates', 'Days until the client certificate in use ends.', 'd', [
      'mqttbridge_certificate_days_left',
      '{{connector}} {{side}}',
    ]),
    gauge('Tokens', 'Minutes until the token in use ends.', 'm', [
      'mqttbridge_token_minutes_left',
      '{{connector}} {{side}}',
    ]),
    gauge(
      'Renewals that fail',
      '1 while a newer certificate or token is wanted in vain.',
      'short',
      ['mqttbridge_certificate_renewal_failing', '{{connector}} {{side}} certificate'],
      ['mqttbridge_token_renewal_failing', '{{connector}} {{side}} token'],
    ),
  ],
};

/** Which instance runs what. */
export const INSTANCES: Row = {
  title: 'Instances',
  folded: true,
  panels: [
    gauge(
      'Slots of each instance',
      'Shares of the work, and how many there are.',
      'short',
      ['mqttbridge_instance_slots', INSTANCE],
      ['mqttbridge_instances_wanted', '{{connector}} {{instance}} of'],
    ),
    gauge('Adopted slots', 'Slots that an instance runs for another.', 'short', [
      'mqttbridge_instance_slots_adopted',
      INSTANCE,
    ]),
    gauge(
      'Instances heard',
      'How many others an instance hears, and whether it is heard.',
      'short',
      ['mqttbridge_instance_peers', `${INSTANCE} hears`],
      ['mqttbridge_instance_joined', `${INSTANCE} joined`],
    ),
  ],
};

/** Which configuration is in force, and where it comes from. */
export const CONFIGURATION: Row = {
  title: 'Configuration',
  folded: true,
  panels: [
    gauge('Configurations applied', 'Since the start of the agent.', 'short', [
      'mqttbridge_config_generation',
      INSTANCE,
    ]),
    gauge('Refused', '1 while the newest configuration is refused.', 'short', ['mqttbridge_config_rejected', INSTANCE]),
    gauge(
      'Where definitions come from',
      '1 while the control plane or the API server is reached; no line for agents that read files.',
      'short',
      ['mqttbridge_control_plane_up', `${INSTANCE} control plane`],
      ['mqttbridge_api_server_up', `${INSTANCE} API server`],
    ),
    {
      kind: 'lines',
      title: 'Versions',
      description: 'Agents by version.',
      width: 8,
      unit: 'short',
      queries: [{ expr: `count by (version) (mqttbridge_build_info{${OF_CONNECTOR}})`, legend: '{{version}}' }],
    },
  ],
};

/** Metrics of a process know nothing of connectors; the one beside them at the same address does. */
function ofAgents(expr: string): string {
  return `${expr} * on (namespace, instance) group_left (connector) mqttbridge_build_info{${OF_CONNECTOR}}`;
}

/** What the processes take. */
export const PROCESS: Row = {
  title: 'Process',
  folded: true,
  panels: [
    {
      kind: 'lines',
      title: 'CPU',
      description: 'Cores in use.',
      width: 8,
      unit: 'short',
      queries: [
        {
          expr: ofAgents('rate(process_cpu_seconds_total{namespace=~"$namespace"}[$__rate_interval])'),
          legend: INSTANCE,
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Memory',
      description: 'Resident set.',
      width: 8,
      unit: 'bytes',
      queries: [{ expr: ofAgents('process_resident_memory_bytes{namespace=~"$namespace"}'), legend: INSTANCE }],
    },
    {
      kind: 'lines',
      title: 'Event loop',
      description: 'How late the event loop was at the scrape.',
      width: 8,
      unit: 's',
      queries: [{ expr: ofAgents('nodejs_eventloop_lag_seconds{namespace=~"$namespace"}'), legend: INSTANCE }],
    },
  ],
};
