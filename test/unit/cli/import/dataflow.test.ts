import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { importOne, importText } from './import-text.ts';

interface Parts {
  readonly mqtt?: object;
  readonly authentication?: object;
  readonly source?: object;
  readonly destination?: object;
  readonly transformation?: object;
  readonly spec?: object;
  readonly up?: boolean;
  readonly more?: readonly object[];
}

const API = 'connectivity.iotoperations.azure.com/v1';

function dataflowYaml(parts: Parts = {}): string {
  const {
    mqtt,
    authentication = { method: 'Anonymous', anonymousSettings: {} },
    transformation,
    up = true,
    more = [],
  } = parts;
  const [from, to] = up ? ['default', 'cloud'] : ['cloud', 'default'];
  const operations = [
    { operationType: 'Source', sourceSettings: { endpointRef: from, dataSources: ['a/#'], ...parts.source } },
    ...(transformation
      ? [{ operationType: 'BuiltInTransformation', builtInTransformationSettings: transformation }]
      : []),
    {
      operationType: 'Destination',
      destinationSettings: { endpointRef: to, dataDestination: 'b', ...parts.destination },
    },
  ];
  const mqttSettings = { host: 'r.example:8883', authentication, ...mqtt };
  return [
    {
      apiVersion: API,
      kind: 'DataflowEndpoint',
      metadata: { name: 'cloud' },
      spec: { endpointType: 'Mqtt', mqttSettings },
    },
    {
      apiVersion: API,
      kind: 'Dataflow',
      metadata: { name: 'flow' },
      spec: { mode: 'Enabled', operations, ...parts.spec },
    },
    ...more,
  ]
    .map((document) => stringify(document))
    .join('---\n');
}

