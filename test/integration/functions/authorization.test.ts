import { beforeAll, expect, test } from 'vitest';
import { hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../../functions/auth/authorizer.ts';
import type { Deps, Operation } from '../../../functions/http/contract.ts';
import { createDispatcher } from '../../../functions/http/dispatch.ts';
import { operations } from '../../../functions/http/operations.ts';
import { createRateLimit } from '../../../functions/http/rate-limit.ts';
import type { Grant } from '../../../functions/store/store.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import { type EntraTenant, OBJECT_ID, startEntraTenant } from '../../support/entra-tenant.ts';
import { createMemoryGrants } from '../../support/memory-grants.ts';
import { createScope, type Scope } from '../../support/scope.ts';
import {
  badTokens,
  CONNECTOR,
  type Credential,
  ENTRA_GRANTS,
  goodTokens,
  nonsense,
  SITE,
  siteKeys,
} from './credentials.ts';

const NOW = 1_800_000_000_000;
const PARAMS: Readonly<Record<string, string>> = { site: SITE, connector: CONNECTOR, instance: '0' };
const served: Operation['handler'] = async () => ({ status: 200, body: { json: {} } });

/** Every operation of the app with its own path, parameters and role; only what it does is left out. */
const TABLE: readonly Operation[] = [
  ...operations.map((operation) => ({ ...operation, handler: served })),
  {
    id: 'sampleOfAgents',
    method: 'POST',
    path: 'sites/{site}/samples/{connector}/{instance}',
    summary: 'What only agents may do.',
    role: 'Bridge.Agent',
    responses: {},
    handler: served,
  },
];

function requestOf(
  { method, path, parameters = [], requestBody }: Operation,
  headers: Readonly<Record<string, string>>,
) {
  const url = new URL(`http://control.example/api/${path.replaceAll(/\{(\w+)\}/g, (_, name) => PARAMS[name] ?? 'x')}`);
  const all = new Headers(headers);
  for (const parameter of parameters.filter(({ required }) => required)) {
    const sample = ['*', 'sample'].find((text) =>
      [text, [text]].some((one) => parameter.schema.safeParse(one).success),
    );
    if (parameter.in === 'query') url.searchParams.set(parameter.name, sample ?? '');
    else all.set(parameter.name, sample ?? '');
  }
  if (requestBody !== undefined) all.set('content-type', requestBody.mediaTypes[0] ?? '');
  return { method, url: url.href, headers: all, body: requestBody === undefined ? null : new Blob(['{}']).stream() };
}

interface Setup {
  readonly settings: Readonly<Record<string, string>>;
  readonly grants?: Readonly<Record<string, readonly Grant[]>>;
}

function setUp({ settings, grants = {} }: Setup) {
  const logged: unknown[] = [];
  const log = (event: string, fields: object) => logged.push({ event, ...fields });
  const now = () => NOW;
  const parsed = settingsSchema.parse(settings);
  const { authorize, grants: store } = createAuthorizer(parsed, { grants: createMemoryGrants(grants), now, log });
  const idle = { ensure: async () => {}, hint: async () => {} };
  const deps = { stores: { grants: store }, settings: parsed, now, log, trigger: idle } as unknown as Deps;
  const limit = createRateLimit({ perSecond: parsed.MQTTBRIDGE_REQUESTS_PER_SECOND, now });
  const dispatch = createDispatcher({ operations: TABLE, deps, authorize, limit });
  const ask = (operation: Operation, headers: Readonly<Record<string, string>>) =>
    dispatch(requestOf(operation, headers));
  return { ask, logged };
}

function settingsOf(entra: EntraTenant) {
  return {
    MQTTBRIDGE_ENTRA_TENANT_ID: entra.tenant,
    MQTTBRIDGE_ENTRA_AUDIENCE: entra.audience,
    MQTTBRIDGE_ENTRA_AUTHORITY: entra.authority,
  };
}

async function matrix(scope: Scope) {
  const adminKey = newSecret();
  const entra = await startEntraTenant(scope, () => NOW);
  const keys = siteKeys();
  const grants = Object.fromEntries(
    [...new Set([...Object.keys(keys.grants), ...Object.keys(ENTRA_GRANTS)])].map((site) => [
      site,
      [...(keys.grants[site] ?? []), ...(ENTRA_GRANTS[site] ?? [])],
    ]),
  );
  const settings = {
    ...settingsOf(entra),
    MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
    MQTTBRIDGE_REQUESTS_PER_SECOND: '100000',
  };
  const credentials: readonly Credential[] = [
    ...nonsense(adminKey, principalOf(entra.tenant)),
    ...keys.credentials,
    ...(await goodTokens(entra)),
    ...(await badTokens(entra, NOW / 1000)),
  ];
  return { ...setUp({ settings, grants }), credentials };
}

function principalOf(tenant: string): string {
  const claims = Object.entries({ oid: OBJECT_ID, tid: tenant, roles: 'Bridge.Admin' }).map(([typ, val]) => ({
    typ,
    val,
  }));
  return btoa(JSON.stringify({ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims }));
}

const file = createScope();
let all: Awaited<ReturnType<typeof matrix>>;

beforeAll(async () => {
  all = await matrix(file);
  return () => file.close();
});

function expected(operation: Operation, credential: Credential): number {
  const isOpen = operation.role === 'public' || operation.role === 'liveness' || credential.opens(operation);
  return isOpen ? 200 : credential.otherwise;
}

test('F34 - every operation answers every credential as the table says, and shows none of them', async () => {
  const answered: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  for (const credential of all.credentials) {
    for (const operation of TABLE) {
      const cell = `${operation.id}: ${credential.name}`;
      const { status, headers, body = '' } = await all.ask(operation, credential.headers);
      answered[cell] = { status, challenge: 'www-authenticate' in headers, shown: body.includes(credential.secret) };
      const status_ = expected(operation, credential);
      wanted[cell] = { status: status_, challenge: status_ === 401, shown: false };
    }
  }
  expect(answered).toEqual(wanted);
  expect(Object.keys(wanted).length).toBe(TABLE.length * all.credentials.length);
  expect(all.logged).toEqual([]);
});

test('F34 - no name stands for two credentials or two operations', () => {
  for (const names of [all.credentials.map(({ name }) => name), TABLE.map(({ id }) => id)]) {
    expect(new Set(names).size).toBe(names.length);
  }
});

test('F35 - whoever may not act at a site is told the same whether there is one or not', async () => {
  const foreign = all.credentials.find(({ name }) => name === 'key of an agent of another site');
  const operation = TABLE.find(({ id }) => id === 'sampleOfAgents');
  const ask = async (path: string) => all.ask({ ...(operation as Operation), path }, foreign?.headers ?? {});
  const [there, nowhere] = await Promise.all([ask(`sites/${SITE}/samples/x/0`), ask('sites/nowhere/samples/x/0')]);
  expect(there).toMatchObject({ status: 403 });
  expect(nowhere).toEqual(there);
});

test('where no authentication is configured only liveness answers', async () => {
  const { ask } = setUp({ settings: {} });
  for (const operation of TABLE) {
    const { status } = await ask(operation, { authorization: `Bearer ${newSecret()}` });
    expect([operation.id, status]).toEqual([operation.id, operation.role === 'liveness' ? 200 : 503]);
  }
});

test('while the authority is away tokens are answered 503 with Retry-After, and keys go on', async (t) => {
  const adminKey = newSecret();
  const entra = await startEntraTenant(t, () => NOW);
  entra.setStatus(500);
  const token = await entra.token({ roles: ['Bridge.Admin'] });
  const { ask, logged } = setUp({
    settings: { ...settingsOf(entra), MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey) },
  });
  for (const operation of TABLE.filter(({ role }) => role === 'Bridge.Read')) {
    const answer = await ask(operation, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(answer.body).not.toContain(token);
    expect(await ask(operation, { authorization: `Bearer ${adminKey}` })).toMatchObject({ status: 200 });
  }
  expect(entra.looks()).toBe(1);
  expect(JSON.stringify(logged)).toContain('SigningKeysUnavailable');
  expect(JSON.stringify(logged)).not.toContain(token);
});

test('F39 - a caller with too many requests gets 429 with Retry-After, also for what it may not do; others are served', async () => {
  const { grants, credentials } = siteKeys();
  const [greedy, modest] = credentials;
  const { ask } = setUp({ settings: { MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(newSecret()) }, grants });
  const list = TABLE.find(({ id }) => id === 'listGrants') as Operation;
  const statuses = await Promise.all(Array.from({ length: 1000 }, () => ask(list, greedy?.headers ?? {})));
  expect(statuses.filter(({ status }) => status === 403)).toHaveLength(500);
  expect(statuses.filter(({ status }) => status === 429)).toHaveLength(500);
  expect(statuses.at(-1)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  expect(await ask(list, modest?.headers ?? {})).toMatchObject({ status: 403 });
});
