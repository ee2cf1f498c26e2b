import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ApiError, type KubernetesClient, type WatchEvent } from '../../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject } from '../../../kubernetes/object.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { openClient } from '../../support/kubernetes/open-client.ts';
import type { Scope } from '../../support/scope.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const LEASES = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };

interface Stage extends TestCluster {
  readonly client: KubernetesClient;
  /** A name that no other test has. */
  readonly name: string;
  readonly configMap: (data: Readonly<Record<string, string>>, metadata?: object) => ReturnType<typeof configMapOf>;
}

async function stage(scope: Scope): Promise<Stage> {
  const cluster = await openCluster(scope);
  const client = await openClient(scope, cluster.kubeconfig);
  const name = `client-${randomUUID().slice(0, 8)}`;
  const at = { name, namespace: cluster.namespace };
  return { ...cluster, client, name, configMap: (data, metadata) => configMapOf(data, { ...at, ...metadata }) };
}

function configMapOf(data: Readonly<Record<string, string>>, metadata: { name: string; namespace: string }) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** The object with other fields; a variable, so that fields which its kind has may be among them. */
function changed<T extends object>(object: StoredObject, fields: T): StoredObject & T {
  return { ...object, ...fields };
}

function connectorOf(metadata: { name: string; namespace: string }, spec: object = {}) {
  const remoteBrokerConnection = {
    endpoint: 'remote.example:8883',
    tls: { tlsEnabled: true },
    authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
  };
  const plain = { protocol: 'v5', logLevel: 'info', bridgeInstances: 1, clientIdPrefix: 'c', remoteBrokerConnection };
  return { apiVersion: CONNECTORS.apiVersion, kind: CONNECTORS.kind, metadata, spec: { ...plain, ...spec } };
}

