import { join } from 'node:path';
import { parse } from 'yaml';
import { type Chart, type Installation, loadChart } from '../../support/helm/chart.ts';
import type { KubeObject } from '../../support/kubernetes/api-server/object.ts';
import type { PodTemplate } from '../../support/kubernetes/manifest/pod.ts';
import { only } from '../infra/manifests.ts';
import { ROOT } from '../infra/templates.ts';

/** Where the chart is. */
export const CHART = join(ROOT, 'infra/kubernetes/helm/mqttbridge');

/** The chart of this repository. */
export function openChart(): Promise<Chart> {
  return loadChart(CHART);
}

/** Ends a container whose list of environment variables has begun, as the extension manager of Azure Arc writes it. */
export const MSI_ADAPTER = `
- name: EXTENSION_ARMID
  value: "/subscriptions/1/resourceGroups/g/providers/Microsoft.Kubernetes/connectedClusters/c/providers/Microsoft.KubernetesConfiguration/extensions/bridge"
- name: EXTENSION_NAME
  value: bridge
- name: CLUSTER_IDENTITY
  value: "false"
- name: CLUSTER_TYPE
  value: ConnectedClusters
- name: MANAGED_IDENTITY_AUTH
  value: "true"
- name: TEST_MODE
  value: "false"
- name: TEST_FILE
  value: /data/token
image: mcr.microsoft.com/azurearck8s/msi-adapter:1.29.3
securityContext:
  privileged: false
  capabilities:
    drop:
    - ALL
    add:
    - NET_ADMIN
    - NET_RAW
livenessProbe:
  httpGet:
    path: /healthz
    port: 9999
    scheme: "HTTP"
  initialDelaySeconds: 10
  periodSeconds: 15
resources:
  limits:
    cpu: 50m
    memory: 100Mi
`;

const ARC = {
  Extension: { Name: 'bridge', ResourceId: '/subscriptions/1/extensions/bridge', ReleaseTrain: 'stable' },
  Cluster: { Region: 'westeurope', Distribution: 'k3s' },
  Identity: { Type: 'SystemAssigned', isEnabled: true, MSIAdapterYaml: MSI_ADAPTER },
  proxySettings: {
    isProxyEnabled: true,
    httpProxy: 'http://proxy.example:3128',
    httpsProxy: 'http://proxy.example:3128',
    noProxy: '.example,10.0.0.0/8',
    proxyCert: '',
    autonomousFqdn: '',
  },
};

const REMOTE = { endpoint: 'remote.example:8883', tls: { tlsEnabled: true } };
const x509 = (x509: object) => ({ ...REMOTE, authentication: { x509 } });

/** Connectors with every way to log on that names a Secret, in both forms, and their topic maps. */
const RESOURCES = {
  connectors: [
    { name: 'edge', spec: { protocol: 'v5', remoteBrokerConnection: x509({ secretName: 'edge-certificate' }) } },
    {
      apiVersion: 'mq.iotoperations.azure.com/v1beta1',
      kind: 'MqttBridgeConnector',
      metadata: { name: 'vault', labels: { line: '4' }, annotations: { note: '{{ not a template }} ${inputTopic}' } },
      spec: {
        protocol: 'v5',
        localBrokerConnection: {
          endpoint: 'local:8883',
          authentication: { usernamePassword: { secretName: 'local-password' } },
        },
        remoteBrokerConnection: x509({
          keyVault: {
            vault: {
              name: 'vault',
              directoryId: '11111111-2222-4333-8444-555555555555',
              credentials: { servicePrincipalLocalSecretName: 'vault-reader' },
            },
            vaultCert: { name: 'edge' },
          },
        }),
      },
    },
  ],
  topicMaps: [
    {
      name: 'edge-routes',
      spec: {
        mqttBridgeConnectorRef: 'edge',
        routes: [
          {
            name: 'up',
            direction: 'local-to-remote',
            source: 'telemetry/#',
            target: 'site/${inputTopic}',
          },
        ],
      },
    },
  ],
};

const elsewhere = { apiVersion: 'mq.iotoperations.azure.com/v1beta1', kind: 'MqttBridgeConnector' };

