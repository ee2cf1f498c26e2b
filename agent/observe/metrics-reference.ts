/** What the reference says of a metric. */
interface DescribedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly unit: string;
}

const BEFORE = `# Metrics

\`GET /metrics\` on the probe port (\`--http\`, 127.0.0.1:9600 unless told otherwise) answers in the Prometheus text format 0.0.4.
Every number is read from the agent at the moment of the scrape; counters start at zero with the process.

No label ever carries a message topic or a client ID, so the number of series depends on the configuration alone.

## Of an agent

<!-- The tables are made by \`node cli/generate/main.ts\` from agent/observe/*-metrics.ts and operator/observe/metrics.ts. -->

`;

const AFTER = `
## The balance

Every message has an outcome. For each route, at every moment:

\`\`\`
received = forwarded + dropped (all reasons) + in flight
\`\`\`

An alert that fires when messages vanish, which would be a defect of the bridge:

\`\`\`promql
sum by (connector, topic_map, route) (mqttbridge_messages_received_total)
  - sum by (connector, topic_map, route) (mqttbridge_messages_forwarded_total)
  - (sum by (connector, topic_map, route) (mqttbridge_messages_dropped_total)
     or 0 * sum by (connector, topic_map, route) (mqttbridge_messages_received_total))
  - sum by (connector, topic_map, route) (mqttbridge_inflight_messages)
  != 0
\`\`\`

## What to watch

| Question | Expression |
|---|---|
| Is a broker out of reach? | \`mqttbridge_connection_up == 0\` |
| Is a route standing still? | \`mqttbridge_lanes_ready < mqttbridge_lanes\` |
| Are messages given up, and why? | \`sum by (route, reason) (rate(mqttbridge_messages_dropped_total[5m])) > 0\` |
| May messages be missing? | \`increase(mqttbridge_session_lost_total[1h]) > 0\` |
| Was an edited configuration refused? | \`mqttbridge_config_rejected == 1\` |
| Is the control plane out of reach? | \`mqttbridge_control_plane_up == 0\` |
| Does a client certificate end soon? | \`mqttbridge_certificate_expiry_timestamp_seconds - time() < 14 * 86400\` |
| How long does a message take? | \`histogram_quantile(0.95, sum by (le, route) (rate(mqttbridge_forward_duration_seconds_bucket[5m])))\` |

## Names of the original product

The four names that begin with \`aio_mq_mqttbridge_\` are those of the Azure IoT MQ bridge, unchanged, so that its dashboards keep working.
`;

/** The whole text of docs/reference/metrics.md. */
export function metricsReference(agent: readonly DescribedMetric[], operator: readonly DescribedMetric[]): string {
  return `${BEFORE}${tableOf(agent)}${OF_OPERATOR}${tableOf(operator)}${AFTER}`;
}

const OF_OPERATOR = `
## Of the operator

\`mqttbridge operator\` has these and the four of its process, which are the last of the table above. Only the one that leads counts
reconciles and writes.

`;

function tableOf(metrics: readonly DescribedMetric[]): string {
  const rows = metrics.map(
    ({ name, type, unit, labels, help }) =>
      `| \`${name}\` | ${type} | ${unit} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
  );
  return ['| Name | Type | Unit | Labels | Meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}
