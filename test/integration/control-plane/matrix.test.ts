import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Operation } from '../../../functions/http/contract.ts';
import { operations } from '../../../functions/http/operations.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import { startEntraTenant } from '../../support/entra-tenant.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { allCredentials, type Credential, expectedStatus } from '../functions/credentials.ts';
import { sampleRequest } from '../functions/sample-request.ts';
import { type Plane, startPlane } from './plane.ts';

const scope = createScope();
let plane: Plane;
let credentials: readonly Credential[] = [];

beforeAll(async () => {
  const data = await createTempDir(scope, 'matrix');
  const entra = await startEntraTenant(scope, Date.now);
  const all = await allCredentials(entra, Date.now());
  const stores = openSqliteStores({ file: join(data, 'control-plane.sqlite'), now: Date.now });
  for (const [site, grants] of Object.entries(all.grants)) {
    for (const grant of grants) await stores.grants.create(site, grant);
  }
  await stores.close();
  await writeFile(join(data, 'admin.key'), all.adminKey, { mode: 0o600 });
  plane = await startPlane(scope, { data, env: entra.settings });
  credentials = [...all.credentials, ...(await keysOfTheHost(data))];
  return () => scope.close();
});

/** What opens functions of the host opens nothing here. */
async function keysOfTheHost(data: string): Promise<Credential[]> {
  const keys = JSON.parse(await readFile(join(data, 'host-keys.json'), 'utf8')) as Record<string, string>;
  return Object.entries(keys).flatMap(([name, secret]) =>
    Object.entries({ 'x-functions-key': secret, authorization: `Bearer ${secret}` }).map(([header, value]) => ({
      name: `${name} key of the host in ${header}`,
      headers: { [header]: value },
      secret,
      otherwise: 401 as const,
      opens: () => false,
    })),
  );
}

async function ask(operation: Operation, { headers }: Credential) {
  const { url, body, ...request } = sampleRequest(operation, headers, plane.process.url);
  const response = await fetch(url, { ...request, ...(body === null ? {} : { body: '{}' }) });
  return { status: response.status, text: JSON.stringify([...response.headers]) + (await response.text()) };
}

/** What each operation answers each credential: `refused` with 401 or 403, or let in to what it says. */
async function answersOf(wanted: (operation: Operation, credential: Credential) => boolean) {
  const cells: Record<string, number> = {};
  const shown: string[] = [];
  for (const credential of credentials) {
    const asked = operations.filter((operation) => wanted(operation, credential));
    const answers = await Promise.all(asked.map((operation) => ask(operation, credential)));
    for (const [index, { status, text }] of answers.entries()) {
      const cell = `${asked[index]?.id}: ${credential.name}`;
      cells[cell] = status;
      if (text.includes(credential.secret)) shown.push(cell);
    }
  }
  return { cells, shown };
}

const isOpen = (operation: Operation, credential: Credential) => expectedStatus(operation, credential) === 200;

// First: nobody may have changed anything before.
test('F34 - whoever may not is refused, whatever the method, and changes nothing', async () => {
  const { cells, shown } = await answersOf((operation, credential) => !isOpen(operation, credential));
  const wanted = Object.fromEntries(
    credentials.flatMap((credential) =>
      operations
        .filter((operation) => !isOpen(operation, credential))
        .map(({ id }) => [`${id}: ${credential.name}`, credential.otherwise]),
    ),
  );
  expect(cells).toEqual(wanted);
  expect(shown).toEqual([]);
  expect((await plane.send('GET /api/sites')).json.items).toEqual([]);
});

test('F34 - whoever may is let in, whatever the method, to be told what is wrong with an empty body', async () => {
  const { cells, shown } = await answersOf(isOpen);
  const faulty = Object.entries(cells).filter(([cell, status]) => {
    const { method } = operations.find(({ id }) => cell.startsWith(`${id}: `)) ?? {};
    // Nothing is there to be read or deleted, and no body is good.
    return !(method === 'GET' || method === 'DELETE' ? [200, 404] : [200, 400, 422]).includes(status);
  });
  expect(faulty).toEqual([]);
  expect(shown).toEqual([]);
  expect(new Set(Object.keys(cells).map((cell) => cell.split(':')[0])).size).toBe(operations.length);
});

test('F31 - no credential of all these is in the log', () => {
  const log = plane.process.stderr() + plane.process.stdout();
  expect(credentials.filter(({ secret }) => log.includes(secret)).map(({ name }) => name)).toEqual([]);
  expect(log).not.toMatch(/RequestFailed|FunctionFailed/);
});