/** Ways to install the chart, by what is special in each. */
export const MATRIX: Readonly<Record<string, Installation>> = {
  'nothing said': {},
  'another name': { release: 'a-release-with-a-rather-long-name-that-is-cut', namespace: 'azure-iot-operations' },
  'every name given': {
    values: {
      nameOverride: 'bridge',
      fullnameOverride: 'line-4',
      serviceAccount: { name: 'bridge-operator', annotations: { note: 'yes' } },
      agents: { serviceAccount: { create: true, name: 'bridges', annotations: { note: 'on' } } },
      workloadIdentity: { clientId: '66666666-7777-4888-8999-000000000000' },
    },
  },
  'all namespaces, several replicas': {
    values: { allNamespaces: true, replicas: 3, metrics: { enabled: false, serviceMonitor: { enabled: true } } },
  },
  'what is there already': {
    values: {
      crds: { install: false },
      rbac: { create: false },
      serviceAccount: { create: false, name: 'operators' },
      agents: { serviceAccount: { name: 'bridges' } },
      metrics: { enabled: false },
    },
  },
  'connectors with Secrets': { values: { ...RESOURCES, rbac: { secretNames: ['more', 'edge-certificate'] } } },
  'connectors of several namespaces': {
    values: {
      allNamespaces: true,
      agents: { serviceAccount: { create: true } },
      networkPolicy: { enabled: true, brokerPorts: [] },
      connectors: [
        ...RESOURCES.connectors,
        {
          ...elsewhere,
          metadata: { name: 'edge', namespace: 'plant-2' },
          spec: { remoteBrokerConnection: x509({ secretName: 'plant-2' }) },
        },
      ],
      definition: {
        controlPlane: { url: 'https://plane.example', site: '4711', key: { secretName: 'plane', key: 'agent.key' } },
      },
    },
  },
  'a control plane by Microsoft Entra, with storage': {
    values: {
      definition: { controlPlane: { url: 'https://plane.example', site: 'plant-1', audience: 'api://bridge' } },
      persistence: { enabled: true, size: '1Gi', storageClass: 'fast' },
      localToken: { audience: 'aio-internal', expirationSeconds: 3600 },
    },
  },
  'pods as somebody wants them': {
    values: {
      image: {
        repository: 'registry.example:5000/team/mqttbridge',
        tag: `sha256:${'a'.repeat(64)}`,
        pullPolicy: 'Always',
      },
      imagePullSecrets: [{ name: 'registry' }],
      podAnnotations: { note: 'true' },
      podLabels: { team: '7', 'app.kubernetes.io/name': 'not-to-be-changed' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'edge', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      priorityClassName: 'system-cluster-critical',
      terminationGracePeriodSeconds: 60,
      extraEnv: [{ name: 'TZ', value: 'Europe/Berlin' }],
      extraVolumes: [{ name: 'more', emptyDir: { sizeLimit: '1Mi' } }],
      extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
      metrics: {
        port: 9700,
        serviceMonitor: { enabled: true, interval: '1m', labels: { release: 'prometheus' } },
        prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
        dashboard: { enabled: true, labels: { folder: 'edge' } },
      },
      networkPolicy: { enabled: true },
      agents: {
        resources: { limits: { memory: '1Gi', cpu: 2 } },
        nodeSelector: { line: '4' },
        tolerations: [{ key: 'line', operator: 'Equal', value: '4' }],
        affinity: { podAntiAffinity: {} },
        podAnnotations: { note: 'yes' },
        podLabels: { team: '7' },
        extraEnv: [{ name: 'TZ', value: 'UTC' }],
        userId: 2_000_000,
      },
    },
  },
  'names that YAML takes for something else': {
    release: 'on',
    namespace: '1e3',
    values: {
      nameOverride: 'n',
      serviceAccount: { name: 'true', annotations: { a: 'null', b: '0x10' } },
      agents: { serviceAccount: { create: true, name: '0123' }, podLabels: { a: '1_000' } },
      priorityClassName: 'null',
      podLabels: { a: 'no', b: '12_30' },
      podAnnotations: { a: 'line\nline: "quoted" {{ }}', b: ' ', c: '- x', d: '# y', e: '~', f: '2026-01-01' },
      image: { tag: '1.10' },
      definition: { controlPlane: { url: 'https://a', site: '4711', audience: '{{ .Values }}' } },
      persistence: { enabled: true, storageClass: '7' },
      Azure: { ...ARC, Extension: { Name: '1e3', ResourceId: '0o7' } },
    },
  },
  'an Arc extension with an identity': { release: 'bridge', namespace: 'azure-iot-operations', values: { Azure: ARC } },
  'an Arc extension without an identity': {
    values: {
      Azure: {
        Extension: { Name: '', ResourceId: '' },
        Identity: { MSIAdapterYaml: '' },
        proxySettings: { isProxyEnabled: 'false', httpProxy: '', httpsProxy: '', noProxy: '' },
      },
    },
  },
  'no values of Azure': { values: { Azure: { Extension: null, Identity: null, proxySettings: null } } },
  'an Arc extension with connectors': {
    values: {
      ...RESOURCES,
      Azure: ARC,
      agents: { serviceAccount: { name: 'bridges' }, extraEnv: [{ name: 'A', value: 'b' }] },
    },
  },
};

/** One line of the matrix. */
export function installation(name: string): Installation {
  const found = MATRIX[name];
  if (found === undefined) throw new Error(`no installation "${name}"`);
  return found;
}

const known = new Map<string, readonly KubeObject[]>();

/** What one line of the matrix makes; the same objects each time. */
export function rendered(chart: Chart, name: string): readonly KubeObject[] {
  const objects = known.get(name) ?? chart.render(installation(name)).objects;
  known.set(name, objects);
  return objects;
}

/** The operator's configuration that a rendering holds, read as the operator does. */
export function configOf(data: unknown): Record<string, unknown> {
  const text = (data as Readonly<Record<string, string>>)['operator.yaml'];
  return parse(text ?? '') as Record<string, unknown>;
}

/** What the pods of the operator are made from. */
export function templateOf(objects: readonly KubeObject[]): PodTemplate {
  return (only(objects, 'Deployment')['spec'] as { template: PodTemplate }).template;
}
