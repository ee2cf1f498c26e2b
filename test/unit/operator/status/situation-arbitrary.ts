import { fc } from '@fast-check/vitest';
import type { ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import { needsOf, type Presence } from '../../../../operator/status/needs.ts';
import type { InstanceStatus } from '../../../../shared/resources/status.ts';
import { condition, connectorObject, NOW, situationOf, stored, topicMapObject } from './sample.ts';

const TYPES = ['Accepted', 'LocalConnected', 'RemoteConnected', 'CredentialsValid', 'Ready'];
const remote = (authentication: object) => ({
  remoteBrokerConnection: {
    endpoint: 'remote.test:8883',
    tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'broker-ca' },
    authentication,
  },
});

const connectorSpec = fc.constantFrom<Readonly<Record<string, unknown>>[]>(
  {},
  {},
  { bridgeInstances: 2 },
  { bridgeInstances: 0 },
  { maxHops: 99 },
  { image: { repository: '!', tag: 'x' } },
  remote({ x509: { secretName: 'client' } }),
  remote({ usernamePassword: { secretName: 'log-on' } }),
);

const brokenRoutes = (count: number) =>
  Array.from({ length: count }, (_, number) => ({
    direction: 'local-to-remote',
    name: `r${number}`,
    source: `a/${number}`,
    target: `${'deep/'.repeat(60)}#`,
  }));
const idle = { sharedSubscription: { groupName: 'g', groupMinimumShareNumber: 0 } };
const routes = fc.constantFrom<unknown[]>(undefined, undefined, undefined, [], brokenRoutes(1), brokenRoutes(30), [
  { direction: 'local-to-remote', name: 'idle', source: 'x', ...idle },
]);

const text = fc.oneof(
  fc.constant('It is so.'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constant('long '.repeat(400)),
);
const reason = fc.constantFrom('Connecting', 'NotAuthorized', 'Stopping', 'DnsFailed', 'Fine');
/** Mostly well, so that a whole connector sometimes is. */
const status = fc.oneof(
  { weight: 12, arbitrary: fc.constant('True' as const) },
  { weight: 1, arbitrary: fc.constantFrom('False' as const, 'Unknown' as const) },
);

const conditions = fc
  .tuple(...[...TYPES, 'ClientIdConflict'].map(() => fc.record({ status, reason, message: text })))
  .map((said) =>
    said.map(({ status: is, reason: why, message }, index) => ({
      ...condition(TYPES[index] ?? 'ClientIdConflict', is, why, message),
    })),
  )
  .chain((all) => fc.constantFrom(all, all.slice(0, 5), all.slice(0, 5), all.slice(0, 5), all.slice(1, 5), []));

const unready = fc.oneof(
  { weight: 6, arbitrary: fc.constant<NonNullable<InstanceStatus['unready']>>([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({
        topicMap: fc.constantFrom('telemetry', 'alerts', 'gone'),
        route: fc.constantFrom('telemetry-out', 'alerts-out', 'other'),
        reason,
        message: text.map((long) => long.slice(0, 1_000)),
      }),
      { maxLength: 100 },
    ),
  },
);

const entry = fc.record({
  runs: fc.oneof(
    { weight: 8, arbitrary: fc.constant('newest' as const) },
    { weight: 1, arbitrary: fc.constantFrom('older' as const, 'nothing' as const) },
  ),
  observedGeneration: fc.constantFrom(1, 1, 1, 0, undefined),
  backlog: fc.nat(1_000),
  routes: fc.oneof(
    { weight: 8, arbitrary: fc.constant({ total: 2, ready: 2 }) },
    { weight: 1, arbitrary: fc.record({ total: fc.nat(300), ready: fc.nat(300) }) },
  ),
  conditions,
  unready,
});

const workload = fc.oneof(
  { weight: 6, arbitrary: fc.constant('all' as const) },
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.record({ wanted: fc.nat(3), ready: fc.nat(3), settled: fc.boolean() }) },
);

const presence: fc.Arbitrary<Presence> = fc.oneof(
  fc.constant({ kind: 'unknown' as const }),
  fc.constant({ kind: 'missing' as const }),
  fc.constant({
    kind: 'present' as const,
    keys: ['client_cert.pem', 'client_key.pem', 'username', 'password', 'ca.crt'],
  }),
  fc.constant({ kind: 'present' as const, keys: ['tls.crt'] }),
);

const judged = new Map<string, ConnectorSituation>();

/** Judging takes longest, and there are few things to be judged. */
function judgedOnce(
  connectorSpec: Readonly<Record<string, unknown>>,
  routesOf: readonly unknown[],
): ConnectorSituation {
  const key = JSON.stringify([connectorSpec, routesOf]);
  const known = judged.get(key) ?? situationOf([connectorObject(connectorSpec), ...routesOf.flatMap(mapObjects)]);
  judged.set(key, known);
  return known;
}

function mapObjects(spec: unknown, index: number) {
  const name = index === 0 ? 'telemetry' : 'alerts';
  if (spec === 'absent') return [];
  if (spec === 'plain') return [topicMapObject(name)];
  return [stored({ ...topicMapObject(name), spec: { mqttBridgeConnectorRef: 'edge', routes: spec } })];
}

/** Any situation of the connector `edge` with up to two topic maps, in many of which all is well. */
export const anySituation: fc.Arbitrary<ConnectorSituation> = fc
  .record({
    connectorSpec,
    telemetry: routes,
    alerts: fc.oneof(routes, fc.constant('absent' as const)),
    entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    workload,
    presence,
    reporting: fc.constantFrom('status' as const, 'status' as const, 'status' as const, 'elsewhere' as const),
    taken: fc.constantFrom(undefined, undefined, undefined, ['Service aio-mq-edge']),
    now: fc.integer({ min: NOW - 1_000_000, max: NOW + 1_000_000 }),
  })
  .map((made) => {
    const situation = judgedOnce(made.connectorSpec, [made.telemetry, made.alerts]);
    const { document, instances: wanted } = situation.judgement.connector;
    const revisions = { newest: document?.revision ?? 'last-good', older: 'older', nothing: undefined };
    const instances = made.entries.map(({ runs, observedGeneration, ...rest }, number): InstanceStatus => {
      const revision = revisions[runs];
      return {
        instance: String(number),
        ...rest,
        ...(revision === undefined ? {} : { revision }),
        ...(observedGeneration === undefined ? {} : { observedGeneration }),
      };
    });
    return {
      ...situation,
      former: { instances },
      workload: made.workload === 'all' ? { wanted, ready: wanted, settled: true } : made.workload,
      needs: document === undefined ? [] : needsOf(document.connector),
      presenceOf: () => made.presence,
      reporting: made.reporting,
      ...(made.taken === undefined ? {} : { taken: made.taken }),
      now: made.now,
    };
  });
