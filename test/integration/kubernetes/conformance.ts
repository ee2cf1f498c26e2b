import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { listOf, type PlainClient, type Reply, textOf } from '../../support/kubernetes/plain-client.ts';
import type { Scope } from '../../support/scope.ts';

/** The type of a server-side apply. */
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const CONNECTORS = '/apis/mq.iotoperations.azure.com/v1beta1/namespaces/default/mqttbridgeconnectors';

interface Stage {
  readonly client: PlainClient;
  /** A name that no other test has. */
  readonly name: string;
}

/** What the operator and the agents rely on, of any API server that has the custom resource definitions. */
export function describeConformance(server: string, connect: (scope: Scope) => Promise<PlainClient>): void {
  async function stage(scope: Scope): Promise<Stage> {
    const client = await connect(scope);
    const name = `conformance-${randomUUID().slice(0, 8)}`;
    scope.onTestFinished(async () => {
      await client.call('DELETE', `${CONFIG_MAPS}/${name}`);
      await client.call('DELETE', `${CONNECTORS}/${name}`);
    });
    return { client, name };
  }
  describe(server, () => {
    describeWrites(stage);
    describeDeletion(stage);
    describeApply(stage);
    describeCustomResources(stage);
    describeWatches(stage);
  });
}

type SetStage = (scope: Scope) => Promise<Stage>;

