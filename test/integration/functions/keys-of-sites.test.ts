import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../../functions/auth/authorizer.ts';
import type { Deps } from '../../../functions/http/contract.ts';
import { createDispatcher } from '../../../functions/http/dispatch.ts';
import { operations } from '../../../functions/http/operations.ts';
import { createRateLimit } from '../../../functions/http/rate-limit.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import type { CreatedKey } from '../../../shared/api/grants.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const adminKey = newSecret();
const now = () => 1_800_000_000_000;

/** One process of the app; several may share the file. */
function startProcess(scope: TestContext, storeFile: string) {
  const stores = openSqliteStores({ file: storeFile, now });
  scope.onTestFinished(() => stores.close());
  const settings = settingsSchema.parse({ MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey) });
  const { authorize, grants } = createAuthorizer(settings, { grants: stores.grants, now, log: () => {} });
  const idle = { ensure: async () => {}, hint: async () => {} };
  const deps: Deps = { stores: { ...stores, grants }, settings, now, trigger: idle };
  const limit = createRateLimit({ perSecond: settings.MQTTBRIDGE_REQUESTS_PER_SECOND, now });
  const dispatch = createDispatcher({ operations, deps, authorize, limit });
  return async (key: string, method: string, path: string, body?: object) => {
    const headers = new Headers({ authorization: `Bearer ${key}` });
    if (body !== undefined) headers.set('content-type', 'application/json');
    const stream = body === undefined ? null : new Blob([JSON.stringify(body)]).stream();
    const answer = await dispatch({ method, url: `http://control.example/api/${path}`, headers, body: stream });
    return {
      status: answer.status,
      json: answer.body === undefined ? undefined : (JSON.parse(answer.body) as unknown),
    };
  };
}

test('a key that was made over HTTP opens its site, until it is deleted over HTTP', async (t) => {
  const ask = startProcess(t, join(await createTempDir(t, 'keys'), 'store.db'));
  const made = await ask(adminKey, 'POST', 'sites/hall-1/grants', { id: 'reader', role: 'Bridge.Read' });
  const { key } = made.json as CreatedKey;
  expect(await ask(key, 'GET', 'sites/hall-1/connectors')).toMatchObject({ status: 200 });
  expect(await ask(key, 'GET', 'sites/hall-2/connectors')).toMatchObject({ status: 403 });
  expect(await ask(key, 'GET', 'sites')).toMatchObject({ status: 403 });
  expect(await ask(key, 'GET', 'sites/hall-1/grants')).toMatchObject({ status: 403 });
  expect(await ask(adminKey, 'DELETE', 'sites/hall-1/grants/reader')).toMatchObject({ status: 204 });
  expect(await ask(key, 'GET', 'sites/hall-1/connectors')).toMatchObject({ status: 401 });
});

test('an administrator of a site hands out keys of this site only', async (t) => {
  const ask = startProcess(t, join(await createTempDir(t, 'keys'), 'store.db'));
  const made = await ask(adminKey, 'POST', 'sites/hall-1/grants', { role: 'Bridge.Admin' });
  const { key } = made.json as CreatedKey;
  expect(await ask(key, 'POST', 'sites/hall-1/grants', { role: 'Bridge.Read' })).toMatchObject({ status: 201 });
  expect(await ask(key, 'POST', 'sites/hall-2/grants', { role: 'Bridge.Read' })).toMatchObject({ status: 403 });
});

test('a key that one process made works in another', async (t) => {
  const storeFile = join(await createTempDir(t, 'keys'), 'store.db');
  const [one, other] = [startProcess(t, storeFile), startProcess(t, storeFile)];
  const made = await one(adminKey, 'POST', 'sites/hall-1/grants', { role: 'Bridge.Read' });
  expect(await other((made.json as CreatedKey).key, 'GET', 'sites/hall-1/connectors')).toMatchObject({ status: 200 });
});

test('what a body of a grant has wrong is said at once, and nothing is kept', async (t) => {
  const ask = startProcess(t, join(await createTempDir(t, 'keys'), 'store.db'));
  const wrong = await ask(adminKey, 'PUT', 'sites/hall-1/grants/a', { objectId: 'me', role: 'Root' });
  expect(wrong).toMatchObject({ status: 422, json: { errors: [{ path: 'objectId' }, { path: 'role' }] } });
  expect(await ask(adminKey, 'GET', 'sites/hall-1/grants')).toMatchObject({ status: 200, json: { items: [] } });
});
