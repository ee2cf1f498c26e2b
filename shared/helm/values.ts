import { z } from 'zod';
import { QUANTITY } from '../kubernetes-syntax.ts';
import { API_VERSION, objectName } from '../resources/metadata.ts';
import { operatorConfigSchema } from '../operator/config.ts';
import { connectorSchema } from '../resources/connector.ts';
import { topicMapSchema } from '../resources/topic-map.ts';
import { flag, group, kubernetesList, kubernetesObject, namedList, pattern, text, textMap } from './fields.ts';

const DURATION = /^(?:\d+(?:ms|[smhd]))+$/;
/** A name to which the chart appends, or nothing. */
const shortName = (description: string) =>
  pattern(/^(?:[a-z](?:[-a-z0-9]{0,43}[a-z0-9])?)?$/, 'must be a DNS label of at most 45 characters', description);
const port = z.int().min(1).max(65_535);
const GUID = /^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$/;
const optionalName = (description: string) =>
  pattern(
    /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)?$/,
    'must be the name of an object',
    description,
  );

const image = group('The image of the operator, and of agents whose connector names none.', {
  repository: z.string().min(1).default('mqttbridge').meta({ description: 'Registry and name.' }),
  tag: text('A tag, or a digest as `sha256:…`; empty: the version of the app in the chart.'),
  pullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .meta({ description: 'When nodes pull it.' }),
});

const definition = group('Where agents get their definition from.', {
  controlPlane: group('A control plane that agents ask; without a URL they watch the two resources.', {
    url: pattern(/^(?:https?:\/\/\S+)?$/, 'must be a URL', 'Where the control plane is.'),
    site: text('Site of the definitions; required with a URL.'),
    audience: text('Audience of the Microsoft Entra token that agents log on with; required without a key.'),
    key: group('A key that agents log on with, in a Secret of their namespace.', {
      secretName: optionalName('Name of the Secret.'),
      key: text('Entry of the Secret.'),
    }),
  }),
});

const persistence = group('Where agents keep their last good definition.', {
  enabled: flag('Keep it in a volume claim of each instance; else it goes with the pod.', false),
  size: z.string().regex(QUANTITY).default('64Mi').meta({ description: 'Size of the claim.' }),
  storageClass: text('Storage class; empty: that of the cluster.'),
  accessModes: z
    .array(z.literal('ReadWriteOnce'))
    .length(1)
    .default(['ReadWriteOnce'])
    .meta({ description: 'No two instances share a claim.' }),
});

const pods = operatorConfigSchema.shape.agents.unwrap().shape;

const agents = group('Pods of agents.', {
  serviceAccount: group('Who they are.', {
    create: flag('Make one service account for all agents; else each connector has its own.', false),
    name: optionalName('Its name; without `create` one that exists. An Arc identity needs one and makes it.'),
    annotations: textMap('Its annotations.'),
  }),
  resources: pods.resources
    .unwrap()
    .default({})
    .meta({ description: 'Requests and limits; empty: what the operator gives them.' }),
  nodeSelector: pods.nodeSelector.unwrap().default({}).meta({ description: 'Labels of their nodes.' }),
  tolerations: pods.tolerations.unwrap().default([]).meta({ description: 'Beside that of their connector.' }),
  affinity: pods.affinity.unwrap().default({}).meta({ description: 'Where they would rather run.' }),
  podAnnotations: pods.podAnnotations.unwrap().default({}).meta({ description: 'Annotations.' }),
  podLabels: pods.podLabels.unwrap().default({}).meta({ description: 'Labels.' }),
  extraEnv: pods.extraEnv.unwrap().default([]).meta({ description: 'Environment variables.' }),
  userId: pods.userId.unwrap().default(65_532).meta({ description: 'User and group of the process.' }),
});

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsGroup: 65_532,
  runAsNonRoot: true,
  runAsUser: 65_532,
  seccompProfile: { type: 'RuntimeDefault' },
};

const operatorPods = {
  serviceAccount: group('Who the operator is.', {
    create: flag('Make the service account.', true),
    name: optionalName('Its name; empty: that of the operator, or `default` without `create`.'),
    annotations: textMap('Its annotations.'),
  }),
  rbac: group('What the operator may do.', {
    create: flag('Make its roles and bindings.', true),
    secretNames: z.array(objectName()).default([]).meta({
      description: 'Secrets of connectors that are not in these values: the operator may watch them by name.',
    }),
  }),
  podAnnotations: textMap('Annotations of its pods.'),
  podLabels: textMap('Labels of its pods.'),
  podSecurityContext: kubernetesObject('Security context of its pods.', {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  }),
  securityContext: kubernetesObject('Security context of its container.', restricted),
  resources: kubernetesObject('Its requests and limits.', {
    requests: { cpu: '50m', memory: '96Mi' },
    limits: { memory: '256Mi' },
  }),
  nodeSelector: textMap('Labels of its nodes.'),
  tolerations: kubernetesList('Taints it tolerates.'),
  affinity: kubernetesObject('Where it would rather run.'),
  topologySpreadConstraints: kubernetesList('How its pods are spread; empty: over nodes, when there are several.'),
  priorityClassName: optionalName('Its priority class.'),
  terminationGracePeriodSeconds: z.int().min(0).max(3600).default(15).meta({ description: 'Time it has to end.' }),
  extraEnv: namedList('Environment variables of its container.'),
  extraVolumes: namedList('Volumes of its pods.'),
  extraVolumeMounts: namedList('Where its container has them.'),
};

