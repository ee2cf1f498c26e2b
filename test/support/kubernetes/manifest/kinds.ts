import { z } from 'zod';
import { annotationsSchema, labelsSchema, podTemplateSchema, portSchema, selectorSchema } from './pod.ts';

const subdomain = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const metadata = z.strictObject({
  name: subdomain,
  namespace: dnsLabel.optional(),
  labels: labelsSchema.optional(),
  annotations: annotationsSchema.optional(),
});
const RBAC = 'rbac.authorization.k8s.io';
const texts = z.record(z.string().regex(/^[-._a-zA-Z0-9]+$/), z.string());
const plain = z.string().regex(/^[a-z0-9./-]+$/);

function object<T extends z.ZodRawShape>(apiVersion: string, kind: string, fields: T) {
  return z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(kind), metadata, ...fields });
}

const rule = z.strictObject({
  // The core group has no name. A wildcard fits nowhere.
  apiGroups: z.array(z.union([z.literal(''), plain])).min(1),
  resources: z.array(plain).min(1),
  resourceNames: z.array(subdomain).min(1).optional(),
  verbs: z.array(z.enum(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'])).min(1),
});

const peer = z.strictObject({
  ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
  podSelector: selectorSchema.optional(),
  namespaceSelector: selectorSchema.optional(),
});
const ports = z.array(z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port: portSchema })).min(1);

const subjects = z.array(z.strictObject({ kind: z.literal('ServiceAccount'), name: subdomain, namespace: dnsLabel }));

const deploymentSpec = z.strictObject({
  replicas: z.int().optional(),
  selector: selectorSchema,
  template: podTemplateSchema,
});

/** Groups of alert rules, as Prometheus reads them from a file. */
export const alertGroupsSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
});

const MONITORING = 'monitoring.coreos.com/v1';
const endpoint = z.strictObject({
  port: dnsLabel,
  path: z.string().startsWith('/'),
  interval: z.string().regex(/^\d+[ms]$/),
  scrapeTimeout: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
});
const monitor = {
  jobLabel: z.string(),
  selector: selectorSchema,
  namespaceSelector: z.strictObject({ any: z.literal(true) }).optional(),
};

/** The kinds of Kubernetes that our files hold, with the fields that are used; a field that nobody used yet is no field. */
export const MANIFEST_KINDS = [
  object('v1', 'Namespace', {}),
  object('v1', 'ServiceAccount', { automountServiceAccountToken: z.boolean() }),
  object('v1', 'ConfigMap', { data: texts }),
  object('v1', 'Secret', { type: z.string().optional(), stringData: texts.optional(), data: texts.optional() }),
  object('v1', 'Service', {
    spec: z.strictObject({
      selector: labelsSchema,
      ports: z.array(z.strictObject({ name: dnsLabel, port: z.int(), targetPort: portSchema })),
    }),
  }),
  object('apps/v1', 'Deployment', { spec: deploymentSpec }),
  object(`${RBAC}/v1`, 'Role', { rules: z.array(rule).min(1) }),
  object(`${RBAC}/v1`, 'RoleBinding', {
    roleRef: z.strictObject({ apiGroup: z.literal(RBAC), kind: z.literal('Role'), name: subdomain }),
    subjects,
  }),
  object(`${RBAC}/v1`, 'ClusterRole', { rules: z.array(rule).min(1) }),
  object(`${RBAC}/v1`, 'ClusterRoleBinding', {
    roleRef: z.strictObject({ apiGroup: z.literal(RBAC), kind: z.literal('ClusterRole'), name: subdomain }),
    subjects,
  }),
  object('policy/v1', 'PodDisruptionBudget', {
    spec: z.strictObject({
      maxUnavailable: z.int(),
      unhealthyPodEvictionPolicy: z.enum(['AlwaysAllow', 'IfHealthyBudget']),
      selector: selectorSchema,
    }),
  }),
  object('clusterconfig.azure.com/v1beta1', 'AzureExtensionIdentity', {
    spec: z.strictObject({
      serviceAccounts: z.array(z.strictObject({ name: subdomain, namespace: dnsLabel })).min(1),
      tokenNamespace: dnsLabel,
    }),
  }),
  object(MONITORING, 'ServiceMonitor', {
    spec: z.strictObject({ ...monitor, endpoints: z.array(endpoint).min(1) }),
  }),
  object(MONITORING, 'PodMonitor', {
    spec: z.strictObject({ ...monitor, podMetricsEndpoints: z.array(endpoint).min(1) }),
  }),
  object(MONITORING, 'PrometheusRule', { spec: alertGroupsSchema }),
  object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: z.strictObject({
      podSelector: selectorSchema,
      policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
      ingress: z.array(z.strictObject({ from: z.array(peer).optional(), ports })).optional(),
      egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports })).optional(),
    }),
  }),
] as const;
