import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/);
const quantities = z.strictObject({ cpu: quantity.optional(), memory: quantity.optional() });
const port = z.union([name, z.int().min(1).max(65_535)]);

/** Strings by names as labels have them; a number or null, which YAML makes of a bare word, is refused. */
export const labelsSchema = z.record(
  z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/),
  z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/),
);

export const annotationsSchema = z.record(z.string().regex(/^([a-z0-9.-]+\/)?[-A-Za-z0-9_.]{1,63}$/), z.string());

export const selectorSchema = z.strictObject({ matchLabels: labelsSchema });

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port }).optional(),
  tcpSocket: z.strictObject({ port }).optional(),
  timeoutSeconds: z.int().optional(),
  periodSeconds: z.int().optional(),
  failureThreshold: z.int().optional(),
});

const seccompProfile = z.strictObject({ type: z.literal('RuntimeDefault') });

/** What the Pod Security Standard `restricted` asks of a container, and a root file system that nobody can write. */
const restricted = z.strictObject({
  allowPrivilegeEscalation: z.literal(false),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  privileged: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  runAsNonRoot: z.literal(true),
  runAsUser: z.int().min(1),
  runAsGroup: z.int().min(1),
  seccompProfile,
});

const fieldRef = z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.string() }) });

const container = z.strictObject({
  name,
  image: z.string().regex(/^[a-z0-9][a-z0-9./:_-]*(:[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  args: z.array(z.string()),
  env: z
    .array(z.strictObject({ name: z.string(), value: z.string().optional(), valueFrom: fieldRef.optional() }))
    .optional(),
  ports: z.array(z.strictObject({ name, containerPort: z.int() })),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe,
  resources: z.strictObject({ requests: quantities, limits: quantities }),
  securityContext: restricted,
  volumeMounts: z.array(
    z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.boolean().optional() }),
  ),
});

const volume = z.strictObject({
  name,
  configMap: z.strictObject({ name: z.string(), optional: z.boolean().optional() }).optional(),
  secret: z.strictObject({ secretName: z.string(), optional: z.boolean().optional() }).optional(),
  emptyDir: z.strictObject({ sizeLimit: quantity }).optional(),
});

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
});

const spread = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
  labelSelector: selectorSchema.optional(),
});

/** A pod as we write it: the fields that are used, restricted, and no other. */
export const podSpecSchema = z.strictObject({
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.int().optional(),
  imagePullSecrets: z.array(z.strictObject({ name })).optional(),
  priorityClassName: name.optional(),
  nodeSelector: labelsSchema.optional(),
  tolerations: z.array(toleration).optional(),
  affinity: z.strictObject({ nodeAffinity: z.strictObject({}).optional() }).optional(),
  topologySpreadConstraints: z.array(spread).optional(),
  securityContext: z.strictObject({ runAsNonRoot: z.literal(true), seccompProfile }),
  containers: z.array(container).min(1),
  volumes: z.array(volume),
});

export const podTemplateSchema = z.strictObject({
  metadata: z.strictObject({ labels: labelsSchema, annotations: annotationsSchema.optional() }),
  spec: podSpecSchema,
});

export type PodTemplate = z.infer<typeof podTemplateSchema>;
export const portSchema = port;