const azure = z
  .looseObject({
    Extension: z
      .looseObject({
        Name: text('Name of the extension.'),
        ResourceId: text('Its resource ID; agents name their sessions after it.'),
      })
      .prefault({})
      .meta({ description: 'The Arc extension that this chart is installed as.' }),
    Identity: z
      .looseObject({ MSIAdapterYaml: text('The end of the container that answers token requests.') })
      .prefault({})
      .meta({ description: 'Its identity.' }),
    proxySettings: z
      .looseObject({
        isProxyEnabled: z
          .union([z.boolean(), z.enum(['true', 'false', ''])])
          .default(false)
          .meta({ description: 'Whether requests for tokens and definitions go by a proxy; MQTT never does.' }),
        httpProxy: text('Proxy for http.'),
        httpsProxy: text('Proxy for https.'),
        noProxy: text('What goes past it, beside what is in the cluster.'),
      })
      .prefault({})
      .meta({ description: 'The proxy of the cluster.' }),
  })
  .prefault({})
  .meta({ description: 'Filled in by the extension manager of Azure Arc, with more than is read here.' });

/** A resource as values hold it: whole, or only its name and spec. */
function resource<K extends string, S extends z.ZodType>(
  kind: K,
  { metadata, spec }: { metadata: z.ZodType; spec: S },
) {
  return z
    .strictObject({
      apiVersion: z.literal(API_VERSION).optional().meta({ description: 'API group and version.' }),
      kind: z.literal(kind).optional().meta({ description: 'Kind of the resource.' }),
      metadata: metadata.optional(),
      name: objectName().optional().meta({ description: 'Its name, in place of metadata.' }),
      spec,
    })
    .refine(({ metadata, name }) => (metadata === undefined) !== (name === undefined), 'needs a name or metadata')
    .meta({ oneOf: [{ required: ['metadata'] }, { required: ['name'] }] });
}

/** The values of the Helm chart; parsing applies the defaults that values.yaml shows. */
export const helmValuesSchema = z
  .strictObject({
    image,
    imagePullSecrets: namedList('Secrets to pull the image with, as `- name: …`.'),
    nameOverride: shortName('In place of the name of the chart.'),
    fullnameOverride: shortName('Beginning of all names; empty: the release and the chart.'),
    allNamespaces: flag('Look after all namespaces; else that of the release.', false),
    replicas: z
      .int()
      .min(0)
      .max(10)
      .default(1)
      .meta({ description: 'Pods of the operator; one works, others stand by.' }),
    logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info').meta({
      description: 'How much the operator logs, and the agents of those `connectors` that do not say so themselves.',
    }),
    definition,
    persistence,
    localToken: group('The token that agents show to the local broker.', {
      audience: text('Its audience; empty: the one that the method of the connector goes with.'),
      expirationSeconds: z
        .int()
        .min(600)
        .max(4_294_967_296)
        .default(86_400)
        .meta({ description: 'How long it is valid.' }),
    }),
    workloadIdentity: group('The identity that the service account of agents stands for.', {
      clientId: pattern(GUID, 'must be a GUID', 'Client ID of an application or a managed identity.'),
    }),
    agents,
    ...operatorPods,
    metrics: group('Metrics of the operator and its agents.', {
      enabled: flag("Make a Service for the operator's; probes are answered without it.", true),
      port: port.default(9600).meta({ description: 'Port of probes and metrics of the operator.' }),
      serviceMonitor: group('For the Prometheus operator.', {
        enabled: flag('Make a ServiceMonitor for operator and agents.', false),
        interval: z.string().regex(DURATION).default('30s').meta({ description: 'Time between two scrapes.' }),
        labels: textMap('Labels by which a Prometheus finds it.'),
      }),
      prometheusRule: group('Alert rules, for the Prometheus operator.', {
        enabled: flag('Make a PrometheusRule.', false),
        labels: textMap('Labels by which a Prometheus finds it.'),
      }),
      dashboard: group('A dashboard for Grafana, as a ConfigMap.', {
        enabled: flag('Make the ConfigMap.', false),
        labels: textMap('Labels by which Grafana finds it.', { grafana_dashboard: '1' }),
      }),
    }),
    networkPolicy: group('What operator and agents may speak to.', {
      enabled: flag('Close what they do not need; the network of the cluster has to enforce policies.', false),
      brokerPorts: z.array(port).default([1883, 8883, 18_883]).meta({ description: 'Ports of brokers, beside 443.' }),
    }),
    crds: group('Custom resource definitions.', {
      install: flag('Install and upgrade them with the chart; they stay when it is uninstalled.', true),
    }),
    connectors: z
      .array(resource('MqttBridgeConnector', connectorSchema.shape))
      .default([])
      .meta({ description: 'Connectors: whole resources, or `name` and `spec`.' }),
    topicMaps: z
      .array(resource('MqttBridgeTopicMap', topicMapSchema.shape))
      .default([])
      .meta({ description: 'Topic maps: whole resources, or `name` and `spec`.' }),
    Azure: azure,
    global: z.looseObject({}).optional().meta({ description: 'Values of a parent chart, not read.' }),
  })
  .meta({ title: 'Values of the Helm chart mqttbridge' });
