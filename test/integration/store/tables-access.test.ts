import { channel } from 'node:diagnostics_channel';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { TokenCredential } from '@azure/core-auth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTableStores } from '../../../functions/store/tables/open-table-stores.ts';
import { startAzurite } from '../../support/azurite.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { change, report } from './samples.ts';

/** A token as Microsoft Entra makes them but for the signature, which Azurite does not check. */
function credential(claims: Readonly<Record<string, unknown>> = {}): TokenCredential & { scopes: unknown[] } {
  const scopes: unknown[] = [];
  const seconds = Math.floor(Date.now() / 1000);
  const tenant = 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/';
  const body = {
    aud: 'https://storage.azure.com',
    iss: tenant,
    iat: seconds - 9,
    nbf: seconds - 9,
    exp: seconds + 999,
  };
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { ...body, ...claims },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return {
    scopes,
    async getToken(scope) {
      scopes.push(scope);
      return { token: `${parts.join('.')}.c2lnbmF0dXJl`, expiresOnTimestamp: Date.now() + 999_000 };
    },
  };
}

const scope = createScope();
let endpoint: string;
/** Vouches for the certificate of `endpoint`. */
let client: { readonly tlsOptions: { readonly ca: string } };

beforeAll(async () => {
  const authority = await createAuthority();
  const identity = await authority.issue({ purpose: 'server' });
  const folder = await createTempDir(scope, 'certificate');
  const certificate = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await writeFile(certificate.certFile, identity.chain);
  await writeFile(certificate.keyFile, identity.key, { mode: 0o600 });
  ({ endpoint } = await startAzurite(scope, { certificate }));
  client = { tlsOptions: { ca: authority.certificate } };
});
afterAll(() => scope.close());

test('tables - are used with a token of the identity over TLS, for the scope of storage', async () => {
  const identity = credential();
  const stores = await openTableStores({ endpoint, credential: identity }, { now: Date.now, client });
  expect(await stores.bridges.commit('hall-1', change(1, { 'line-1': {} }), undefined)).toMatchObject({
    kind: 'committed',
  });
  expect(await stores.reports.put('hall-1', report())).toMatchObject({ kind: 'stored', first: true });
  expect(new Set(identity.scopes.flat())).toEqual(new Set(['https://storage.azure.com/.default']));
});

test('tables - a token that is refused is a store that is away, and what is missing is said', async () => {
  const identity = credential({ aud: 'https://elsewhere.example' });
  const { bridges } = await openTableStores({ endpoint, credential: identity }, { now: Date.now, client });
  const refused = { code: 'unavailable', message: expect.stringMatching(/40[13].*Storage Table Data Contributor/) };
  await expect(bridges.readHead('hall-1')).rejects.toMatchObject(refused);
});

test('tables - a certificate that nobody known vouches for ends it', async () => {
  const hasty = { retryOptions: { maxRetries: 0 } };
  const { bridges } = await openTableStores({ endpoint, credential: credential() }, { now: Date.now, client: hasty });
  await expect(bridges.readHead('hall-1')).rejects.toMatchObject({ code: 'unavailable' });
});

test('tables - nothing is contacted but the endpoint that was configured', async (t) => {
  const peers = new Set<string>();
  const look = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.once('connect', () => peers.add(`${socket.remoteAddress}:${socket.remotePort}`));
    socket.once('error', () => peers.add('a connection that failed'));
  };
  const sockets = channel('net.client.socket');
  sockets.subscribe(look);
  t.onTestFinished(() => {
    sockets.unsubscribe(look);
  });
  // An agent of its own for these options, so that no connection of another test is used.
  const own = { tlsOptions: { ...client.tlsOptions } };
  const stores = await openTableStores({ endpoint, credential: credential() }, { now: Date.now, client: own });
  await stores.bridges.commit('hall-2', change(1, { 'line-1': {} }), undefined);
  await stores.reports.put('hall-2', report());
  await stores.close();
  expect([...peers]).toEqual([new URL(endpoint).host]);
});
