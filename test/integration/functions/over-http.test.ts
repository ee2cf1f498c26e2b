import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, expect, test, vi } from 'vitest';
import { hashSecret } from '../../../functions/auth/api-key.ts';
import type { Operation } from '../../../functions/http/contract.ts';
import { operations } from '../../../functions/http/operations.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import type { Grant } from '../../../functions/store/store.ts';
import { createFunctionsHost, type FunctionsHost } from '../../../local/functions-host/host.ts';
import { startEntraTenant } from '../../support/entra-tenant.ts';
import { createScope, type Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { ROOT } from '../docs/pages.ts';
import { createEngineDouble } from '../functions-host/engine-double.ts';
import { recordingLogger } from '../functions-host/recording-logger.ts';
import { allCredentials, type Credential, expectedStatus } from './credentials.ts';
import { sampleRequest } from './sample-request.ts';

async function storeGrants(file: string, grants: Readonly<Record<string, readonly Grant[]>>): Promise<void> {
  const stores = openSqliteStores({ file, now: Date.now });
  for (const [site, list] of Object.entries(grants)) {
    for (const grant of list) await stores.grants.create(site, grant);
  }
  await stores.close();
}

/** The app as it is built, on the local host; only orchestrations are left out. */
async function startApp(scope: Scope) {
  const dataDir = await createTempDir(scope, 'control-plane');
  const file = join(dataDir, 'store.db');
  const entra = await startEntraTenant(scope, Date.now);
  const { adminKey, grants, credentials } = await allCredentials(entra, Date.now());
  await storeGrants(file, grants);
  const settings = {
    ...entra.settings,
    MQTTBRIDGE_SQLITE_FILE: file,
    MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
    MQTTBRIDGE_REQUESTS_PER_SECOND: '100000',
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  const logger = recordingLogger();
  const host = await createFunctionsHost({
    appDir: ROOT,
    dataDir,
    logger,
    engine: createEngineDouble().create,
    setEnvironment: (variables) => {
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    },
  }).start();
  scope.onTestFinished(async () => {
    await host.stop(1000);
    vi.unstubAllEnvs();
  });
  return { host, logger, credentials: [...credentials, ...keysOfTheHost(host)] };
}

/** What opens functions of the host opens nothing here. */
function keysOfTheHost({ secrets }: FunctionsHost): Credential[] {
  return Object.entries(secrets).flatMap(([name, secret]: [string, string]) =>
    Object.entries({ 'x-functions-key': secret, authorization: `Bearer ${secret}` }).map(([header, value]) => ({
      name: `${name} key of the host in ${header}`,
      headers: { [header]: value },
      secret,
      otherwise: 401 as const,
      opens: () => false,
    })),
  );
}

const scope = createScope();
const written: string[] = [];
let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  app = await startApp(scope);
  return async () => {
    await scope.close();
    spy.mockRestore();
  };
});

async function ask(operation: Operation, { headers }: Credential) {
  const { url, body, ...request } = sampleRequest(operation, headers, app.host.url);
  const response = await fetch(url, { ...request, ...(body === null ? {} : { body: '{}' }) });
  return { status: response.status, text: JSON.stringify([...response.headers]) + (await response.text()) };
}

test('F34, F31 - over HTTP every operation refuses whom it must, and nobody sees or logs a credential', async () => {
  const answered: Record<string, number> = {};
  const wanted: Record<string, number> = {};
  const shown: string[] = [];
  for (const credential of app.credentials) {
    const refused = operations.filter((operation) => expectedStatus(operation, credential) !== 200);
    const answers = await Promise.all(refused.map((operation) => ask(operation, credential)));
    for (const [index, { status, text }] of answers.entries()) {
      const cell = `${refused[index]?.id}: ${credential.name}`;
      wanted[cell] = credential.otherwise;
      answered[cell] = status;
      if (text.includes(credential.secret)) shown.push(cell);
    }
  }
  expect(answered).toEqual(wanted);
  expect(shown).toEqual([]);
  const log = [...written, inspect(app.logger.lines, { depth: null, maxStringLength: null })].join('\n');
  expect(app.credentials.filter(({ secret }) => log.includes(secret)).map(({ name }) => name)).toEqual([]);
});

test('F34 - over HTTP whoever may read is let in', async () => {
  const reading = operations.filter(({ method }) => method === 'GET');
  const refused: string[] = [];
  for (const credential of app.credentials) {
    const open = reading.filter((operation) => expectedStatus(operation, credential) === 200);
    const answers = await Promise.all(open.map((operation) => ask(operation, credential)));
    for (const [index, { status }] of answers.entries()) {
      if (![200, 404].includes(status)) refused.push(`${open[index]?.id}: ${credential.name}: ${status}`);
    }
  }
  expect(refused).toEqual([]);
});