describe('endpoints', () => {
  test.each<readonly [string, object, object]>([
    ['Anonymous', { method: 'Anonymous' }, { anonymous: {} }],
    [
      'X509Certificate',
      { method: 'X509Certificate', x509CertificateSettings: { secretRef: 's' } },
      { x509: { secretName: 's' } },
    ],
    [
      'SystemAssignedManagedIdentity without an audience',
      { method: 'SystemAssignedManagedIdentity' },
      { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
    ],
    [
      'UserAssignedManagedIdentity',
      { method: 'UserAssignedManagedIdentity', userAssignedManagedIdentitySettings: { scope: 'https://x/.default' } },
      { systemAssignedManagedIdentity: { audience: 'https://x' } },
    ],
  ])('%s', (_, authentication, expected) => {
    expect(importOne(dataflowYaml({ authentication })).spec.remoteBrokerConnection.authentication).toEqual(expected);
  });

  test('settings become those of the connector', () => {
    const mqtt = {
      protocol: 'WebSockets',
      clientIdPrefix: 'p',
      keepAliveSeconds: 30,
      maxInflightMessages: 5,
      sessionExpirySeconds: 60,
      tls: { mode: 'Enabled', trustedCaCertificateConfigMapRef: 'ca' },
    };
    const { spec, notes } = importOne(dataflowYaml({ mqtt }));
    expect(spec).toMatchObject({
      clientIdPrefix: 'p',
      session: { keepAliveSeconds: 30, maxInflightMessages: 5, expirySeconds: 60 },
      remoteBrokerConnection: { protocol: 'webSocket', tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' } },
      localBrokerConnection: { endpoint: 'aio-broker:18883', authentication: { kubernetes: {} } },
    });
    expect(notes).toEqual([]);
  });

  test('retain and QoS of the endpoints become those of the routes', () => {
    expect(importOne(dataflowYaml({ mqtt: { retain: 'Never', qos: 0 } })).routes).toMatchObject([
      { retain: 'Never', qos: 0 },
    ]);
    expect(importOne(dataflowYaml({ mqtt: { retain: 'Never' }, up: false })).routes).toMatchObject([
      { retain: 'Keep' },
    ]);
  });

  test('the instances of the profile become those of the bridge', () => {
    const profile = { apiVersion: API, kind: 'DataflowProfile', metadata: { name: 'p' }, spec: { instanceCount: 3 } };
    expect(importOne(dataflowYaml({ spec: { profileRef: 'p' }, more: [profile] })).spec.bridgeInstances).toBe(3);
  });
});

describe('flows', () => {
  test.each([
    ['b', 'b'],
    ['x/${inputTopic}', 'x/${inputTopic}'],
    ['x/${inputTopic.1}', 'x/${inputTopic.1}'],
    ['${inputTopic}', undefined],
  ])('the destination %s becomes the target %s', (dataDestination, target) => {
    const [route] = importOne(dataflowYaml({ destination: { dataDestination } })).routes;
    expect([route?.source, route?.target, route?.direction]).toEqual(['a/#', target, 'local-to-remote']);
  });

  test('every data source is a route, a shared one too', () => {
    const { routes } = importOne(dataflowYaml({ source: { dataSources: ['a', '$share/g/b/#'] }, up: false }));
    expect(routes).toMatchObject([
      { name: 'flow-1', source: 'a', direction: 'remote-to-local' },
      { name: 'flow-2', source: 'b/#', sharedSubscription: { groupName: 'g', groupMinimumShareNumber: 1 } },
    ]);
  });

  test('what passes everything through changes nothing', () => {
    const transformation = {
      filter: [],
      map: [{ type: 'PassThrough', inputs: ['*'], output: '*' }],
      serializationFormat: 'Json',
    };
    expect(importOne(dataflowYaml({ transformation })).notes).toEqual([]);
  });

  test.each<readonly [string, object]>([
    ['filter', { filter: [{ inputs: ['a'], expression: '$1 > 0' }] }],
    ['map', { map: [{ type: 'Compute', inputs: ['a'], output: 'b' }] }],
    ['map', { map: [{ type: 'PassThrough', inputs: ['a'], output: 'a' }] }],
    ['datasets', { datasets: [{ key: 'k' }] }],
    ['serializationFormat', { serializationFormat: 'Parquet' }],
    ['schemaRef', { schemaRef: 's' }],
  ])('a transformation by %s is not imported, and named', (field, transformation) => {
    const { documents, notes } = importText(dataflowYaml({ transformation }));
    expect(documents).toEqual([]);
    const what = `spec.operations[1].builtInTransformationSettings.${field}`;
    expect(notes).toContainEqual(expect.objectContaining({ kind: 'notCarried', what }));
  });

  test.each<readonly [string, Parts, string]>([
    ['an endpoint that is not there', { source: { endpointRef: 'gone' } }, 'no MQTT endpoint "gone"'],
    ['two local ends', { destination: { endpointRef: 'default' } }, 'both endpoints are the local broker'],
    ['no local end', { source: { endpointRef: 'cloud' } }, 'neither endpoint is the local broker'],
    ['a disabled flow', { spec: { mode: 'Disabled' } }, 'disabled'],
  ])('%s is told, and nothing is imported', (_, parts, why) => {
    const { documents, notes } = importText(dataflowYaml(parts));
    expect(documents).toEqual([]);
    expect(notes).toContainEqual(expect.objectContaining({ why: expect.stringContaining(why) }));
  });

  test('every other field is told', () => {
    const parts: Parts = {
      mqtt: { cloudEventAttributes: 'Propagate', sharedSubscription: {}, keepAliveSeconds: 1 },
      source: { assetRef: 'x', schemaRef: 'y' },
      spec: { requestDiskPersistence: 'Enabled', wings: 2 },
    };
    expect(
      importOne(dataflowYaml(parts))
        .notes.map(({ what }) => what)
        .sort(),
    ).toEqual([
      'spec.mqttSettings.cloudEventAttributes',
      'spec.mqttSettings.keepAliveSeconds',
      'spec.mqttSettings.sharedSubscription',
      'spec.operations[0].sourceSettings.assetRef',
      'spec.operations[0].sourceSettings.schemaRef',
      'spec.requestDiskPersistence',
      'spec.wings',
    ]);
  });
});
