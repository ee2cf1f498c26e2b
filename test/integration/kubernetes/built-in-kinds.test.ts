import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { type PlainClient, plainClient, type Reply, textOf } from '../../support/kubernetes/plain-client.ts';
import { APPLY, MERGE } from './stage.ts';

// Like conformance.test.ts, for what the API server knows of its own kinds.

const MICRO_TIME = '2026-01-01T00:00:00.000000Z';
const MILLISECONDS = '2026-01-01T00:00:00.000Z';
const RBAC = 'rbac.authorization.k8s.io';
const GROUP = 'mq.iotoperations.azure.com';

const path = (groupVersion: string, { namespace }: TestCluster, rest: string) =>
  `/${groupVersion.includes('/') ? 'apis' : 'api'}/${groupVersion}/namespaces/${namespace}/${rest}`;

function lease(spec: object, metadata: object = {}): object {
  const apiVersion = 'coordination.k8s.io/v1';
  return { apiVersion, kind: 'Lease', metadata: { name: 'leader', ...metadata }, spec };
}

describe('leases', () => {
  test('leases - are taken by one of two who saw the same version', async (t) => {
    const cluster = await openCluster(t);
    const { admin } = cluster;
    const leases = path('coordination.k8s.io/v1', cluster, 'leases');
    const held = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: MICRO_TIME, acquireTime: MICRO_TIME };
    const { body } = await admin.call('POST', leases, lease(held));
    const take = (holderIdentity: string) =>
      admin.call('PUT', `${leases}/leader`, { ...body, spec: { ...held, holderIdentity } });
    const codes = (await Promise.all([take('b'), take('c')])).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set([200, 409]));
    expect((await admin.call('PUT', `${leases}/leader`, lease(held))).code).toBe(422);
  });

  test('leases - have times of six digits after the point, no more and no less', async (t) => {
    const cluster = await openCluster(t);
    const { admin } = cluster;
    const leases = path('coordination.k8s.io/v1', cluster, 'leases');
    expect((await admin.call('POST', leases, lease({ renewTime: MILLISECONDS }))).code).toBe(400);
    const address = `${leases}/leader?fieldManager=a`;
    expect((await admin.call('PATCH', address, lease({ renewTime: MILLISECONDS }), APPLY)).code).toBe(500);
    expect((await admin.call('PATCH', address, lease({ renewTime: MICRO_TIME }), APPLY)).code).toBe(201);
    expect((await admin.call('PATCH', address, { spec: { renewTime: MILLISECONDS } }, MERGE)).code).toBe(422);
    expect((await admin.call('PATCH', address, { spec: { leaseDurationSeconds: 0 } }, MERGE)).code).toBe(422);
  });
});

test('events - need a time, an action, a reason and who says it', async (t) => {
  const cluster = await openCluster(t);
  const whole = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: MICRO_TIME,
    reportingController: 'example.com/operator',
    reportingInstance: 'operator-0',
    action: 'Reconcile',
    reason: 'Accepted',
    type: 'Normal',
    note: 'all is well',
    regarding: { apiVersion: `${GROUP}/v1beta1`, kind: 'MqttBridgeConnector', namespace: cluster.namespace, name: 'a' },
  };
  const events = path('events.k8s.io/v1', cluster, 'events');
  const send = async (name: string, changed: object = {}) =>
    (await cluster.admin.call('POST', events, { ...whole, ...changed, metadata: { name } })).code;
  expect(await send('whole')).toBe(201);
  for (const field of ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason']) {
    expect(await send(field.toLowerCase(), { [field]: undefined }), field).toBe(422);
  }
  expect(await send('long', { note: 'n'.repeat(1025) })).toBe(422);
  expect(await send('times', { eventTime: MILLISECONDS })).toBe(400);
});

function statefulSet(spec: object = {}): object {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'agent', image: 'i' }] } };
  const selector = { matchLabels: { app: 'a' } };
  const whole = { replicas: 1, serviceName: 'set', selector, template, ...spec };
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'set' }, spec: whole };
}

test('stateful sets - count changes of the spec, keep their selector, and have a status of their own', async (t) => {
  const cluster = await openCluster(t);
  const address = path('apps/v1', cluster, 'statefulsets/set');
  const apply = (spec?: object): Promise<Reply> =>
    cluster.admin.call('PATCH', `${address}?fieldManager=a`, statefulSet(spec), APPLY);
  expect((await apply({ selector: { matchLabels: { app: 'b' } } })).code).toBe(422);
  const made = await apply();
  expect(made).toMatchObject({ code: 201, body: { metadata: { generation: 1 } } });
  const { resourceVersion } = (await apply()).body.metadata;
  expect(resourceVersion).toBe(made.body.metadata.resourceVersion);
  expect((await apply({ replicas: 2 })).body.metadata.generation).toBe(2);
  expect((await apply({ serviceName: 'other' })).code).toBe(422);
  const status = { replicas: 2, readyReplicas: 1, observedGeneration: 2 };
  const written = await cluster.admin.call('PATCH', `${address}/status`, { status }, MERGE);
  expect(written.body).toMatchObject({ status, metadata: { generation: 2 } });
});

