import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { listOf, type Reply, textOf } from '../../support/kubernetes/plain-client.ts';
import { APPLY, MERGE, type Stage, stage } from './stage.ts';

// What the operator and the agents rely on. It runs on the double and, by `npm run test:kubernetes`, on a real API server: so we know that the
// double does as the real one does.

const JSON_PATCH = 'application/json-patch+json';

function configMap(name: string, data: Record<string, string> = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

function managers({ body }: Reply): string[] {
  const entries = listOf(body.metadata.managedFields);
  return entries.map(({ manager, operation }) => `${textOf(manager)} ${textOf(operation)}`);
}

describe('writes', () => {
  test('writes - creates once and says 409 AlreadyExists the second time', async (t) => {
    const { client, name, namespace, configMaps } = await stage(t);
    const made = await client.call('POST', configMaps, configMap(name));
    expect(made.code).toBe(201);
    expect(made.body.metadata).toMatchObject({ name, namespace, uid: expect.any(String) });
    expect(await client.call('POST', configMaps, configMap(name))).toMatchObject({
      code: 409,
      body: { kind: 'Status', status: 'Failure', reason: 'AlreadyExists', details: { name, kind: 'configmaps' } },
    });
  });

  test('writes - refuses an update from a version that is no longer the last one', async (t) => {
    const { client, name, configMaps } = await stage(t);
    const { body } = await client.call('POST', configMaps, configMap(name));
    expect((await client.call('PUT', `${configMaps}/${name}`, { ...body, data: { a: '1' } })).code).toBe(200);
    expect(await client.call('PUT', `${configMaps}/${name}`, { ...body, data: { a: '2' } })).toMatchObject({
      code: 409,
      body: { reason: 'Conflict' },
    });
  });

  test('writes - keeps the version where an update changes nothing', async (t) => {
    const { client, name, configMaps } = await stage(t);
    const { body } = await client.call('POST', configMaps, configMap(name, { a: '1' }));
    const again = await client.call('PUT', `${configMaps}/${name}`, body);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('writes - patches by RFC 7386 and by RFC 6902', async (t) => {
    const { client, name, configMaps } = await stage(t);
    await client.call('POST', configMaps, configMap(name, { a: '1', b: '2' }));
    const merged = await client.call('PATCH', `${configMaps}/${name}`, { data: { a: null, c: '3' } }, MERGE);
    expect(merged.body.data).toEqual({ b: '2', c: '3' });
    const operations = [
      { op: 'replace', path: '/data/b', value: '4' },
      { op: 'move', from: '/data/c', path: '/data/d' },
    ];
    expect((await client.call('PATCH', `${configMaps}/${name}`, operations, JSON_PATCH)).body.data).toEqual({
      b: '4',
      d: '3',
    });
  });

  test('writes - keeps nothing of a dry run', async (t) => {
    const { client, name, configMaps } = await stage(t);
    expect((await client.call('POST', `${configMaps}?dryRun=All`, configMap(name))).code).toBe(201);
    expect(await client.call('GET', `${configMaps}/${name}`)).toMatchObject({
      code: 404,
      body: { reason: 'NotFound' },
    });
  });
});

describe('deletion', () => {
  test('deletion - asks for the preconditions, waits for finalizers and takes what is owned with it', async (t) => {
    const { client, name, configMaps } = await stage(t);
    const owner = await client.call('POST', configMaps, configMap(name, {}, { finalizers: ['example.com/wait'] }));
    const { uid } = owner.body.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
    await client.call('POST', configMaps, configMap(`${name}-owned`, {}, { ownerReferences }));
    expect((await client.call('DELETE', `${configMaps}/${name}`, { preconditions: { uid: 'another' } })).code).toBe(
      409,
    );
    await client.call('DELETE', `${configMaps}/${name}`, { propagationPolicy: 'Background' });
    const waiting = await client.call('GET', `${configMaps}/${name}`);
    expect(waiting.body.metadata.deletionTimestamp).toEqual(expect.any(String));
    await client.call('PATCH', `${configMaps}/${name}`, { metadata: { finalizers: null } }, MERGE);
    expect((await client.call('GET', `${configMaps}/${name}`)).code).toBe(404);
    await eventually(async () => (await client.call('GET', `${configMaps}/${name}-owned`)).code === 404);
    await client.call('POST', configMaps, configMap(`${name}-owned`, {}, { ownerReferences }));
    await eventually(async () => (await client.call('GET', `${configMaps}/${name}-owned`)).code === 404);
  });
});

describe('apply', () => {
  async function apply(
    { client, name, configMaps }: Stage,
    manager: string,
    data: Record<string, string>,
    force = false,
  ): Promise<Reply> {
    const address = `${configMaps}/${name}?fieldManager=${manager}&force=${force}`;
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
    await set.client.call('POST', set.configMaps, configMap(set.name, { a: '1' }));
    expect((await apply(set, 'one', { a: '2' })).code).toBe(409);
    expect((await apply(set, 'one', { a: '1' })).code).toBe(200);
  });
});

describe('watches', () => {
  test('lists - come in pages of one version', async (t) => {
    const { client, name, configMaps } = await stage(t);
    for (const index of [1, 2, 3]) {
      await client.call('POST', configMaps, configMap(`${name}-${index}`, {}, { labels: { page: name } }));
    }
    const selected = `${configMaps}?labelSelector=page%3D${name}`;
    const first = await client.call('GET', `${selected}&limit=2`);
    await client.call('DELETE', `${configMaps}/${name}-3`);
    const rest = await client.call('GET', `${selected}&limit=2&continue=${textOf(first.body.metadata.continue)}`);
    expect(listOf(rest.body.items).map((item) => item.metadata.name)).toEqual([`${name}-3`]);
    expect(rest.body.metadata.continue ?? '').toBe('');
  });

  test('watches - go on from a version without a loss', async (t) => {
    const { client, name, configMaps } = await stage(t);
    const { body } = await client.call('GET', configMaps);
    await client.call('POST', configMaps, configMap(name, { a: '1' }));
    const from = `${configMaps}?watch=true&fieldSelector=metadata.name%3D${name}&resourceVersion=${textOf(body.metadata.resourceVersion)}`;
    const watch = await client.watch(t, from);
    await client.call('PATCH', `${configMaps}/${name}`, { data: { a: '2' } }, MERGE);
    await client.call('DELETE', `${configMaps}/${name}`);
    await eventually(() => watch.events.length === 3);
    expect(watch.events.map(({ type, object }) => `${type} ${textOf(object.data.a)}`)).toEqual([
      'ADDED 1',
      'MODIFIED 2',
      'DELETED 2',
    ]);
  });

  test('watches - are silent from a version that is not there yet, while lists refuse it', async (t) => {
    const { client, name, configMaps } = await stage(t);
    const version = '9000000000000';
    const watch = await client.watch(t, `${configMaps}?watch=true&timeoutSeconds=1&resourceVersion=${version}`);
    await client.call('POST', configMaps, configMap(name));
    await eventually(watch.ended);
    expect(watch).toMatchObject({ code: 200, events: [] });
    const { code, body } = await client.call('GET', `${configMaps}?resourceVersion=${version}`);
    expect({ code, reason: body.reason }).toEqual({ code: 504, reason: 'Timeout' });
  });

  test('watches - end when their time is over, without an error', async (t) => {
    const { client, configMaps } = await stage(t);
    const { body } = await client.call('GET', configMaps);
    const watch = await client.watch(
      t,
      `${configMaps}?watch=true&timeoutSeconds=1&resourceVersion=${textOf(body.metadata.resourceVersion)}`,
    );
    await eventually(watch.ended);
    expect(watch.events.filter(({ type }) => type === 'ERROR')).toEqual([]);
  });
});
