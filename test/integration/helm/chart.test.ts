import { describe, expect, test } from 'vitest';
import { labelsOf } from '../../../operator/render/labels.ts';
import { helmValuesSchema } from '../../../shared/helm/values.ts';
import { FUNCTIONS } from '../../support/helm/functions.ts';
import type { Rendered } from '../../support/helm/chart.ts';
import { manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import type { PodTemplate } from '../../support/kubernetes/manifest/pod.ts';
import { readRepositoryFile } from '../infra/templates.ts';
import { configOf, installation, MATRIX, openChart } from './matrix.ts';

const chart = await openChart();
const CLUSTER_WIDE = new Set(['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);

function only(objects: readonly Rendered[], kind: string, name?: RegExp): Rendered {
  const found = objects.filter((each) => each.kind === kind && (name?.test(each.metadata.name) ?? true));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} ${String(name)}`);
  return first;
}

function templateOf(objects: readonly Rendered[]): PodTemplate {
  return (only(objects, 'Deployment')['spec'] as { template: PodTemplate }).template;
}

function render(name: string): readonly Rendered[] {
  return chart.render(installation(name)).objects;
}

interface Rule {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const rulesOf = (role: Rendered) => role['rules'] as readonly Rule[];

describe.for(Object.keys(MATRIX))('the chart with %s', (name) => {
  const objects = render(name);

  test('is made of objects that an API server knows, with fields that it knows, restricted and without wildcards', () => {
    for (const object of objects)
      expect([object.kind, object.metadata.name, ...manifestFaults(object)]).toHaveLength(2);
  });

  test('has no object twice, every one with a name that fits a label, and its namespace', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of objects) {
      if (kind !== 'CustomResourceDefinition') expect(metadata.name.length).toBeLessThanOrEqual(63);
      expect([kind, metadata.namespace !== undefined]).toEqual([kind, !CLUSTER_WIDE.has(kind)]);
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'mqttbridge' });
    }
  });

  test('gives rights to Secrets by name alone, to read them', () => {
    for (const role of objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')) {
      for (const { resources, resourceNames, verbs } of rulesOf(role)) {
        if (!resources.includes('secrets')) continue;
        expect(role.kind).toBe('Role');
        expect(resourceNames?.length).toBeGreaterThan(0);
        expect(verbs).toEqual(['get', 'list', 'watch']);
      }
    }
  });

  test('binds every role to the account of the pods', () => {
    const { serviceAccountName } = templateOf(objects).spec;
    for (const { kind, metadata, roleRef, subjects } of objects.filter((each) => each.kind.endsWith('RoleBinding'))) {
      const role = roleRef as { kind: string; name: string };
      expect(`${role.kind}Binding`).toBe(kind);
      expect(
        objects.some(
          (each) =>
            each.kind === role.kind &&
            each.metadata.name === role.name &&
            each.metadata.namespace === metadata.namespace,
        ),
      ).toBe(true);
      expect(subjects).toEqual([
        { kind: 'ServiceAccount', name: serviceAccountName, namespace: only(objects, 'Deployment').metadata.namespace },
      ]);
    }
  });

  test('has selectors that take the pods of the operator and never those of an agent', () => {
    const { labels } = templateOf(objects).metadata;
    const { release = 'mqttbridge' } = installation(name);
    const takes = (selector: Readonly<Record<string, string>>, pod: Readonly<Record<string, string>>) =>
      Object.entries(selector).every(([key, value]) => pod[key] === value);
    const selectors = objects.flatMap(({ kind, spec }) => {
      const { selector } = (spec ?? {}) as {
        selector?: Record<string, string> & { matchLabels?: Record<string, string> };
      };
      return selector === undefined || kind === 'ServiceMonitor'
        ? []
        : [(selector.matchLabels ?? selector) as Record<string, string>];
    });
    for (const selector of selectors)
      expect([takes(selector, labels), takes(selector, labelsOf(release))]).toEqual([true, false]);
    expect(takes({ 'app.kubernetes.io/name': 'mqttbridge' }, labels)).toBe(false);
  });
});

describe('values', () => {
  test('have the defaults of the schema', () => {
    expect(chart.defaults).toEqual(helmValuesSchema.parse({}));
  });

  test.for([
    ['unknown', { colour: 'red' }],
    ['unknown inside', { image: { name: 'mqttbridge' } }],
    ['of another type', { replicas: '2' }],
    ['out of range', { metrics: { port: 0 } }],
    ['no name', { fullnameOverride: 'Upper' }],
    ['a connector without a name', { connectors: [{ spec: { remoteBrokerConnection: {} } }] }],
    ['a connector with two names', { connectors: [{ name: 'a', metadata: { name: 'a' }, spec: {} }] }],
    ['a connector of an unknown field', { connectors: [{ name: 'a', spec: { colour: 'red' } }] }],
    [
      'a topic map of another kind',
      { topicMaps: [{ kind: 'MqttBridgeConnector', metadata: { name: 'a' }, spec: {} }] },
    ],
    ['a Secret of any name', { rbac: { secretNames: ['*'] } }],
  ] as const)('that are wrong are refused by the schema: %s', ([, values]) => {
    expect(() => chart.render({ values })).toThrow();
    expect(helmValuesSchema.safeParse(values).success).toBe(false);
  });

  test.for([
    ['a control plane without a site', { definition: { controlPlane: { url: 'https://a' } } }, 'controlPlane.site'],
    [
      'without a way to log on',
      { definition: { controlPlane: { url: 'https://a', site: 's' } } },
      'by audience or key',
    ],
    [
      'a key without its entry',
      { definition: { controlPlane: { url: 'https://a', site: 's', key: { secretName: 'a' } } } },
      'key.key',
    ],
    ['an adapter that is none', { Azure: { Identity: { MSIAdapterYaml: 'image' } } }, 'MSIAdapterYaml'],
    [
      'an adapter without an image',
      { Azure: { Identity: { MSIAdapterYaml: '- name: A\n  value: b' } } },
      'MSIAdapterYaml',
    ],
  ] as const)('that do not fit together are refused with a sentence: %s', ([, values, message]) => {
    expect(() => chart.render({ values })).toThrow(message);
  });

  test('of another namespace are refused unless the operator looks after it', () => {
    const values = {
      connectors: [
        {
          metadata: { name: 'a', namespace: 'other' },
          spec: installation('connectors with Secrets').values?.['connectors'],
        },
      ],
    };
    const [{ spec }] = installation('connectors with Secrets').values?.['connectors'] as [{ spec: object }];
    expect(() => chart.render({ values: { connectors: [{ ...values.connectors[0], spec }] } })).toThrow(
      'set allNamespaces',
    );
  });
});

describe('the definitions', () => {
  test('stay when the release goes, and are left out on request', () => {
    const definitions = render('nothing said').filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(definitions).toHaveLength(2);
    for (const { metadata } of definitions)
      expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
    expect(render('what is there already').some(({ kind }) => kind === 'CustomResourceDefinition')).toBe(false);
  });

  test('must be there before connectors, which is said before Helm finds no kind', () => {
    const { values = {} } = installation('connectors with Secrets');
    const cluster = ['apps/v1/Deployment'];
    expect(() => chart.render({ values, apiVersions: cluster })).toThrow('leave both out of the first installation');
    const served = [...cluster, 'mq.iotoperations.azure.com/v1beta1/MqttBridgeConnector'];
    expect(chart.render({ values, apiVersions: served }).objects).toEqual(chart.render({ values }).objects);
  });
});

describe('connectors of the values', () => {
  test('become resources, text of theirs as it stands', () => {
    const objects = render('connectors with Secrets');
    const { metadata, spec } = only(objects, 'MqttBridgeConnector', /vault/);
    expect(metadata).toMatchObject({
      labels: { line: '4' },
      annotations: { note: '{{ not a template }} ${inputTopic}' },
    });
    expect(spec).toMatchObject({ protocol: 'v5', localBrokerConnection: { endpoint: 'local:8883' } });
    expect(only(objects, 'MqttBridgeTopicMap')['spec']).toMatchObject({ routes: [{ target: 'site/${inputTopic}' }] });
  });

  test('let the operator see their Secrets, namespace by namespace', () => {
    const secretsOf = (name: string, namespace: string) =>
      render(name)
        .filter(
          ({ kind, metadata }) =>
            kind === 'Role' && metadata.namespace === namespace && metadata.name.endsWith('-secrets'),
        )
        .flatMap((role) => rulesOf(role).map(({ resourceNames }) => resourceNames));
    expect(secretsOf('connectors with Secrets', 'bridges')).toEqual([
      ['edge-certificate', 'local-password', 'more', 'vault-reader'],
    ]);
    expect(secretsOf('connectors of several namespaces', 'plant-2')).toEqual([['plane', 'plant-2']]);
    expect(secretsOf('nothing said', 'bridges')).toEqual([]);
  });
});

describe("the operator's configuration", () => {
  const config = (name: string) => configOf(only(render(name), 'ConfigMap')['data']);

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

describe('the pods of the operator', () => {
  test('are spread and may be evicted one by one when there are several', () => {
    const objects = render('all namespaces, several replicas');
    expect(only(objects, 'PodDisruptionBudget')['spec']).toMatchObject({ maxUnavailable: 1 });
    expect(templateOf(objects).spec).toMatchObject({
      topologySpreadConstraints: [{ whenUnsatisfiable: 'ScheduleAnyway' }],
    });
    expect(render('nothing said').some(({ kind }) => kind === 'PodDisruptionBudget')).toBe(false);
  });

  test('are told which namespaces are theirs', () => {
    expect(templateOf(render('all namespaces, several replicas')).spec.containers[0]?.args).toContain(
      '--all-namespaces',
    );
    expect(templateOf(render('nothing said')).spec.containers[0]?.args).not.toContain('--all-namespaces');
  });
});

test('the notes name the next commands', () => {
  expect(chart.render({}).notes).toContain('kubectl rollout status deployment/mqttbridge-operator -n bridges');
  const { notes } = chart.render(installation('connectors of several namespaces'));
  expect(notes).toContain('kubectl wait --for=condition=Ready mbc/edge -n plant-2 --timeout=120s');
});

test('the versions of the chart and its image are that of the package', async () => {
  const { version } = JSON.parse(await readRepositoryFile('package.json')) as { version: string };
  expect(templateOf(render('nothing said')).spec.containers[0]?.image).toBe(`mqttbridge:${version}`);
  expect(only(render('nothing said'), 'Deployment').metadata.labels).toMatchObject({
    'helm.sh/chart': `mqttbridge-${version}`,
  });
});

test('every template function that is played for the tests is used by the chart', () => {
  const text = [...chart.sources.values()].join('\n');
  for (const name of Object.keys(FUNCTIONS))
    expect([name, new RegExp(`\\b${name}\\b`).test(text)]).toEqual([name, true]);
});
