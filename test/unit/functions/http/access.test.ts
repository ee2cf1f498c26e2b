import { expect, test } from 'vitest';
import type { Authorization } from '../../../../functions/auth/authorize-port.ts';
import { createAuthorizer } from '../../../../functions/auth/authorizer.ts';
import { hashSecret, newSecret } from '../../../../functions/auth/api-key.ts';
import { accessOperations } from '../../../../functions/http/access-operations.ts';
import type { ApiResponse, Deps } from '../../../../functions/http/contract.ts';
import type { Grant } from '../../../../functions/store/store.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import { type CreatedKey, type GrantList, MAX_GRANTS } from '../../../../shared/api/grants.ts';
import { createMemoryGrants } from '../../../support/memory-grants.ts';

const NOW = 1_800_000_000_000;
const OBJECT_ID = 'aaaaaaaa-0000-4000-8000-000000000001';

function setUp(initial: Readonly<Record<string, readonly Grant[]>> = {}) {
  const settings = settingsSchema.parse({ MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(newSecret()) });
  const store = createMemoryGrants(initial);
  const { authorize, grants } = createAuthorizer(settings, { grants: store, now: () => NOW, log: () => {} });
  const deps = { stores: { grants }, settings, now: () => NOW } as unknown as Deps;

  async function call(operationId: string, params: Readonly<Record<string, string>>, body?: unknown) {
    const operation = accessOperations.find(({ id }) => id === operationId);
    const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body));
    const request = { method: operation?.method ?? '', params, query: new URLSearchParams(), headers: new Headers() };
    const caller = { id: 'key:admin', roles: new Set(['Bridge.Admin'] as const) };
    const response = await operation?.handler({ ...request, body: bytes }, caller, deps);
    const schema = operation?.responses[response?.status ?? 0]?.schema;
    const json = jsonOf(response);
    schema?.parse(json);
    return { ...response, json };
  }

  const bearer = (key: string): Promise<Authorization> =>
    authorize({ get: (name) => (name === 'authorization' ? `Bearer ${key}` : null) }, { site: 'here' });
  return { call, bearer, store };
}

function jsonOf(response: ApiResponse | undefined): unknown {
  return response?.body !== undefined && 'json' in response.body ? response.body.json : undefined;
}

const here = { site: 'here' };

test('a key works at once, as the role it was made for', async () => {
  const { call, bearer } = setUp();
  const { status, json, headers } = await call('createKey', here, { role: 'Bridge.Agent', connector: 'edge' });
  const { key, grant } = json as CreatedKey;
  expect(status).toBe(201);
  expect(headers).toEqual({ location: `grants/${grant.id}` });
  expect(await bearer(key)).toEqual({
    kind: 'caller',
    caller: { id: `key:here/${grant.id}`, roles: new Set(['Bridge.Agent']), site: 'here', connector: 'edge' },
  });
});

test('a key is shown once, and its hash never', async () => {
  const { call, store } = setUp();
  const { json } = await call('createKey', here, { id: 'pipeline', role: 'Bridge.Write' });
  const secret = (json as CreatedKey).key.split('_').slice(3).join('_');
  const [stored] = await store.list('here');
  expect(stored?.principal).toEqual({ kind: 'key', sha256: hashSecret(secret) });
  const again = [
    await call('listGrants', here),
    await call('getGrant', { ...here, id: 'pipeline' }),
    await call('createKey', here, { id: 'pipeline', role: 'Bridge.Write' }),
    await call('putGrant', { ...here, id: 'pipeline' }, { objectId: OBJECT_ID, role: 'Bridge.Write' }),
    await call('deleteGrant', { ...here, id: 'pipeline' }),
  ];
  expect(again.map(({ status }) => status)).toEqual([200, 200, 409, 409, 204]);
  expect(JSON.stringify(again)).not.toContain(secret);
  expect(JSON.stringify(again)).not.toContain(hashSecret(secret));
});

