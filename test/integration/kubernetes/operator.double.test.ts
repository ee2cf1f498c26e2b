import { describe, expect, test } from 'vitest';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import type { OperatorClock } from '../../../operator/clock.ts';
import { EVENTS, OWNED_KINDS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { type ApiServer, startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { OPERATOR_CLOCK, openClient, RENDER, startOperator } from '../../support/kubernetes/operator.ts';
import { type OperatorStage, operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';

async function stageAt(t: Scope, server: ApiServer): Promise<OperatorStage> {
  return await operatorStage(t, { kubeconfig: server.kubeconfig(), namespace: 'default' });
}

async function running(t: Scope) {
  const server = await startApiServer(t);
  const on = await stageAt(t, server);
  await on.put(connectorResource('edge', { bridgeInstances: 2 }));
  await on.put(topicMapResource('map', 'edge'));
  const operator = await startOperator(t, on);
  await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'Ready')) !== undefined);
  await operator.settled();
  return { server, on, operator };
}

const WRITES = ['create', 'update', 'patch', 'delete'];

function writesIn(server: ApiServer): string[] {
  const requests = server.log.requests().filter(({ verb, resource }) => WRITES.includes(verb) && resource !== 'leases');
  return requests.map(({ verb, resource }) => `${verb} ${resource}`);
}

async function replicasOf(on: OperatorStage): Promise<unknown> {
  return ((await on.statefulSet('aio-mq-edge'))?.['spec'] as { replicas?: unknown } | undefined)?.replicas;
}

