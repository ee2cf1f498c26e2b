import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { plainClient } from '../../support/kubernetes/plain-client.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
}

test('API server double - answers 401 to a token that it does not know', async (t) => {
  const server = await startApiServer(t);
  const reply = await plainClient(server.kubeconfig('another')).call('GET', CONFIG_MAPS);
  expect(reply).toMatchObject({ code: 401, body: { kind: 'Status', reason: 'Unauthorized' } });
});

test('API server double - lets a service account do what its roles say and no more', async (t) => {
  const server = await startApiServer(t);
  const admin = plainClient(server.kubeconfig());
  const account = plainClient(server.kubeconfig(server.tokenFor('default', 'bridge')));
  expect(await account.call('GET', CONFIG_MAPS)).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['mine'] }];
  await admin.call('POST', `${roles}/roles`, { apiVersion, kind: 'Role', metadata: { name: 'r' }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
  const subjects = [{ kind: 'ServiceAccount', name: 'bridge', namespace: 'default' }];
  await admin.call('POST', `${roles}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name: 'r' },
    roleRef,
    subjects,
  });
  expect((await account.call('GET', `${CONFIG_MAPS}/mine`)).code).toBe(404);
  expect((await account.call('GET', `${CONFIG_MAPS}/other`)).code).toBe(403);
  expect((await account.call('DELETE', `${CONFIG_MAPS}/mine`)).code).toBe(403);
});

test('API server double - answers a version that is forgotten with 410, as HTTP or in the stream', async (t) => {
  for (const goneAs of ['status', 'event'] as const) {
    const server = await startApiServer(t, { goneAs });
    const client = plainClient(server.kubeconfig());
    await client.call('POST', CONFIG_MAPS, configMap('a'));
    server.store.compact();
    const watch = await client.watch(t, `${CONFIG_MAPS}?watch=true&resourceVersion=1`);
    await eventually(watch.ended);
    expect(watch.code).toBe(goneAs === 'status' ? 410 : 200);
    const status = goneAs === 'status' ? watch.events[0] : watch.events[0].object;
    expect(status).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' });
  }
});

test('API server double - stalls, bookmarks, expires and cuts watches', async (t) => {
  const server = await startApiServer(t);
  const client = plainClient(server.kubeconfig());
  const address = `${CONFIG_MAPS}?watch=true&resourceVersion=1&allowWatchBookmarks=true`;
  const watch = await client.watch(t, address);
  server.watches('configmaps')[0].stall();
  await client.call('POST', CONFIG_MAPS, configMap('a'));
  expect(watch.events).toEqual([]);
  server.watches()[0].resume();
  server.watches()[0].bookmark();
  await eventually(() => watch.events.length === 2);
  expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
  expect(watch.events[1].object.metadata.resourceVersion).toBe(watch.events[0].object.metadata.resourceVersion);
  server.watches()[0].expire();
  await eventually(watch.ended);
  expect(watch.events[2]).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  await eventually(() => server.watches().length === 0);
  const second = await client.watch(t, address);
  server.watches()[0].cut();
  await eventually(second.ended);
});

test('API server double - fails the requests a test names, and counts all', async (t) => {
  const server = await startApiServer(t);
  const client = plainClient(server.kubeconfig());
  server.failNext({ verb: 'create', resource: 'configmaps', code: 503, reason: 'ServiceUnavailable' });
  expect((await client.call('GET', CONFIG_MAPS)).code).toBe(200);
  expect(await client.call('POST', CONFIG_MAPS, configMap('a'))).toMatchObject({
    code: 503,
    body: { reason: 'ServiceUnavailable' },
  });
  expect((await client.call('POST', CONFIG_MAPS, configMap('a'))).code).toBe(201);
  expect(server.log.counts()).toEqual({ 'list configmaps': 1, 'create configmaps': 2 });
});
