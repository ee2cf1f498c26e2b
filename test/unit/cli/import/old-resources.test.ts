import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { importOne, importText } from './import-text.ts';

const ROOT = `${import.meta.dirname}/../../../..`;

interface Old {
  readonly apiVersion?: string;
  readonly connector?: object;
  readonly remote?: object;
  readonly routes?: readonly object[];
}

function oldYaml({ apiVersion = 'az-edge.com/v1alpha4', connector = {}, remote = {}, routes = [] }: Old): string {
  const remoteBrokerConnection = {
    endpoint: 'r.example:8883',
    tls: { tlsEnabled: true },
    authentication: { x509: { secretName: 's' } },
    ...remote,
  };
  return [
    {
      apiVersion,
      kind: 'MqttBridgeConnector',
      metadata: { name: 'c' },
      spec: { remoteBrokerConnection, ...connector },
    },
    { apiVersion, kind: 'MqttBridgeTopicMap', metadata: { name: 'm' }, spec: { mqttBridgeConnectorRef: 'c', routes } },
  ]
    .map((document) => stringify(document))
    .join('---\n');
}

const route = { direction: 'local-to-remote', name: 'r', source: 'a' };

test.each<readonly [string, Old, object]>([
  ['clientK8sSecret', { remote: { authentication: { x509: { clientK8sSecret: 'x' } } } }, { secretName: 'x' }],
  ['clientCertKeySecret', { remote: { authentication: { x509: { clientCertKeySecret: 'x' } } } }, { secretName: 'x' }],
  ['secretRef', { remote: { authentication: { x509: { secretRef: 'x' } } } }, { secretName: 'x' }],
])('%s is the secretName of now', (_, old, x509) => {
  const { spec, errors } = importOne(oldYaml(old));
  expect(errors).toEqual([]);
  expect(spec.remoteBrokerConnection.authentication.x509).toEqual(x509);
});

test.each([
  'trustedCaCertificateName',
  'trustedCaCertifcateName',
  'trustedCaCertificateConfigMapRef',
  'trustedCaCertificate',
])('%s is the trustedCaCertificateConfigMap of now', (field) => {
  const { spec, notes } = importOne(oldYaml({ remote: { tls: { mode: 'Enabled', [field]: 'ca' } } }));
  expect(spec.remoteBrokerConnection.tls).toEqual({ tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' });
  expect(notes).toEqual([]);
});

test.each([
  'az-edge.com/v1alpha4',
  'az-edge.com/v1alpha2',
  'mq.iotoperations.azure.com/v1alpha1',
  'mq.iotoperations.azure.com/v1beta1',
])('resources of %s are taken over', (apiVersion) => {
  expect(importOne(oldYaml({ apiVersion, routes: [route] })).routes).toHaveLength(1);
});

test('values are spelled as they are now', () => {
  const connector = {
    protocol: 'V5',
    logLevel: 'Debug',
    bridgeInstances: '2',
    localBrokerConnection: { authentication: { serviceAccountToken: {} }, tls: { enabled: 'true' } },
  };
  const routes = [{ ...route, direction: 'LocalToRemote', qos: '0' }];
  const result = importOne(oldYaml({ connector, routes }));
  expect(result.spec).toMatchObject({ protocol: 'v5', logLevel: 'debug', bridgeInstances: 2 });
  expect(result.spec.localBrokerConnection).toMatchObject({
    tls: { tlsEnabled: true },
    authentication: { kubernetes: {} },
  });
  expect(result.routes).toMatchObject([{ direction: 'local-to-remote', qos: 0 }]);
});

test('what there is no place for is told at its line, and the rest is imported', () => {
  const connector = { image: { repository: 'old.example/bridge', tag: '1' }, color: 'red' };
  const { notes, spec } = importOne(oldYaml({ connector, routes: [{ ...route, rate: 5 }] }));
  expect(spec.image).toBeUndefined();
  expect(notes.map(({ kind, what, line }) => [kind, what, line])).toEqual([
    ['notCarried', 'spec.image', 13],
    ['notCarried', 'spec.color', 16],
    ['notCarried', 'spec.routes[0].rate', 28],
  ]);
});

test('a route without a name gets one, and a route for both directions becomes two', () => {
  const { name: _, ...unnamed } = route;
  const { routes, notes } = importOne(oldYaml({ routes: [unnamed, { ...route, direction: 'both' }] }));
  expect(routes.map(({ name, direction }) => [name, direction])).toEqual([
    ['m-1', 'local-to-remote'],
    ['r-out', 'local-to-remote'],
    ['r-in', 'remote-to-local'],
  ]);
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'changed', what: 'spec.routes[0]' }));
});

test.each([
  [
    'a topic map alone',
    'apiVersion: az-edge.com/v1\nkind: MqttBridgeTopicMap\nmetadata: { name: m }\nspec: { mqttBridgeConnectorRef: c }\n',
    'not among the files',
  ],
  ['text that is no YAML', 'a: [', ''],
  ['a target with wildcards', oldYaml({ routes: [{ ...route, target: 'x/#' }] }), 'TM004'],
])('%s imports nothing and says why', (_, text, why) => {
  const { documents, notes } = importText(text);
  expect(documents).toEqual([]);
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'error', why: expect.stringContaining(why) }));
});

test('resources of other kinds are named', () => {
  const { notes } = importOne(`${oldYaml({})}---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\n`);
  expect(notes).toMatchObject([{ kind: 'notCarried', what: 'v1 Secret' }]);
});

test('an example of today comes out as it went in', async () => {
  const parts = ['connector.yaml', 'topic-map.yaml'].map((name) =>
    readFile(`${ROOT}/examples/two-brokers/${name}`, 'utf8'),
  );
  const text = (await Promise.all(parts)).join('---\n');
  const { yaml } = importText(text);
  const plain = (source: string) => parseAllDocuments(source).map((document) => document.toJS() as unknown);
  expect(plain(yaml)).toEqual(plain(text));
});