test('operator of all namespaces - tells connectors of one name apart by their namespaces', async (t) => {
  const server = await startApiServer(t);
  const at = (namespace: string) => operatorStage(t, { kubeconfig: server.kubeconfig(), namespace });
  const [one, other] = [await at('plant-1'), await at('plant-2')];
  for (const plant of [one, other]) await plant.put(connectorResource('edge'));
  await one.put(topicMapResource('map', 'edge'));
  const operator = await startOperator(t, { ...one, namespace: 'system', everywhere: true });
  await eventually(async () => {
    const made = await Promise.all([one, other].map((plant) => plant.workload('aio-mq-edge')));
    return made.every((objects) => objects.length === OWNED_KINDS.length);
  });
  await operator.settled();
  expect((await one.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.status).toBe('True');
  expect((await other.condition(CONNECTORS, 'edge', 'Ready'))?.reason).toBe('NoRoutes');
  await one.remove(CONNECTORS, 'edge');
  await eventually(async () => (await one.workload('aio-mq-edge')).length === 0);
  const reason = async () => (await one.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.reason;
  await eventually(async () => (await reason()) === 'ConnectorNotFound');
  await operator.settled();
  expect(await other.workload('aio-mq-edge')).toHaveLength(OWNED_KINDS.length);
});

describe('operator and a server that lets it down', () => {
  test('asks for nothing but its Lease while nothing changes', async (t) => {
    const { server, operator } = await running(t);
    server.log.clear();
    await eventually(() => (server.log.counts()['update leases'] ?? 0) >= 1);
    expect(server.log.counts()).toEqual({ 'update leases': server.log.counts()['update leases'] });
    expect(operator.snapshot().queued).toBe(0);
  });

  test('goes on where it was after watches were cut and versions forgotten, without a write', async (t) => {
    const { server, on, operator } = await running(t);
    server.log.clear();
    for (const watch of server.watches()) watch.cut();
    await eventually(() => operator.snapshot().synced && server.watches().length >= 8);
    server.store.compact();
    for (const watch of server.watches()) watch.expire();
    await eventually(() => Object.values(operator.snapshot().copies).every((state) => state === 'synced'));
    await eventually(() => server.watches('mqttbridgeconnectors').length === 1);
    await operator.settled();
    expect(writesIn(server)).toEqual([]);
    await on.put(connectorResource('edge', { bridgeInstances: 3 }));
    await eventually(async () => (await replicasOf(on)) === 3);
  });

  test('takes up what was changed while the server was away, and breaks nothing meanwhile', async (t) => {
    const server = await startApiServer(t);
    const on = await stageAt(t, server);
    await on.put(connectorResource('edge', { bridgeInstances: 2 }));
    const proxy = await startFaultProxy(t, { port: Number(new URL(server.url).port) });
    const kubeconfig = server.kubeconfig().replace(server.url, `https://127.0.0.1:${proxy.port}`);
    const operator = await startOperator(t, { ...on, client: await openClient(t, kubeconfig) });
    await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length);
    await operator.settled();
    await proxy.down();
    await eventually(() => Object.values(operator.snapshot().copies).every((state) => state === 'apart'));
    await on.put(connectorResource('edge', { bridgeInstances: 3 }));
    await on.remove(STATEFUL_SETS, 'aio-mq-edge');
    await on.put(connectorResource('other'));
    await proxy.up();
    await eventually(async () => (await replicasOf(on)) === 3);
    await eventually(async () => (await on.workload('aio-mq-other')).length === OWNED_KINDS.length);
  });

  test('tries again what the server refuses or fails to do, and loses no change meanwhile', async (t) => {
    const { server, on } = await running(t);
    server.failNext({ verb: 'patch', resource: 'statefulsets', code: 500, times: 2 });
    server.failNext({ verb: 'patch', resource: 'mqttbridgeconnectors', code: 409, reason: 'Conflict', times: 2 });
    await on.client
      .apply(
        CONNECTORS,
        { ...connectorResource('edge', { bridgeInstances: 4 }), metadata: { name: 'edge', namespace: 'default' } },
        { manager: 'author', force: true },
      )
      .catch(() => undefined);
    await eventually(async () => {
      await on.put(connectorResource('edge', { bridgeInstances: 4 })).catch(() => undefined);
      return (await replicasOf(on)) === 4;
    });
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Ready'))?.observedGeneration === 2);
  });

  test('says in status, Event and log what the server does not take, and goes on when it does', async (t) => {
    const { server, on, operator } = await running(t);
    server.failNext({ verb: 'patch', resource: 'statefulsets', code: 403, reason: 'Forbidden', times: 3 });
    await on.put(connectorResource('edge', { bridgeInstances: 4 }));
    await eventually(async () => {
      const { items } = await on.client.list(EVENTS, { namespace: on.namespace });
      const event = items.find(({ reason }) => reason === 'WorkloadFailed');
      return String(event?.['message']).includes('a test wants it so');
    });
    await eventually(async () => (await replicasOf(on)) === 4);
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Ready'))?.reason !== 'WorkloadFailed');
    expect(operator.lines).toContainEqual(
      expect.objectContaining({ evt: 'StatusChanged', type: 'Warning', name: 'edge', reason: 'WorkloadFailed' }),
    );
    const changes = operator.lines.filter(({ evt }) => evt === 'WorkloadChanged');
    expect(changes.at(-1)).toMatchObject({
      connector: 'default/edge',
      applied: ['StatefulSet aio-mq-edge'],
      removed: [],
    });
  });

  test('keeps what others hold by its labels alone, and what it owns where it cannot tell', async (t) => {
    const { server, on, operator } = await running(t);
    const labels = { 'app.kubernetes.io/managed-by': 'mqttbridge-operator' };
    const theirs = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'theirs', namespace: 'default', labels } };
    await on.client.create({ apiVersion: 'v1', kind: 'Service', plural: 'services' }, theirs);
    // With `--cascade=orphan` what it owned has no owner any more before the connector is gone.
    const orphaned = await on.client.get(CONNECTORS, { namespace: 'default', name: 'edge' });
    await on.client.remove(
      CONNECTORS,
      { namespace: 'default', name: 'edge' },
      { uid: orphaned?.metadata.uid ?? '', orphan: true },
    );
    await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.status === 'False');
    await operator.settled();
    expect(await on.workload('aio-mq-edge')).toHaveLength(OWNED_KINDS.length);
    expect(await on.workload('theirs')).toHaveLength(1);
    server.log.clear();
    // A connector of the name adopts them as they are: nothing restarts.
    const before = await on.statefulSet('aio-mq-edge');
    const again = await on.put(connectorResource('edge', { bridgeInstances: 2 }));
    await eventually(async () => {
      const { metadata } = (await on.statefulSet('aio-mq-edge')) ?? {};
      return metadata?.ownerReferences?.[0]?.uid === again.metadata.uid && metadata.uid === before?.metadata.uid;
    });
    expect(server.log.counts()['delete statefulsets']).toBeUndefined();
  });

  test('makes a StatefulSet anew when its volume claims change, and keeps its pods', async (t) => {
    const { on, operator, server } = await running(t);
    await operator.stop();
    const before = await on.statefulSet('aio-mq-edge');
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'aio-mq-edge', uid: before?.metadata.uid };
    const metadata = { name: 'aio-mq-edge-0', namespace: 'default', ownerReferences: [{ ...owner, controller: true }] };
    const pods = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
    await on.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata });
    const definition = { kind: 'kubernetes', storage: { size: '1Gi' } } as const;
    const second = await startOperator(t, { ...on, render: { ...RENDER, definition } });
    await eventually(async () => {
      const now = await on.statefulSet('aio-mq-edge');
      return now !== undefined && now.metadata.uid !== before?.metadata.uid;
    });
    await second.settled();
    expect(await on.get(pods, 'aio-mq-edge-0')).toBeDefined();
    expect(server.log.counts()['delete statefulsets']).toBe(1);
  });

  test('names once the command that lets it see a Secret, and goes on without', async (t) => {
    const server = await startApiServer(t);
    const on = await stageAt(t, server);
    await grant(on);
    const authentication = { usernamePassword: { secretName: 'login' } };
    const remoteBrokerConnection = { endpoint: 'remote.test:8883', tls: { tlsEnabled: true }, authentication };
    await on.put(connectorResource('edge', { remoteBrokerConnection }));
    await on.put(connectorResource('other', { remoteBrokerConnection }));
    const kubeconfig = server.kubeconfig(server.tokenFor('default', 'operator'));
    const operator = await startOperator(t, { ...on, client: await openClient(t, kubeconfig) });
    await eventually(async () => (await on.workload('aio-mq-other')).length === OWNED_KINDS.length);
    await eventually(() => operator.lines.some(({ evt }) => evt === 'NeedForbidden'));
    await operator.settled();
    const said = operator.lines.filter(({ evt }) => evt === 'NeedForbidden');
    expect(said).toHaveLength(1);
    expect(said[0]?.['fix']).toBe(
      'kubectl create role mqttbridge-operator-secrets -n default --verb=get,list,watch --resource=secrets --resource-name=login --dry-run=client -o yaml | kubectl apply -f - && ' +
        'kubectl create rolebinding mqttbridge-operator-secrets -n default --role=mqttbridge-operator-secrets --serviceaccount=default:operator --dry-run=client -o yaml | kubectl apply -f -',
    );
    expect(await on.condition(CONNECTORS, 'edge', 'CredentialsValid')).not.toMatchObject({ reason: 'SecretMissing' });
    expect(operator.snapshot().forbidden).toBe(1);
    server.log.clear();
    await eventually(() => (server.log.counts()['update leases'] ?? 0) >= 1);
    expect(server.log.requests().filter(({ resource }) => resource === 'secrets')).toEqual([]);
  });

  test('sees all Secrets of the namespace soon after somebody has given the right', async (t) => {
    const server = await startApiServer(t);
    const on = await stageAt(t, server);
    await grant(on);
    for (const name of ['edge', 'other']) {
      const authentication = { usernamePassword: { secretName: `login-of-${name}` } };
      const remoteBrokerConnection = { endpoint: 'remote.test:8883', tls: { tlsEnabled: true }, authentication };
      await on.put(connectorResource(name, { remoteBrokerConnection }));
    }
    const kubeconfig = server.kubeconfig(server.tokenFor('default', 'operator'));
    const operator = await startOperator(t, { ...on, client: await openClient(t, kubeconfig), clock: HASTY_CLOCK });
    const names = ['login-of-edge', 'login-of-other'];
    const told = () => operator.lines.filter(({ evt }) => evt === 'NeedForbidden').at(-1);
    await eventually(() => String(told()?.['names']) === names.join());
    await grantSecrets(on, names);
    await eventually(() => operator.snapshot().forbidden === 0);
    for (const name of ['edge', 'other']) {
      await eventually(
        async () => (await on.condition(CONNECTORS, name, 'CredentialsValid'))?.reason === 'SecretMissing',
      );
    }
  });
});

