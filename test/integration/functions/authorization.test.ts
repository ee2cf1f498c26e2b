import { beforeAll, expect, test } from 'vitest';
import { hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../../functions/auth/authorizer.ts';
import type { Deps, Operation } from '../../../functions/http/contract.ts';
import { createDispatcher } from '../../../functions/http/dispatch.ts';
import { operations } from '../../../functions/http/operations.ts';
import { createRateLimit } from '../../../functions/http/rate-limit.ts';
import type { Grant } from '../../../functions/store/store.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import { startEntraTenant } from '../../support/entra-tenant.ts';
import { createMemoryGrants } from '../../support/memory-grants.ts';
import { createScope, type Scope } from '../../support/scope.ts';
import { allCredentials, expectedStatus, SITE, siteKeys } from './credentials.ts';
import { sampleRequest } from './sample-request.ts';

const NOW = 1_800_000_000_000;
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
    dispatch(sampleRequest(operation, headers));
  return { ask, logged };
}

async function matrix(scope: Scope) {
  const entra = await startEntraTenant(scope, () => NOW);
  const { adminKey, grants, credentials } = await allCredentials(entra, NOW);
  const settings = {
    ...entra.settings,
    MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
    MQTTBRIDGE_REQUESTS_PER_SECOND: '100000',
  };
  return { ...setUp({ settings, grants }), credentials };
}

const file = createScope();
let all: Awaited<ReturnType<typeof matrix>>;

beforeAll(async () => {
  all = await matrix(file);
  return () => file.close();
});

test('F34 - every operation answers every credential as the table says, and shows none of them', async () => {
  const answered: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  for (const credential of all.credentials) {
    for (const operation of TABLE) {
      const cell = `${operation.id}: ${credential.name}`;
      const { status, headers, body = '' } = await all.ask(operation, credential.headers);
      answered[cell] = {
        status,
        challenge: 'www-authenticate' in headers,
        shown: JSON.stringify([headers, body]).includes(credential.secret),
      };
      const status_ = expectedStatus(operation, credential);
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
    settings: { ...entra.settings, MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey) },
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
