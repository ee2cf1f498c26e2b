import { z } from 'zod';
import type { CheckedConnector } from './report.ts';
import type { CheckReport, CheckStatus, Finding } from './report-schema.ts';

const taskStatus = z.enum(['success', 'warning', 'error', 'skipped']);

const evaluationSchema = z.strictObject({
  status: taskStatus,
  name: z.string(),
  kind: z.literal('mqttbridgeconnector'),
  value: z.record(z.string(), z.unknown()),
});

/** What `az iot ops check --as-object` printed for bridge connectors, as of its versions before July 2024. */
export const opsCheckSchema = z.strictObject({
  title: z.string(),
  postDeployment: z.array(
    z.strictObject({
      name: z.literal('evalmqttbridgeconnectors'),
      description: z.string(),
      targets: z.record(
        z.literal('mqttbridgeconnectors.mq.iotoperations.azure.com'),
        z.record(
          z.string(),
          z.strictObject({
            conditions: z.array(z.string()),
            evaluations: z.array(evaluationSchema),
            status: taskStatus,
          }),
        ),
      ),
      status: taskStatus,
    }),
  ),
});

type OpsCheck = z.infer<typeof opsCheckSchema>;
type Evaluation = z.infer<typeof evaluationSchema>;

const TARGET = 'mqttbridgeconnectors.mq.iotoperations.azure.com';
const CONDITIONS = ['status', 'valid(spec)', 'len(spec.instances)>=1'];
const NO_NAMESPACE = '_all_';

const TASK: Readonly<Record<CheckStatus, Evaluation['status']>> = {
  ok: 'success',
  warning: 'warning',
  error: 'error',
  skipped: 'skipped',
};
/** Values of `status.configStatusLevel` that the tool knew. */
const LEVEL: Readonly<Record<CheckReport['status'], string>> = { ok: 'OK', warning: 'warn', error: 'Error' };

/** The report in the form of `az iot ops check`; the files' own problems count in the status only. */
export function asOpsCheck(report: CheckReport, connectors: readonly CheckedConnector[]): OpsCheck {
  const byNamespace = Map.groupBy(connectors, ({ document }) => document.connector.metadata.namespace ?? NO_NAMESPACE);
  const targets = [...byNamespace].map(([namespace, members]) => {
    const evaluations = members.flatMap((member) => evaluationsOf(member, report));
    return [namespace, { conditions: CONDITIONS, evaluations, status: worst(evaluations) }] as const;
  });
  return {
    title: 'Evaluation for {mqttbridge} connectors',
    postDeployment: [
      {
        name: 'evalmqttbridgeconnectors',
        description: 'Evaluate MQTT Bridge Connectors',
        targets: { [TARGET]: Object.fromEntries(targets) },
        // As the tool does where it finds no connector.
        status: connectors.length === 0 && report.status !== 'error' ? 'skipped' : TASK[report.status],
      },
    ],
  };
}

function evaluationsOf({ document, findings }: CheckedConnector, report: CheckReport): Evaluation[] {
  const { metadata, spec } = document.connector;
  const about = { name: metadata.name, kind: 'mqttbridgeconnector' } as const;
  const own = report.connectors.find(
    ({ name, namespace }) => name === metadata.name && namespace === metadata.namespace,
  );
  const status = own?.status ?? 'error';
  const described = findings.find((one) => one.status === status && status !== 'ok')?.message;
  const level = {
    configStatusLevel: LEVEL[status],
    ...(described !== undefined && { configStatusDescription: described }),
  };
  return [
    { status: TASK[status], ...about, value: level },
    { status: 'success', ...about, value: { spec } },
    ...findings.map((one) => ({ status: TASK[one.status], ...about, value: valueOf(one) })),
  ];
}

function valueOf({ status: _status, ...rest }: Finding): Record<string, unknown> {
  return rest;
}

function worst(evaluations: readonly Evaluation[]): Evaluation['status'] {
  for (const status of ['error', 'warning'] as const)
    if (evaluations.some((one) => one.status === status)) return status;
  return 'success';
}