/** Half a minute and more goes by in a thousandth of it. */
const HASTY_CLOCK: OperatorClock = {
  ...OPERATOR_CLOCK,
  after: (ms, action) => OPERATOR_CLOCK.after(ms < 30_000 ? ms : ms / 1000, action),
};

/** The rights of an operator, Secrets aside. */
async function grant({ client, namespace }: OperatorStage): Promise<void> {
  const all = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  const rule = (apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], resources, verbs: all });
  const rules = [
    rule('mq.iotoperations.azure.com', 'mqttbridgeconnectors', 'mqttbridgetopicmaps'),
    rule('mq.iotoperations.azure.com', 'mqttbridgeconnectors/status', 'mqttbridgetopicmaps/status'),
    rule('apps', STATEFUL_SETS.plural),
    rule('', 'serviceaccounts', 'services', 'configmaps', 'events'),
    rule('policy', 'poddisruptionbudgets'),
    rule('rbac.authorization.k8s.io', 'roles', 'rolebindings'),
    rule('coordination.k8s.io', 'leases'),
  ];
  await grantRules({ client, namespace }, 'operator', rules);
}

async function grantSecrets(on: OperatorStage, resourceNames: readonly string[]): Promise<void> {
  const verbs = ['get', 'list', 'watch'];
  await grantRules(on, 'secrets', [{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs }]);
}

async function grantRules(
  { client, namespace }: Pick<OperatorStage, 'client' | 'namespace'>,
  name: string,
  rules: readonly object[],
): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name, namespace };
  const [, roles, bindings] = OWNED_KINDS;
  if (roles === undefined || bindings === undefined) throw new RangeError('roles are not owned');
  const role = { apiVersion, kind: 'Role', metadata, rules };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name: 'operator', namespace }];
  const binding = { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects };
  await client.create(roles, role);
  await client.create(bindings, binding);
}
