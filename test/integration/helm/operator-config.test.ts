import { describe, expect, test } from 'vitest';
import { readOperatorConfig } from '../../../operator/config.ts';
import { only } from '../infra/manifests.ts';
import { configOf, MATRIX, openChart, rendered, templateOf } from './matrix.ts';

const chart = await openChart();
const render = (name: string) => rendered(chart, name);
const configMapOf = (name: string) => only(render(name), 'ConfigMap', /-operator-config$/);

describe("the operator's configuration", () => {
  const config = (name: string) => configOf(configMapOf(name)['data']);

  test.for(Object.keys(MATRIX))('is one that the operator reads, with %s', (name) => {
    const { data } = configMapOf(name) as unknown as { data: Readonly<Record<string, string>> };
    expect(readOperatorConfig(data['operator.yaml'] ?? '')).toMatchObject({ kind: 'config' });
  });

  test('says what is given, and nothing of what is not', () => {
    expect(config('nothing said')).toEqual({
      apiVersion: 'mqttbridge/v1',
      kind: 'OperatorConfig',
      image: { repository: 'mqttbridge', tag: '0.1.0', pullPolicy: 'IfNotPresent' },
      definition: { kubernetes: {} },
      agents: { userId: 65_532 },
      localToken: { expirationSeconds: 86_400 },
    });
    expect(config('a control plane by Microsoft Entra, with storage')).toMatchObject({
      definition: {
        controlPlane: {
          url: 'https://plane.example',
          site: 'plant-1',
          audience: 'api://bridge',
          storage: { size: '1Gi', storageClassName: 'fast' },
        },
      },
      localToken: { audience: 'aio-internal', expirationSeconds: 3600 },
    });
    expect(config('pods as somebody wants them')).toMatchObject({
      image: { tag: `sha256:${'a'.repeat(64)}`, pullSecrets: ['registry'] },
      agents: { userId: 2_000_000, podAnnotations: { note: 'yes' }, resources: { limits: { cpu: 2 } } },
    });
  });

  test('restarts the operator when it changes', () => {
    const checksum = (name: string) => templateOf(render(name)).metadata.annotations?.['checksum/config'];
    expect(checksum('nothing said')).toBe(checksum('all namespaces, several replicas'));
    expect(checksum('nothing said')).not.toBe(checksum('pods as somebody wants them'));
  });

  test('has no identity of Azure where nothing of it is given', () => {
    for (const name of ['an Arc extension without an identity', 'no values of Azure']) {
      expect(config(name)).toEqual(config('nothing said'));
      expect(render(name)).toEqual(render('nothing said'));
    }
  });

  test('has the adapter of Azure Arc as one whole container', () => {
    const { arcExtension, agents } = config('an Arc extension with an identity') as Record<
      string,
      Record<string, unknown>
    >;
    expect(arcExtension?.['resourceId']).toBe('/subscriptions/1/extensions/bridge');
    const sidecar = arcExtension?.['sidecar'] as Record<string, unknown>;
    expect(Object.keys(sidecar)).toEqual([
      'env',
      'image',
      'imagePullPolicy',
      'livenessProbe',
      'name',
      'resources',
      'securityContext',
    ]);
    const env = sidecar['env'] as { name: string; value: string }[];
    expect(env.map(({ name }) => name)).toEqual([
      'TOKEN_NAMESPACE',
      'LIVENESS_PROBE_PORT',
      'EXTENSION_ARMID',
      'EXTENSION_NAME',
      'CLUSTER_IDENTITY',
      'CLUSTER_TYPE',
      'MANAGED_IDENTITY_AUTH',
      'TEST_MODE',
      'TEST_FILE',
    ]);
    for (const { value } of env) expect(value).toBeTypeOf('string');
    expect(sidecar).toMatchObject({ image: 'mcr.microsoft.com/azurearck8s/msi-adapter:1.29.3' });
    expect(agents?.['serviceAccountName']).toBe('bridge-mqttbridge');
  });

  test('sends requests of agents by the proxy, but none that stays in the cluster or goes for a token', () => {
    const { agents } = config('an Arc extension with connectors') as { agents: { extraEnv: object[] } };
    expect(agents.extraEnv).toEqual([
      { name: 'HTTP_PROXY', value: 'http://proxy.example:3128' },
      { name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' },
      {
        name: 'NO_PROXY',
        value: '169.254.169.254,$(KUBERNETES_SERVICE_HOST),.svc,.cluster.local,.example,10.0.0.0/8',
      },
      { name: 'NODE_USE_ENV_PROXY', value: '1' },
      { name: 'A', value: 'b' },
    ]);
  });
});

describe('the identity of an Arc extension', () => {
  test('is for the account of agents, which is made unless one is named', () => {
    for (const [name, account, made] of [
      ['an Arc extension with an identity', 'bridge-mqttbridge', true],
      ['an Arc extension with connectors', 'bridges', false],
    ] as const) {
      const objects = render(name);
      const { namespace } = only(objects, 'Deployment').metadata;
      expect(only(objects, 'AzureExtensionIdentity')).toMatchObject({
        metadata: { name: 'bridge', namespace: 'azure-arc' },
        spec: { serviceAccounts: [{ name: account, namespace }], tokenNamespace: namespace },
      });
      expect(objects.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === account)).toBe(made);
    }
  });
});
