import { describe, expect, test } from 'vitest';
import { connectorStatusOf, type ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import { needsOf } from '../../../../operator/status/needs.ts';
import { STATUS_REASONS, type StatusReason } from '../../../../operator/status/reasons.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import type { ConnectorStatus, TopicMapStatus } from '../../../../shared/resources/status.ts';
import {
  condition,
  connectorObject,
  entryOf,
  judge,
  NOW,
  settled,
  situationOf,
  stored,
  topicMapObject,
  withConditions,
} from './sample.ts';

type Level = ConnectorStatus['configStatusLevel'];

interface Row {
  readonly reason: StatusReason;
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly situation: ConnectorSituation;
  /** What the message must name. */
  readonly names?: readonly string[];
  readonly level: Level;
}

const secrets = (authentication: object, tls: object = { tlsEnabled: true }) =>
  connectorObject({ remoteBrokerConnection: { endpoint: 'remote.test:8883', tls, authentication } });
const needing = (connector: ReturnType<typeof connectorObject>, presence: object) => {
  const situation = settled(situationOf([connector, topicMapObject()]));
  const { document } = situation.judgement.connector;
  const needs = document === undefined ? [] : needsOf(document.connector);
  return { ...situation, needs, presenceOf: () => presence } as ConnectorSituation;
};
const x509 = secrets({ x509: { secretName: 'client' } });
const badMap = stored({
  ...topicMapObject('broken'),
  spec: {
    mqttBridgeConnectorRef: 'edge',
    routes: [{ direction: 'local-to-remote', name: 'down', source: 'a/#', target: 'b/#' }],
  },
});
const withInstances = (situation: ConnectorSituation, instances: ConnectorStatus['instances']) => ({
  ...situation,
  former: { ...situation.former, instances },
});
const good = settled(situationOf());
const two = settled(situationOf([connectorObject({ bridgeInstances: 2 }), topicMapObject()]));
const revision = good.judgement.connector.document?.revision;
const unready = (reason: string) => ({
  routes: { total: 1, ready: 0 },
  unready: [{ topicMap: 'telemetry', route: 'telemetry-out', reason, message: 'The broker says no.' }],
});

const CONNECTOR_ROWS: readonly Row[] = [
  { reason: 'Accepted', type: 'Accepted', status: 'True', situation: good, level: 'Running' },
  { reason: 'Connected', type: 'LocalConnected', status: 'True', situation: good, level: 'Running' },
  { reason: 'Connected', type: 'RemoteConnected', status: 'True', situation: good, level: 'Running' },
  { reason: 'CredentialsValid', type: 'CredentialsValid', status: 'True', situation: good, level: 'Running' },
  { reason: 'Ready', type: 'Ready', status: 'True', situation: good, level: 'Running' },
  {
    reason: 'Invalid',
    type: 'Accepted',
    status: 'False',
    situation: situationOf([connectorObject({ maxHops: 99 }), topicMapObject()]),
    names: ['BC003 spec.maxHops'],
    level: 'Failed',
  },
  {
    reason: 'Invalid',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf([connectorObject({ maxHops: 99 }), topicMapObject()])),
    names: ['BC003 spec.maxHops'],
    level: 'Error',
  },
  {
    reason: 'TopicMapInvalid',
    type: 'Accepted',
    status: 'False',
    situation: settled(situationOf([connectorObject(), topicMapObject(), badMap])),
    names: ['topic map broken', 'TM004 spec.routes[0].target'],
    level: 'Error',
  },
  {
    reason: 'WorkloadRefused',
    type: 'Accepted',
    status: 'False',
    situation: situationOf([
      connectorObject({ image: { repository: 'a/b', tag: '1', pullPolicy: 'Sometimes' } }),
      topicMapObject(),
    ]),
    names: ['spec.image.pullPolicy', 'Sometimes'],
    level: 'Failed',
  },
  {
    reason: 'NameTaken',
    type: 'Accepted',
    status: 'False',
    situation: { ...situationOf(), taken: ['Service aio-mq-edge'] },
    names: ['Service aio-mq-edge', 'plant'],
    level: 'Failed',
  },
  {
    reason: 'RefusedByInstance',
    type: 'Accepted',
    status: 'False',
    situation: withInstances(two, [
      entryOf(0, { revision: 'old', ...withConditions({ Accepted: ['False', 'Invalid', 'XR999 is new to it'] }) }),
      entryOf(1),
    ]),
    names: ['instance 0', 'XR999'],
    level: 'Error',
  },
  {
    reason: 'SecretMissing',
    type: 'CredentialsValid',
    status: 'False',
    situation: needing(x509, { kind: 'missing' }),
    names: [
      'Secret client',
      'kubectl create secret generic client -n plant --from-file=client_cert.pem --from-file=client_key.pem',
    ],
    level: 'Error',
  },
  {
    reason: 'SecretMissing',
    type: 'Ready',
    status: 'False',
    situation: needing(secrets({ usernamePassword: { secretName: 'log-on' } }), { kind: 'missing' }),
    names: ['--from-literal=username=VALUE --from-literal=password=VALUE'],
    level: 'Error',
  },
  {
    reason: 'SecretKeyMissing',
    type: 'CredentialsValid',
    status: 'False',
    situation: needing(x509, { kind: 'present', keys: ['client_cert.pem', 'tls.key'] }),
    names: ['Secret client', 'no key client_key.pem'],
    level: 'Error',
  },
  {
    reason: 'ConfigMapMissing',
    type: 'CredentialsValid',
    status: 'False',
    situation: needing(secrets({ anonymous: {} }, { tlsEnabled: true, trustedCaCertificateConfigMap: 'broker-ca' }), {
      kind: 'missing',
    }),
    names: ['ConfigMap broker-ca', 'kubectl create configmap broker-ca -n plant --from-file=ca.crt'],
    level: 'Error',
  },
  {
    reason: 'ConfigMapEmpty',
    type: 'CredentialsValid',
    status: 'False',
    situation: needing(secrets({ anonymous: {} }, { tlsEnabled: true, trustedCaCertificateConfigMap: 'broker-ca' }), {
      kind: 'present',
      keys: [],
    }),
    names: ['ConfigMap broker-ca'],
    level: 'Error',
  },
  {
    reason: 'CredentialsValid',
    type: 'CredentialsValid',
    status: 'True',
    situation: needing(x509, { kind: 'present', keys: ['client_cert.pem', 'client_key.pem'] }),
    level: 'Running',
  },
  {
    reason: 'NoInstances',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf([connectorObject({ bridgeInstances: 0 }), topicMapObject()])),
    names: ['spec.bridgeInstances'],
    level: 'N/A',
  },
  {
    reason: 'NoInstances',
    type: 'RemoteConnected',
    status: 'Unknown',
    situation: settled(situationOf([connectorObject({ bridgeInstances: 0 }), topicMapObject()])),
    level: 'N/A',
  },
  {
    reason: 'NoRoutes',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf([connectorObject()]), { routes: { total: 0, ready: 0 } }),
    names: ['No topic map names this connector'],
    level: 'N/A',
  },
  {
    reason: 'WorkloadPending',
    type: 'Ready',
    status: 'Unknown',
    situation: situationOf(),
    level: 'Starting',
  },
  {
    reason: 'RollingOut',
    type: 'Ready',
    status: 'False',
    situation: { ...good, workload: { wanted: 1, ready: 1, settled: false } },
    level: 'Starting',
  },
  {
    reason: 'NotReported',
    type: 'LocalConnected',
    status: 'Unknown',
    situation: withInstances(two, [entryOf(0, { revision: 'any' })]),
    names: ['instance 1'],
    level: 'Starting',
  },
  {
    reason: 'NotReported',
    type: 'Ready',
    status: 'Unknown',
    situation: withInstances(good, []),
    names: ['instance 0'],
    level: 'Starting',
  },
  {
    reason: 'RevisionPending',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf(), { revision: 'older' }),
    names: ['instance 0'],
    level: 'Starting',
  },
  {
    reason: 'RevisionPending',
    type: 'RemoteConnected',
    status: 'Unknown',
    situation: settled(situationOf(), { revision: 'older', observedGeneration: 7 }),
    level: 'Starting',
  },
  {
    reason: 'InstancesNotReady',
    type: 'Ready',
    status: 'False',
    situation: {
      ...two,
      workload: { wanted: 2, ready: 1, settled: true },
      former: { ...two.former, configStatusLevel: 'Running' },
    },
    names: ['1 of 2 pods are ready'],
    level: 'Recovering',
  },
  {
    reason: 'InstancesNotReady',
    type: 'LocalConnected',
    status: 'Unknown',
    situation: { ...two, workload: { wanted: 2, ready: 1, settled: true } },
    level: 'Starting',
  },
  {
    reason: 'RoutesNotReady',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf(), unready('NotAuthorized')),
    names: ['0 of 1 routes', 'telemetry/telemetry-out NotAuthorized', 'The broker says no.'],
    level: 'Starting',
  },
  {
    reason: 'Connecting',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf(), unready('Connecting')),
    names: ['telemetry/telemetry-out'],
    level: 'Starting',
  },
  {
    reason: 'PartlyReady',
    type: 'Degraded',
    status: 'True',
    situation: {
      ...settled(situationOf([connectorObject(), topicMapObject(), topicMapObject('alerts')]), {
        ...unready('NotAuthorized'),
        routes: { total: 2, ready: 1 },
      }),
    },
    names: ['1 of 2 routes'],
    level: 'Starting',
  },
  {
    reason: 'ReportedElsewhere',
    type: 'RemoteConnected',
    status: 'Unknown',
    situation: { ...good, reporting: 'elsewhere' },
    level: 'OK',
  },
  {
    reason: 'PodsReady',
    type: 'Ready',
    status: 'True',
    situation: { ...settled(situationOf([connectorObject()])), reporting: 'elsewhere' },
    level: 'OK',
  },
];

