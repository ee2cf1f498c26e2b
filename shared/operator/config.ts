import { z } from 'zod';
import { LABEL_VALUE, LONGEST_OBJECT_NAME, OBJECT_NAME, QUALIFIED_NAME, QUANTITY } from '../kubernetes-syntax.ts';

/** The version of the operator's file. */
export const OPERATOR_CONFIG_VERSION = 'mqttbridge/v1';

const about = (description: string) => ({ description });
const text = (description: string) => z.string().min(1).meta(about(description));

const ENVIRONMENT_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

const objectName = (description: string) =>
  z.string().max(LONGEST_OBJECT_NAME).regex(OBJECT_NAME).meta(about(description));
const quantity = (description: string) => z.string().regex(QUANTITY).meta(about(description));
const labels = (description: string) =>
  z.record(z.string().regex(QUALIFIED_NAME), z.string().regex(LABEL_VALUE)).optional().meta(about(description));

const image = z
  .strictObject({
    repository: text('Name of the image with its registry.').optional(),
    tag: text('Tag or digest (`sha256:…`).').optional(),
    reference: text('Both in one, instead.').optional(),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().meta(about('When nodes pull it.')),
    pullSecrets: z
      .array(objectName('Name of a Secret.'))
      .optional()
      .meta(about('Secrets to pull with, beside the one that a connector names.')),
  })
  .refine(({ repository, tag, reference }) => (repository && tag ? !reference : reference && !repository && !tag), {
    error: 'give repository and tag, or reference',
  })
  .meta(about('Image of agents, for connectors that name none or that of the original product.'));

const storage = z
  .strictObject({
    size: quantity('How much, such as `64Mi`.'),
    storageClassName: objectName('Storage class; default that of the cluster.').optional(),
  })
  .optional()
  .meta(about('A volume claim per instance for the last good definition, which is otherwise gone with the pod.'));

const controlPlane = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).meta(about('Address of the control plane.')),
    site: text('Site of this cluster at the control plane.'),
    key: z
      .strictObject({ secretName: objectName('Secret in the namespace of the connector.'), key: text('Key in it.') })
      .optional()
      .meta(about('Log on with this key.')),
    audience: text('Log on with a token of the managed or federated identity for this audience.').optional(),
    storage,
  })
  .refine(({ key, audience }) => (key === undefined) !== (audience === undefined), {
    error: 'give key or audience to log on with, and not both',
  })
  .meta(about('Agents ask a control plane.'));

const definition = z
  .strictObject({
    kubernetes: z
      .strictObject({ storage })
      .optional()
      .meta(about('Agents watch their own resources at the API server.')),
    controlPlane: controlPlane.optional(),
  })
  .refine(({ kubernetes, controlPlane: other }) => kubernetes === undefined || other === undefined, {
    error: 'give kubernetes or controlPlane, not both',
  })
  .optional()
  .meta(about('Where agents get their definition from; default kubernetes.'));

/** YAML reads `cpu: 1` as a number. */
const amounts = z.record(z.string(), z.union([z.string().regex(QUANTITY), z.number().nonnegative()]));

const resources = z
  .strictObject({
    requests: amounts.optional().meta(about('What a pod asks for.')),
    limits: amounts.optional().meta(about('What a pod gets at most.')),
  })
  .optional()
  .meta(about("Resources of the agent's container; default 100m and 96Mi, at most 512Mi."));

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().optional(),
  effect: z.enum(['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});

const environmentVariable = z.looseObject({
  name: z
    .string()
    .regex(ENVIRONMENT_NAME)
    .refine((name) => name !== 'MQTTBRIDGE_INSTANCE', 'is set by the operator')
    .meta(about('Its name.')),
  value: z.string().optional().meta(about('Its value; or `valueFrom`, as in a pod.')),
});

const agents = z
  .strictObject({
    serviceAccountName: objectName(
      'Service account of all agents, which must exist; default one per connector, made by the operator.',
    ).optional(),
    resources,
    nodeSelector: labels('Nodes that agents may run on.'),
    affinity: z.looseObject({}).optional().meta(about('Affinity of the pods, as in a pod.')),
    tolerations: z.array(toleration).optional().meta(about('Tolerations beside the one of the connector.')),
    podAnnotations: z
      .record(z.string().regex(QUALIFIED_NAME), z.string())
      .optional()
      .meta(about('Annotations of the pods.')),
    podLabels: labels('Labels of the pods; those of the operator stand.'),
    extraEnv: z.array(environmentVariable).optional().meta(about('Environment variables of the agents.')),
    userId: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional()
      .meta(about('User and group of the process; default 65532.')),
  })
  .optional()
  .meta(about('What all pods have in common.'));

const localToken = z
  .strictObject({
    audience: text('Default that of the broker generation which knows the method of the connector.').optional(),
    expirationSeconds: z
      .int()
      .min(600)
      .max(2 ** 32)
      .optional()
      .meta(about('Default a day.')),
  })
  .optional()
  .meta(about('The service account token for the local broker.'));

const workloadIdentity = z
  .strictObject({ clientId: z.guid().meta(about('Client ID of the application or managed identity.')) })
  .optional()
  .meta(about('Identity that is federated with the service accounts of agents that need tokens.'));

const arcExtension = z
  .strictObject({
    resourceId: text('ARM resource ID of the extension.').optional(),
    sidecar: z
      .looseObject({ name: text('Name of the container.'), image: text('Its image.') })
      .optional()
      .meta(about("The container that answers for the extension's identity, for pods that need tokens.")),
  })
  .optional()
  .meta(about('Set where the Azure Arc extension installs this.'));

/** The operator's file. */
export const operatorConfigSchema = z
  .strictObject({
    apiVersion: z.literal(OPERATOR_CONFIG_VERSION).meta(about('Version of this file.')),
    kind: z.literal('OperatorConfig').meta(about('What this file is.')),
    image,
    definition,
    agents,
    localToken,
    workloadIdentity,
    arcExtension,
  })
  .meta({ title: 'OperatorConfig', ...about('What an installation decides for all connectors of a cluster.') });

/** What an installation decides, as its file says it. */
export type OperatorConfig = z.output<typeof operatorConfigSchema>;

/** Parts in which an empty text is a value, as that of a label. */
const KEPT = ['nodeSelector', 'affinity', 'tolerations', 'podAnnotations', 'podLabels', 'extraEnv', 'sidecar'];

/** Fields that decide whether the part which has them is meant at all. */
const DECIDING: Readonly<Record<string, string>> = { controlPlane: 'url' };

/** A document without its empty texts, and what has nothing else: Flux and Helm put empty variables in. */
export function withoutEmptyTexts(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const fields = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    if (KEPT.includes(name)) return [[name, field]];
    if (isUndecided(name, field)) return [];
    const left = withoutEmptyTexts(field);
    return left === '' || left === null || (isEmpty(left) && !isEmpty(field)) ? [] : [[name, left]];
  });
  return Object.fromEntries(fields);
}

function isUndecided(name: string, value: unknown): boolean {
  const deciding = DECIDING[name];
  return deciding !== undefined && (value as Readonly<Record<string, unknown>> | null)?.[deciding] === '';
}

function isEmpty(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}
