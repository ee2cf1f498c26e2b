import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { labelsOf } from '../../../operator/render/labels.ts';
import { addOperator } from '../../../cli/program/operator.ts';
import { helmValuesSchema } from '../../../shared/helm/values.ts';
import { FUNCTIONS } from '../../support/helm/functions.ts';
import type { KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import { only } from '../infra/manifests.ts';
import { readRepositoryFile } from '../infra/templates.ts';
import { installation, MATRIX, openChart, rendered, templateOf } from './matrix.ts';

const chart = await openChart();
const render = (name: string) => rendered(chart, name);
const CLUSTER_WIDE = new Set(['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);

/** What the command line makes of a container's arguments. */
function optionsOf(args: readonly string[]): object {
  let options = {};
  const program = new Command().exitOverride();
  addOperator(program, (command) => command.action((parsed: object) => void (options = parsed)));
  program.parse([...args], { from: 'user' });
  return options;
}

interface Rule {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const rulesOf = (role: KubeObject) => role['rules'] as readonly Rule[];

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
      return selector === undefined || kind === 'ServiceMonitor' ? [] : [selector.matchLabels ?? selector];
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
      'two ways to log on',
      {
        definition: {
          controlPlane: { url: 'https://a', site: 's', audience: 'b', key: { secretName: 'c', key: 'd' } },
        },
      },
      'not by both',
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
    const { values } = installation('connectors of several namespaces');
    expect(() => chart.render({ values: { ...values, allNamespaces: false } })).toThrow('set allNamespaces');
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

  test('log as the values say unless they say it themselves', () => {
    const { connectors } = installation('connectors with Secrets').values as { connectors: [{ spec: object }] };
    const [connector] = connectors;
    const loud = { ...connector, name: 'loud', spec: { ...connector.spec, logLevel: 'debug' } };
    const { objects } = chart.render({ values: { connectors: [connector, loud], logLevel: 'warn' } });
    expect(only(objects, 'MqttBridgeConnector', /edge/)['spec']).toMatchObject({ logLevel: 'warn' });
    expect(only(objects, 'MqttBridgeConnector', /loud/)['spec']).toMatchObject({ logLevel: 'debug' });
    expect(JSON.stringify(only(objects, 'Deployment'))).toContain('"--log-level=warn"');
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

describe('the pods of the operator', () => {
  test('are spread and may be evicted one by one when there are several', () => {
    const objects = render('all namespaces, several replicas');
    expect(only(objects, 'PodDisruptionBudget')['spec']).toMatchObject({ maxUnavailable: 1 });
    expect(templateOf(objects).spec).toMatchObject({
      topologySpreadConstraints: [{ whenUnsatisfiable: 'ScheduleAnyway' }],
    });
    expect(render('nothing said').some(({ kind }) => kind === 'PodDisruptionBudget')).toBe(false);
  });

  test.for(Object.keys(MATRIX))('are started with options that the command has, with %s', (name) => {
    const [container] = templateOf(render(name)).spec.containers;
    const { metrics, allNamespaces, logLevel } = { metrics: { port: 9600 }, ...installation(name).values } as {
      metrics: { port?: number };
      allNamespaces?: boolean;
      logLevel?: string;
    };
    expect(optionsOf(container?.args ?? [])).toEqual({
      config: '/etc/mqttbridge/operator.yaml',
      http: { host: '0.0.0.0', port: metrics.port ?? 9600 },
      logLevel: logLevel ?? 'info',
      ...(allNamespaces && { allNamespaces }),
    });
  });
});

test('alert rules and dashboard are those that are generated, text of their templates as it stands', async () => {
  const objects = render('pods as somebody wants them');
  const rule = parse(await readRepositoryFile('infra/kubernetes/monitoring/prometheus-rule.yaml')) as KubeObject;
  expect(only(objects, 'PrometheusRule')['spec']).toEqual(rule['spec']);
  expect(only(objects, 'PrometheusRule').metadata.labels).toMatchObject({ release: 'prometheus' });
  const dashboard = only(objects, 'ConfigMap', /-dashboard$/);
  const text = await readRepositoryFile('infra/kubernetes/monitoring/dashboard.json');
  expect(dashboard['data']).toEqual({ 'mqttbridge.json': text });
  expect(dashboard.metadata.labels).toMatchObject({ grafana_dashboard: '1', folder: 'edge' });
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
