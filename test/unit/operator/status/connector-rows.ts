import { type ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import { needsOf } from '../../../../operator/status/needs.ts';
import { condition, connectorObject, entryOf, settled, situationOf, topicMapObject, withConditions } from './sample.ts';
import { badMap, good, type Row, two, unready, withInstances } from './situations.ts';

const secrets = (authentication: object, tls: object = { tlsEnabled: true }) =>
  connectorObject({ remoteBrokerConnection: { endpoint: 'remote.test:8883', tls, authentication } });
const needing = (connector: ReturnType<typeof connectorObject>, presence: object) => {
  const situation = settled(situationOf([connector, topicMapObject()]));
  const { document } = situation.judgement.connector;
  const needs = document === undefined ? [] : needsOf(document.connector);
  return { ...situation, needs, presenceOf: () => presence } as ConnectorSituation;
};
const x509 = secrets({ x509: { secretName: 'client' } });
/** Conditions of connectors, every reason at least once. */
export const CONNECTOR_ROWS: readonly Row[] = [
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
    reason: 'WorkloadFailed',
    type: 'Ready',
    status: 'False',
    situation: { ...good, refusal: 'statefulsets.apps "aio-mq-edge" is forbidden: exceeded quota: pods' },
    names: ['exceeded quota: pods'],
    level: 'Error',
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
    names: ['Secret client', 'no key client_key.pem', '--dry-run=client -o yaml | kubectl apply -f -'],
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
    names: ['1 of 2 pods ready', 'kubectl describe pods -n plant -l app.kubernetes.io/instance=edge,'],
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
    reason: 'PartlyReady',
    type: 'Degraded',
    status: 'True',
    situation: {
      ...two,
      workload: { wanted: 2, ready: 1, settled: true },
      former: { ...two.former, conditions: [{ ...condition('Ready'), observedGeneration: 1 }] },
    },
    names: ['1 of 2 pods ready'],
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