async function refusalOf(asked: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await asked.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe('client', () => {
  test('gets what is there, and undefined for what is not', async (t) => {
    const { client, namespace, name, configMap } = await stage(t);
    expect(await client.get(CONFIG_MAPS, { namespace, name })).toBeUndefined();
    const made = await client.create(CONFIG_MAPS, configMap({ a: '1' }));
    expect(made.metadata).toMatchObject({ name, namespace, uid: expect.any(String) });
    expect(await client.get(CONFIG_MAPS, { namespace, name })).toEqual(made);
    expect(await refusalOf(client.create(CONFIG_MAPS, configMap({})))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
  });

  test('does not take a kind that is not served for an object that is not there', async (t) => {
    const { client, namespace, name } = await stage(t);
    const kind = { apiVersion: 'nowhere.example/v1', kind: 'None', plural: 'nones' };
    const refusal = { code: 404, reason: 'NotServed' };
    expect(await refusalOf(client.get(kind, { namespace, name }))).toMatchObject(refusal);
    expect(await refusalOf(client.list(kind, { namespace }))).toMatchObject(refusal);
    expect(await refusalOf(client.remove(kind, { namespace, name }))).toMatchObject(refusal);
    const known = { ...CONFIG_MAPS, plural: 'nones' };
    expect(await refusalOf(client.get(known, { namespace, name }))).toMatchObject(refusal);
  });

  test('replaces an object of the version that was seen, and no other', async (t) => {
    const { client, configMap } = await stage(t);
    const first = await client.create(CONFIG_MAPS, configMap({ a: '1' }));
    const second = await client.replace(CONFIG_MAPS, changed(first, { data: { a: '2' } }));
    expect(second['data']).toEqual({ a: '2' });
    const error = await refusalOf(client.replace(CONFIG_MAPS, changed(first, { data: { a: '3' } })));
    expect(error).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(error.message).toContain('the object has been modified');
  });

  test('holds a lease by replacing it', async (t) => {
    const { client, namespace, name } = await stage(t);
    const metadata = { name, namespace };
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 15 };
    const lease = { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata, spec };
    const made = await client.create(LEASES, lease);
    const taken = await client.replace(LEASES, changed(made, { spec: { ...spec, holderIdentity: 'two' } }));
    expect(taken['spec']).toMatchObject({ holderIdentity: 'two' });
    expect((await refusalOf(client.replace(LEASES, made))).code).toBe(409);
  });

  test('applies, names in a conflict who owns what, and takes it when forced', async (t) => {
    const { client, configMap } = await stage(t);
    const made = await client.apply(CONFIG_MAPS, configMap({ a: '1' }), { manager: 'one' });
    const again = await client.apply(CONFIG_MAPS, configMap({ a: '1' }), { manager: 'one' });
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    const error = await refusalOf(client.apply(CONFIG_MAPS, configMap({ a: '2' }), { manager: 'two' }));
    expect(error).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(error.message).toMatch(/conflict with "one".*\.data\.a/);
    const forced = await client.apply(CONFIG_MAPS, configMap({ a: '2' }), { manager: 'two', force: true });
    expect(forced['data']).toEqual({ a: '2' });
  });

  test('applies a status, and the fields of each manager stay its own', async (t) => {
    const { client, namespace, name } = await stage(t);
    const metadata = { name, namespace };
    const { apiVersion, kind } = CONNECTORS;
    const status = (fields: object) => ({ apiVersion, kind, metadata, status: fields });
    const missing = await refusalOf(client.apply(CONNECTORS, status({ backlog: 1 }), { manager: 'm', status: true }));
    expect(missing).toMatchObject({ code: 404, reason: 'NotFound' });
    await client.apply(CONNECTORS, connectorOf(metadata), { manager: 'author' });
    await client.apply(CONNECTORS, status({ backlog: 1 }), { manager: 'm', status: true });
    const both = await client.apply(CONNECTORS, status({ configStatusLevel: 'OK' }), { manager: 'n', status: true });
    expect(both).toMatchObject({ status: { backlog: 1, configStatusLevel: 'OK' }, metadata: { generation: 1 } });
    expect(await client.list(CONNECTORS, { namespace })).toMatchObject({ items: [{ metadata: { name } }] });
  });

  test('is told of a field that the server does not know, and of a value that it does not allow', async (t) => {
    const { client, namespace, name } = await stage(t);
    const metadata = { name, namespace };
    const unknown = await refusalOf(client.create(CONNECTORS, connectorOf(metadata, { colour: 'red' })));
    expect(unknown.code).toBe(400);
    expect(unknown.message).toContain('unknown field "spec.colour"');
    await client.create(CONNECTORS, connectorOf(metadata));
    const { apiVersion, kind } = CONNECTORS;
    const status = { apiVersion, kind, metadata, status: { colour: 'red' } };
    const applied = await refusalOf(client.apply(CONNECTORS, status, { manager: 'm', status: true }));
    expect(applied.code).toBe(500);
    expect(applied.message).toContain('.status.colour: field not declared in schema');
    const invalid = await refusalOf(
      client.create(CONNECTORS, connectorOf({ ...metadata, name: `${name}-2` }, { bridgeInstances: -1 })),
    );
    expect(invalid).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(invalid.message).toContain('spec.bridgeInstances');
  });

  test('patches by RFC 6902, the status apart from the rest', async (t) => {
    const { client, namespace, name } = await stage(t);
    const metadata = { name, namespace };
    await client.create(CONNECTORS, connectorOf(metadata));
    const spec = await client.patch(CONNECTORS, metadata, [{ op: 'replace', path: '/spec/bridgeInstances', value: 2 }]);
    expect(spec).toMatchObject({ spec: { bridgeInstances: 2 }, metadata: { generation: 2 } });
    const add = { op: 'add', path: '/status', value: { backlog: 3 } } as const;
    const status = await client.patch(CONNECTORS, metadata, [add], { status: true });
    expect(status).toMatchObject({ status: { backlog: 3 }, metadata: { generation: 2 } });
    const test = { op: 'test', path: '/spec/bridgeInstances', value: 9 } as const;
    expect((await refusalOf(client.patch(CONNECTORS, metadata, [test]))).code).toBe(422);
  });

  test('removes what is there, and by a uid only that very object', async (t) => {
    const { client, namespace, name, configMap } = await stage(t);
    const made = await client.create(CONFIG_MAPS, configMap({}));
    const other = await refusalOf(client.remove(CONFIG_MAPS, { namespace, name }, { uid: randomUUID() }));
    expect(other).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(await client.remove(CONFIG_MAPS, { namespace, name }, { uid: made.metadata.uid })).toBe(true);
    expect(await client.remove(CONFIG_MAPS, { namespace, name })).toBe(false);
  });

  test('lists by labels, by name and over all namespaces, in as many pages as it takes', async (t) => {
    const { client: _, kubeconfig, namespace, name, configMap } = await stage(t);
    const client = await openClient(t, kubeconfig, { limits: { pageSize: 2 } });
    const names = ['a', 'b', 'c', 'd', 'e'].map((end) => `${name}-${end}`);
    for (const each of names) await client.create(CONFIG_MAPS, configMap({}, { name: each, labels: { test: name } }));
    await client.create(CONFIG_MAPS, configMap({}));
    const namesIn = async (selection: object) =>
      (await client.list(CONFIG_MAPS, selection)).items.map(({ metadata }) => metadata.name);
    expect(await namesIn({ namespace, labelSelector: `test=${name}` })).toEqual(names);
    expect(await namesIn({ labelSelector: `test=${name}` })).toEqual(names);
    expect(await namesIn({ namespace, fieldSelector: `metadata.name=${name}` })).toEqual([name]);
    const { items } = await client.list(CONFIG_MAPS, { namespace, fieldSelector: `metadata.name=${name}` });
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  test('watches from a list on, until its signal ends it', async (t) => {
    const { client, namespace, name, configMap } = await stage(t);
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace });
    const end = new AbortController();
    const events: WatchEvent[] = [];
    const watching = (async () => {
      const selection = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion };
      for await (const event of client.watch(CONFIG_MAPS, selection, end.signal)) events.push(event);
    })();
    await client.create(CONFIG_MAPS, configMap({ text: 'ä€😀\u2028' }));
    await client.apply(CONFIG_MAPS, configMap({ text: 'b' }), { manager: 'm', force: true });
    await client.remove(CONFIG_MAPS, { namespace, name });
    await eventually(() => events.filter(({ kind }) => kind !== 'bookmark').length === 4);
    end.abort();
    await watching;
    const objects = events.flatMap((event) => ('object' in event ? [[event.kind, event.object['data']]] : []));
    expect(events[0]).toEqual({ kind: 'opened' });
    expect(objects).toEqual([
      ['changed', { text: 'ä€😀\u2028' }],
      ['changed', { text: 'b' }],
      ['removed', { text: 'b' }],
    ]);
  });

  test('is told what a service account may not do', async (t) => {
    const { kubeconfigFor, namespace, name } = await stage(t);
    const client = await openClient(t, await kubeconfigFor('without-rights'));
    const asked = [() => client.get(CONFIG_MAPS, { namespace, name }), () => client.list(CONFIG_MAPS, { namespace })];
    for (const ask of asked) {
      const error = await refusalOf(ask());
      expect(error).toMatchObject({ code: 403, reason: 'Forbidden' });
      expect(error.message).toContain(`system:serviceaccount:${namespace}:without-rights`);
    }
    const watching = client.watch(CONFIG_MAPS, { namespace, resourceVersion: '1' }, t.signal);
    expect((await refusalOf(watching[Symbol.asyncIterator]().next())).code).toBe(403);
  });

  test('asks for no object whose name would be another path', async (t) => {
    const { client, namespace } = await stage(t);
    for (const name of ['', '.', '..', 'a/b', 'a%2fb']) {
      await expect(client.get(CONFIG_MAPS, { namespace, name })).rejects.toThrow(RangeError);
      await expect(client.remove(CONFIG_MAPS, { namespace, name })).rejects.toThrow(RangeError);
    }
  });
});