test('tokens - are issued for a service account that exists, and only those for the API server open it', async (t) => {
  const { admin, kubeconfigFor, namespace } = await openCluster(t);
  const account = plainClient(await kubeconfigFor('agent'));
  const reply = await account.call('GET', `/api/v1/namespaces/${namespace}/configmaps`);
  expect(reply.body.message).toContain(`User "system:serviceaccount:${namespace}:agent" cannot list resource`);
  const tokens = (name: string) => `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = (spec: object) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec });
  expect((await admin.call('POST', tokens('other'), request({}))).code).toBe(404);
  expect((await admin.call('POST', tokens('agent'), request({ expirationSeconds: 599 }))).code).toBe(422);
  const { body } = await admin.call('POST', tokens('agent'), request({ audiences: ['x'], expirationSeconds: 600 }));
  const foreign = (await kubeconfigFor('agent')).replace(/token: .*/, `token: ${textOf(body.status.token)}`);
  expect((await plainClient(foreign).call('GET', `/api/v1/namespaces/${namespace}/configmaps`)).code).toBe(401);
});

interface Granting {
  readonly cluster: TestCluster;
  readonly account: PlainClient;
  readonly roles: string;
  readonly bindings: string;
}

async function grant(cluster: TestCluster, rules: readonly object[]): Promise<Granting> {
  const roles = path(`${RBAC}/v1`, cluster, 'roles');
  const bindings = path(`${RBAC}/v1`, cluster, 'rolebindings');
  const account = plainClient(await cluster.kubeconfigFor('operator'));
  await cluster.admin.call('POST', roles, role('operator', rules));
  await cluster.admin.call('POST', bindings, binding('operator', 'operator', cluster));
  return { cluster, account, roles, bindings };
}

function role(name: string, rules: readonly object[]): object {
  return { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name }, rules };
}

function binding(name: string, account: string, { namespace }: TestCluster): object {
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  const roleRef = { apiGroup: RBAC, kind: 'Role', name };
  return { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name }, roleRef, subjects };
}

describe('roles', () => {
  test('roles - that name objects allow to list and watch just these by a field selector', async (t) => {
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list', 'watch'], resourceNames: ['mine'] }];
    const { cluster, account } = await grant(await openCluster(t), rules);
    const secrets = path('v1', cluster, 'secrets');
    const select = (name: string) => account.call('GET', `${secrets}?fieldSelector=metadata.name%3D${name}`);
    await eventually(async () => (await select('mine')).code === 200);
    const watch = await account.watch(t, `${secrets}?watch=true&fieldSelector=metadata.name%3Dmine`);
    expect(watch.code).toBe(200);
    expect((await select('other')).code).toBe(403);
    expect((await account.call('GET', secrets)).code).toBe(403);
    expect((await account.call('GET', `${secrets}/mine`)).code).toBe(403);
  });

  test('roles - can be given only by who has the same rights', async (t) => {
    const held = { apiGroups: [GROUP], resources: ['mqttbridgeconnectors'], verbs: ['get', 'list', 'watch'] };
    const granting = { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['get', 'create', 'patch'] };
    const named = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['mine'] };
    const { cluster, account, roles, bindings } = await grant(await openCluster(t), [held, granting, named]);
    const give = (name: string, rule: object) =>
      account.call('PATCH', `${roles}/${name}?fieldManager=o`, role(name, [rule]), APPLY);
    const narrow = { ...held, verbs: ['get', 'watch'], resourceNames: ['edge'] };
    await eventually(async () => (await give('narrow', narrow)).code === 201);
    const refused = await give('status', { ...held, resources: ['mqttbridgeconnectors/status'], verbs: ['patch'] });
    expect(refused).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect(refused.body.message).toContain('is attempting to grant RBAC permissions not currently held');
    expect((await give('wide', { ...named, resourceNames: [] })).code).toBe(403);
    const bind = (name: string) =>
      account.call('PATCH', `${bindings}/${name}?fieldManager=o`, binding(name, 'agent', cluster), APPLY);
    expect((await bind('narrow')).code).toBe(201);
    expect((await bind('missing')).code).toBe(404);
    await cluster.admin.call('POST', roles, role('more', [{ ...held, verbs: ['delete'] }]));
    await eventually(async () => (await bind('more')).code === 403);
  });
});