function configMap(name: string, data: Record<string, string> = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

function connector(name: string, spec: object = {}): object {
  const remoteBrokerConnection = {
    endpoint: 'remote.example:8883',
    tls: { tlsEnabled: true },
    authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
  };
  const whole = {
    protocol: 'v5',
    bridgeInstances: 1,
    clientIdPrefix: 'c',
    logLevel: 'info',
    remoteBrokerConnection,
    ...spec,
  };
  return {
    apiVersion: 'mq.iotoperations.azure.com/v1beta1',
    kind: 'MqttBridgeConnector',
    metadata: { name },
    spec: whole,
  };
}

function managers({ body }: Reply): string[] {
  const entries = listOf(body.metadata.managedFields);
  return entries.map(({ manager, operation }) => `${textOf(manager)} ${textOf(operation)}`);
}

function describeWrites(stage: SetStage): void {
  test('writes - creates once and says 409 AlreadyExists the second time', async (t) => {
    const { client, name } = await stage(t);
    const made = await client.call('POST', CONFIG_MAPS, configMap(name));
    expect(made.code).toBe(201);
    expect(made.body.metadata).toMatchObject({ name, namespace: 'default', uid: expect.any(String) });
    expect(await client.call('POST', CONFIG_MAPS, configMap(name))).toMatchObject({
      code: 409,
      body: { kind: 'Status', status: 'Failure', reason: 'AlreadyExists', details: { name, kind: 'configmaps' } },
    });
  });

  test('writes - refuses an update from a version that is no longer the last one', async (t) => {
    const { client, name } = await stage(t);
    const { body } = await client.call('POST', CONFIG_MAPS, configMap(name));
    expect((await client.call('PUT', `${CONFIG_MAPS}/${name}`, { ...body, data: { a: '1' } })).code).toBe(200);
    expect(await client.call('PUT', `${CONFIG_MAPS}/${name}`, { ...body, data: { a: '2' } })).toMatchObject({
      code: 409,
      body: { reason: 'Conflict' },
    });
  });

  test('writes - keeps the version where an update changes nothing', async (t) => {
    const { client, name } = await stage(t);
    const { body } = await client.call('POST', CONFIG_MAPS, configMap(name, { a: '1' }));
    const again = await client.call('PUT', `${CONFIG_MAPS}/${name}`, body);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('writes - patches by RFC 7386 and by RFC 6902', async (t) => {
    const { client, name } = await stage(t);
    await client.call('POST', CONFIG_MAPS, configMap(name, { a: '1', b: '2' }));
    const merged = await client.call('PATCH', `${CONFIG_MAPS}/${name}`, { data: { a: null, c: '3' } }, MERGE);
    expect(merged.body.data).toEqual({ b: '2', c: '3' });
    const operations = [
      { op: 'replace', path: '/data/b', value: '4' },
      { op: 'move', from: '/data/c', path: '/data/d' },
    ];
    expect((await client.call('PATCH', `${CONFIG_MAPS}/${name}`, operations, JSON_PATCH)).body.data).toEqual({
      b: '4',
      d: '3',
    });
  });

  test('writes - keeps nothing of a dry run', async (t) => {
    const { client, name } = await stage(t);
    expect((await client.call('POST', `${CONFIG_MAPS}?dryRun=All`, configMap(name))).code).toBe(201);
    expect(await client.call('GET', `${CONFIG_MAPS}/${name}`)).toMatchObject({
      code: 404,
      body: { reason: 'NotFound' },
    });
  });
}

function describeDeletion(stage: SetStage): void {
  test('deletion - asks for the preconditions, waits for finalizers and takes what is owned with it', async (t) => {
    const { client, name } = await stage(t);
    const owner = await client.call('POST', CONFIG_MAPS, configMap(name, {}, { finalizers: ['example.com/wait'] }));
    const { uid } = owner.body.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
    await client.call('POST', CONFIG_MAPS, configMap(`${name}-owned`, {}, { ownerReferences }));
    expect((await client.call('DELETE', `${CONFIG_MAPS}/${name}`, { preconditions: { uid: 'another' } })).code).toBe(
      409,
    );
    await client.call('DELETE', `${CONFIG_MAPS}/${name}`, { propagationPolicy: 'Background' });
    const waiting = await client.call('GET', `${CONFIG_MAPS}/${name}`);
    expect(waiting.body.metadata.deletionTimestamp).toEqual(expect.any(String));
    await client.call('PATCH', `${CONFIG_MAPS}/${name}`, { metadata: { finalizers: null } }, MERGE);
    expect((await client.call('GET', `${CONFIG_MAPS}/${name}`)).code).toBe(404);
    await eventually(async () => (await client.call('GET', `${CONFIG_MAPS}/${name}-owned`)).code === 404);
    await client.call('POST', CONFIG_MAPS, configMap(`${name}-owned`, {}, { ownerReferences }));
    await eventually(async () => (await client.call('GET', `${CONFIG_MAPS}/${name}-owned`)).code === 404);
  });
}

function describeApply(stage: SetStage): void {
  async function apply(
    { client, name }: Stage,
    manager: string,
    data: Record<string, string>,
    force = false,
  ): Promise<Reply> {
    const address = `${CONFIG_MAPS}/${name}?fieldManager=${manager}&force=${force}`;
    return client.call('PATCH', address, configMap(name, data), APPLY);
  }

  test('apply - creates, and changes nothing when the same is applied again', async (t) => {
    const set = await stage(t);
    const first = await apply(set, 'one', { a: '1' });
    expect(first.code).toBe(201);
    const second = await apply(set, 'one', { a: '1' });
    expect(second).toMatchObject({
      code: 200,
      body: { metadata: { resourceVersion: first.body.metadata.resourceVersion } },
    });
    expect(first.body.metadata.managedFields[0]).toMatchObject({
      operation: 'Apply',
      fieldsV1: { 'f:data': { 'f:a': {} } },
    });
  });

  test('apply - names the field and the manager in the way, and takes the field when forced', async (t) => {
    const set = await stage(t);
    await apply(set, 'one', { a: '1' });
    const refused = await apply(set, 'two', { a: '2' });
    expect(refused).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    expect(refused.body.details.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
    ]);
    const forced = await apply(set, 'two', { a: '2' }, true);
    expect(forced.body.data).toEqual({ a: '2' });
    expect(managers(forced)).toEqual(['two Apply']);
  });

  test('apply - takes away what the manager no longer applies and nobody else owns', async (t) => {
    const set = await stage(t);
    await apply(set, 'one', { a: '1', b: '1', c: '1' });
    await apply(set, 'two', { b: '1' });
    expect((await apply(set, 'one', { c: '1' })).body.data).toEqual({ b: '1', c: '1' });
  });

  test('apply - meets the fields of a writer that does not apply', async (t) => {
    const set = await stage(t);
    await set.client.call('POST', CONFIG_MAPS, configMap(set.name, { a: '1' }));
    expect((await apply(set, 'one', { a: '2' })).code).toBe(409);
    expect((await apply(set, 'one', { a: '1' })).code).toBe(200);
  });
}

function describeCustomResources(stage: SetStage): void {
  test('custom resources - fills in defaults and counts changes of the spec only', async (t) => {
    const { client, name } = await stage(t);
    const made = await client.call('POST', CONNECTORS, connector(name));
    expect(made).toMatchObject({
      code: 201,
      body: { metadata: { generation: 1 }, spec: { localBrokerConnection: {} } },
    });
    const labelled = await client.call('PATCH', `${CONNECTORS}/${name}`, { metadata: { labels: { a: 'b' } } }, MERGE);
    expect(labelled.body.metadata.generation).toBe(1);
    const changed = await client.call('PATCH', `${CONNECTORS}/${name}`, { spec: { bridgeInstances: 2 } }, MERGE);
    expect(changed.body.metadata.generation).toBe(2);
  });

  test('custom resources - refuses what the schema forbids with 422 and a cause', async (t) => {
    const { client, name } = await stage(t);
    const refused = await client.call('POST', CONNECTORS, connector(name, { protocol: 'v9' }));
    expect(refused).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect(refused.body.details.causes[0].field).toBe('spec.protocol');
    const unknown = await client.call(
      'POST',
      `${CONNECTORS}?fieldValidation=Strict`,
      connector(name, { colour: 'red' }),
    );
    expect(unknown.code).toBe(400);
    expect(unknown.body.message).toContain('unknown field "spec.colour"');
  });

  test('status - is written through its own address and nothing else is', async (t) => {
    const { client, name } = await stage(t);
    await client.call('POST', CONNECTORS, { ...connector(name), status: { configStatusLevel: 'Error' } });
    const plain = await client.call('PATCH', `${CONNECTORS}/${name}`, { status: { backlog: 3 } }, MERGE);
    expect(plain.body.status).toBeUndefined();
    const patch = { status: { backlog: 3 }, spec: { bridgeInstances: 9 } };
    const written = await client.call('PATCH', `${CONNECTORS}/${name}/status`, patch, MERGE);
    expect(written.body).toMatchObject({
      status: { backlog: 3 },
      spec: { bridgeInstances: 1 },
      metadata: { generation: 1 },
    });
  });

  test('status - lets two managers own their conditions in one list', async (t) => {
    const { client, name } = await stage(t);
    await client.call('POST', CONNECTORS, connector(name));
    const { apiVersion, kind, metadata } = connector(name) as Reply['body'];
    const apply = (type: string, status: string) => {
      const condition = { type, status, reason: 'Test', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
      const body = { apiVersion, kind, metadata, status: { conditions: [condition] } };
      return client.call('PATCH', `${CONNECTORS}/${name}/status?fieldManager=${type.toLowerCase()}`, body, APPLY);
    };
    await apply('Ready', 'False');
    const both = await apply('Accepted', 'True');
    expect(listOf(both.body.status.conditions).map((each) => each.type)).toEqual(['Ready', 'Accepted']);
    const changed = await apply('Ready', 'True');
    expect(listOf(changed.body.status.conditions).map((each) => each.status)).toEqual(['True', 'True']);
    expect(changed.body.metadata.generation).toBe(1);
  });
}

function describeWatches(stage: SetStage): void {
  test('lists - come in pages of one version', async (t) => {
    const { client, name } = await stage(t);
    for (const index of [1, 2, 3]) {
      await client.call('POST', CONFIG_MAPS, configMap(`${name}-${index}`, {}, { labels: { page: name } }));
      t.onTestFinished(async () => void (await client.call('DELETE', `${CONFIG_MAPS}/${name}-${index}`)));
    }
    const selected = `${CONFIG_MAPS}?labelSelector=page%3D${name}`;
    const first = await client.call('GET', `${selected}&limit=2`);
    await client.call('DELETE', `${CONFIG_MAPS}/${name}-3`);
    const rest = await client.call('GET', `${selected}&limit=2&continue=${textOf(first.body.metadata.continue)}`);
    expect(listOf(rest.body.items).map((item) => item.metadata.name)).toEqual([`${name}-3`]);
    expect(rest.body.metadata.continue ?? '').toBe('');
  });

  test('watches - go on from a version without a loss', async (t) => {
    const { client, name } = await stage(t);
    const { body } = await client.call('GET', CONFIG_MAPS);
    await client.call('POST', CONFIG_MAPS, configMap(name, { a: '1' }));
    const from = `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${textOf(body.metadata.resourceVersion)}`;
    const watch = await client.watch(t, from);
    await client.call('PATCH', `${CONFIG_MAPS}/${name}`, { data: { a: '2' } }, MERGE);
    await client.call('DELETE', `${CONFIG_MAPS}/${name}`);
    await eventually(() => watch.events.length === 3);
    expect(watch.events.map(({ type, object }) => `${type} ${textOf(object.data.a)}`)).toEqual([
      'ADDED 1',
      'MODIFIED 2',
      'DELETED 2',
    ]);
  });

  test('watches - end when their time is over, without an error', async (t) => {
    const { client } = await stage(t);
    const { body } = await client.call('GET', CONFIG_MAPS);
    const watch = await client.watch(
      t,
      `${CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=${textOf(body.metadata.resourceVersion)}`,
    );
    await eventually(watch.ended);
    expect(watch.events.filter(({ type }) => type === 'ERROR')).toEqual([]);
  });
}