test('a key stops to work with the deletion of its grant', async () => {
  const { call, bearer } = setUp();
  const { json } = await call('createKey', here, { id: 'k', role: 'Bridge.Read' });
  const { key } = json as CreatedKey;
  expect(await bearer(key)).toMatchObject({ kind: 'caller' });
  expect(await call('deleteGrant', { ...here, id: 'k' })).toMatchObject({ status: 204 });
  expect(await bearer(key)).toMatchObject({ kind: 'unauthenticated' });
  expect(await call('deleteGrant', { ...here, id: 'k' })).toMatchObject({ status: 404 });
});

test('no two keys are alike', async () => {
  const { call } = setUp();
  const made = await Promise.all(Array.from({ length: 20 }, () => call('createKey', here, { role: 'Bridge.Read' })));
  expect(new Set(made.map(({ json }) => (json as CreatedKey).key)).size).toBe(20);
});

test('a grant for a principal may be put again, and not be changed', async () => {
  const { call } = setUp();
  const at = { ...here, id: 'agent-1' };
  const grant = { objectId: OBJECT_ID.toUpperCase(), role: 'Bridge.Agent', connector: 'edge' };
  const first = await call('putGrant', at, grant);
  expect(first).toMatchObject({ status: 201, json: { id: 'agent-1', principal: { objectId: OBJECT_ID } } });
  expect(await call('putGrant', at, grant)).toMatchObject({ status: 200, json: first.json });
  expect(await call('putGrant', at, { ...grant, connector: 'other' })).toMatchObject({ status: 409 });
  expect(await call('putGrant', at, { ...grant, role: 'Bridge.Agent', connector: undefined })).toMatchObject({
    status: 409,
  });
  expect(await call('getGrant', at)).toMatchObject({ status: 200, json: first.json });
  expect((await call('listGrants', here)).json).toMatchObject({ kind: 'GrantList', items: [first.json] });
});

test('grants of one site are none of another', async () => {
  const { call } = setUp();
  await call('createKey', here, { id: 'k', role: 'Bridge.Admin' });
  expect(((await call('listGrants', { site: 'there' })).json as GrantList).items).toEqual([]);
  expect(await call('getGrant', { site: 'there', id: 'k' })).toMatchObject({ status: 404 });
  expect(await call('deleteGrant', { site: 'there', id: 'k' })).toMatchObject({ status: 404 });
});

test.for([
  ['createKey', { role: 'Bridge.Root' }, ['role']],
  ['createKey', {}, ['role']],
  ['createKey', { role: 'Bridge.Read', connector: 'edge' }, ['connector']],
  ['createKey', { id: 'Not A Label', role: 'Bridge.Root', connector: '-' }, ['id', 'role', 'connector']],
  ['createKey', { role: 'Bridge.Read', sha256: 'ab' }, ['']],
  ['putGrant', { role: 'Bridge.Read' }, ['objectId']],
  ['putGrant', { role: 'Bridge.Read', objectId: 'me' }, ['objectId']],
  ['putGrant', 'text', ['']],
] as [string, unknown, string[]][])('%s of %j names every fault: %j', async ([operation, body, paths]) => {
  const { call, store } = setUp();
  const { status, json } = await call(operation, { ...here, id: 'x' }, body);
  expect(status).toBe(422);
  expect((json as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(paths);
  expect(store.operations()).toBe(0);
});

test('a body that is no JSON is refused', async () => {
  const { call } = setUp();
  expect(await call('createKey', here)).toMatchObject({ status: 400 });
});

test('a site has a bounded number of grants', async () => {
  const grant: Grant = {
    id: 'x',
    principal: { kind: 'entra', objectId: OBJECT_ID },
    role: 'Bridge.Read',
    createdAt: new Date(NOW).toISOString(),
  };
  const full = Array.from({ length: MAX_GRANTS }, (_, nth) => ({ ...grant, id: `g-${nth}` }));
  const { call } = setUp({ here: full });
  expect(await call('createKey', here, { role: 'Bridge.Read' })).toMatchObject({ status: 409 });
  expect(await call('putGrant', { ...here, id: 'g-1' }, { objectId: OBJECT_ID, role: 'Bridge.Read' })).toMatchObject({
    status: 200,
  });
});