describe('a condition of a connector', () => {
  test.for(CONNECTOR_ROWS)('$type is $status for the reason $reason ($level)', (row) => {
    const { reason, type, status, situation, names = [], level } = row;
    const said = connectorStatusOf(situation);
    const found = said.conditions?.find((one) => one.type === type);
    expect(found).toMatchObject({ status, reason, observedGeneration: 1 });
    for (const name of names) expect(found?.message).toContain(name);
    expect(said.configStatusLevel).toBe(level);
  });
});

interface MapRow extends Omit<Row, 'situation'> {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly of?: string;
  readonly situation?: ConnectorSituation;
  readonly judgement?: ReturnType<typeof judge>;
  readonly former?: TopicMapStatus;
}

const programmed: TopicMapStatus = {
  configStatusLevel: 'Running',
  conditions: [{ ...condition('Programmed'), observedGeneration: 1 }],
};
const held = settled(situationOf([connectorObject(), topicMapObject(), badMap]));
const empty = stored({ ...topicMapObject('empty'), spec: { mqttBridgeConnectorRef: 'edge', routes: [] } });

const MAP_ROWS: readonly MapRow[] = [
  { reason: 'Accepted', type: 'Accepted', status: 'True', situation: good, level: 'Running' },
  { reason: 'ConnectorFound', type: 'ConnectorResolved', status: 'True', situation: good, level: 'Running' },
  { reason: 'Programmed', type: 'Programmed', status: 'True', situation: good, level: 'Running' },
  { reason: 'Ready', type: 'Ready', status: 'True', situation: good, level: 'Running' },
  {
    reason: 'Invalid',
    type: 'Ready',
    status: 'False',
    of: 'broken',
    situation: held,
    names: ['TM004 spec.routes[0].target'],
    level: 'Failed',
  },
  {
    reason: 'ConnectorNotFound',
    type: 'ConnectorResolved',
    status: 'False',
    judgement: judge([topicMapObject()]),
    names: ['no MqttBridgeConnector edge in namespace plant'],
    level: 'Error',
  },
  {
    reason: 'ConnectorNotFound',
    type: 'Ready',
    status: 'False',
    judgement: judge([topicMapObject(), stored({ ...connectorObject() }, { namespace: 'office', uid: 'other' })]),
    names: ['There is one in namespace office'],
    level: 'Error',
  },
  {
    reason: 'ConnectorInvalid',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf([connectorObject({ maxHops: 99 }), topicMapObject()])),
    names: ['MqttBridgeConnector edge', 'BC003 spec.maxHops'],
    level: 'Error',
  },
  {
    reason: 'TopicMapInvalid',
    type: 'Programmed',
    status: 'False',
    situation: held,
    names: ['topic map broken', 'TM004'],
    level: 'Error',
  },
  {
    reason: 'Programmed',
    type: 'Programmed',
    status: 'True',
    situation: held,
    former: programmed,
    level: 'Running',
  },
  {
    reason: 'Programmed',
    type: 'Programmed',
    status: 'True',
    situation: settled(situationOf(), { revision: 'older' }),
    former: programmed,
    level: 'Running',
  },
  {
    reason: 'RevisionPending',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf(), { revision: 'older' }),
    former: { conditions: [{ ...condition('Programmed'), observedGeneration: 0 }] },
    names: ['instance 0'],
    level: 'Starting',
  },
  {
    reason: 'NotReported',
    type: 'Programmed',
    status: 'Unknown',
    situation: withInstances(good, []),
    level: 'Starting',
  },
  {
    reason: 'NoInstances',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf([connectorObject({ bridgeInstances: 0 }), topicMapObject()])),
    level: 'N/A',
  },
  {
    reason: 'NoRoutes',
    type: 'Ready',
    status: 'False',
    of: 'empty',
    situation: settled(situationOf([connectorObject(), topicMapObject(), empty])),
    level: 'N/A',
  },
  {
    reason: 'ReportedElsewhere',
    type: 'Ready',
    status: 'Unknown',
    situation: { ...good, reporting: 'elsewhere' },
    level: 'Starting',
  },
  {
    reason: 'RoutesNotReady',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf(), unready('NotAuthorized')),
    names: ['telemetry/telemetry-out NotAuthorized'],
    level: 'Starting',
  },
  {
    reason: 'RoutesNotReady',
    type: 'Ready',
    status: 'Unknown',
    situation: settled(situationOf(), { routes: { total: 1, ready: 0 } }),
    names: ['1 routes'],
    level: 'Starting',
  },
  {
    reason: 'InstancesNotReady',
    type: 'Ready',
    status: 'False',
    situation: withInstances({ ...two, workload: { wanted: 2, ready: 1, settled: true } }, [
      entryOf(0, { revision: two.judgement.connector.document?.revision }),
      entryOf(1, {
        revision: two.judgement.connector.document?.revision,
        ...withConditions({ Ready: ['False', 'Stopping', ''] }),
      }),
    ]),
    names: ['1 of 2 pods'],
    level: 'Starting',
  },
];

describe('a condition of a topic map', () => {
  test.for(MAP_ROWS)('$type is $status for the reason $reason ($level)', (row) => {
    const { reason, type, status, situation, of: name = 'telemetry', names = [], level, former } = row;
    const judgement = situation?.judgement ?? row.judgement ?? judge([]);
    const said = topicMapStatusOf({ judgement, name, former, connector: situation, now: NOW });
    const found = said?.conditions?.find((one) => one.type === type);
    expect(found).toMatchObject({ status, reason, observedGeneration: 1 });
    for (const part of names) expect(found?.message).toContain(part);
    expect(said?.configStatusLevel).toBe(level);
  });
});

test('every reason of the table is given by a row, so that none is documented in vain', () => {
  const shown = new Set([...CONNECTOR_ROWS, ...MAP_ROWS].map(({ reason }) => reason));
  expect([...shown].sort()).toEqual(Object.keys(STATUS_REASONS).sort());
  expect(revision).toMatch(/^[0-9a-f]{32}$/);
});
