import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { createArcEndpoint } from '../../../local/identity/arc.ts';
import type { Endpoint } from '../../../local/identity/endpoint.ts';
import { entra } from '../../../local/identity/entra.ts';
import { instanceMetadata } from '../../../local/identity/imds.ts';
import { createTokenIssuer } from '../../../local/identity/issuer.ts';
import { type IdentityFault, type IdentityServerOptions, startIdentityServer } from '../../../local/identity/server.ts';
import { createAuthority } from '../../support/certificates.ts';
import { freePort } from '../../support/free-port.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startAzureProcess } from './azure-process.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const issuer = await createTokenIssuer({ lifetimeSeconds: 600 });

async function serve(scope: Scope, endpoint: Endpoint, options: Partial<IdentityServerOptions> = {}) {
  const server = await startIdentityServer({ issuer, endpoints: [endpoint], audiences: [AUDIENCE], ...options });
  scope.onTestFinished(() => server.close());
  return server;
}

const verify = (token = '') => jwtVerify(token, createLocalJWKSet(issuer.jwks), { algorithms: ['RS256'] });

describe('the identity library', () => {
  test('gets a token from the metadata service by the documented request, and keeps it', async (scope) => {
    const server = await serve(scope, instanceMetadata);
    const ask = startAzureProcess(scope, { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url });
    const first = await ask({ audience: AUDIENCE });
    const { payload } = await verify(first.token);
    expect(payload).toMatchObject({ oid: issuer.objectId, aud: AUDIENCE });
    // The library counts from the moment of the answer, which may be in the next second.
    expect(Math.abs(Number(payload.exp) - Number(first.expiresAt))).toBeLessThanOrEqual(1);
    expect((await ask({ audience: AUDIENCE })).token).toBe(first.token);
    const query = `api-version=2018-02-01&resource=${encodeURIComponent(AUDIENCE)}`;
    expect(server.requests).toEqual([`GET /metadata/identity/oauth2/token/?${query}`]);
  });

  test('asks the Arc agent by its path and version, and reads no file outside the folder of its keys', async (scope) => {
    const keyDir = await createTempDir(scope, 'keys');
    const server = await serve(scope, createArcEndpoint(keyDir));
    const endpoint = `${server.url}/metadata/identity/oauth2/token`;
    const ask = startAzureProcess(scope, { IDENTITY_ENDPOINT: endpoint, IMDS_ENDPOINT: server.url });
    expect(await ask({ audience: AUDIENCE })).toMatchObject({ reason: 'TokenFailed' });
    const query = `api-version=2020-06-01&resource=${encodeURIComponent(AUDIENCE)}`;
    expect(server.requests).toEqual([`GET /metadata/identity/oauth2/token?${query}`]);
  });

  test('gets the token of a federated identity with the assertion that is mounted', async (scope) => {
    const authority = await createAuthority();
    const { key, chain: cert } = await authority.issue();
    const server = await serve(scope, entra, { tls: { key, cert } });
    const dir = await createTempDir(scope, 'federation');
    const [ca, tokenFilePath] = [join(dir, 'ca.pem'), join(dir, 'assertion')];
    await Promise.all([writeFile(ca, authority.certificate), writeFile(tokenFilePath, 'head.body.signature')]);
    const ask = startAzureProcess(scope, { AZURE_AUTHORITY_HOST: server.url, NODE_EXTRA_CA_CERTS: ca });
    const federation = { tenantId: '11111111-2222-3333-4444-555555555555', clientId: 'client', tokenFilePath };
    const { payload } = await verify((await ask({ audience: AUDIENCE, federation })).token);
    expect(payload).toMatchObject({ aud: AUDIENCE });
  });
});

describe('a fault of the identity endpoint', () => {
  test('has a reason and a sentence each, and is over when it is over', async (scope) => {
    const server = await serve(scope, instanceMetadata);
    const ask = startAzureProcess(scope, { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url });
    const faults: [IdentityFault, string, RegExp][] = [
      [{ kind: 'notRedirected' }, 'TokenFailed', /HTTP 404.*az k8s-extension show/],
      [{ kind: 'status', status: 404 }, 'TokenFailed', /HTTP 404.*az k8s-extension show/],
      [{ kind: 'status', status: 410 }, 'TokenFailed', /HTTP 410.*az k8s-extension show/],
      [{ kind: 'status', status: 500 }, 'TokenFailed', /HTTP 500.*az k8s-extension show/],
      [{ kind: 'blackHole' }, 'TokenTimeout', /kubectl describe pod/],
    ];
    for (const [fault, reason, message] of faults) {
      server.setFault(fault);
      const reply = await ask({ audience: AUDIENCE });
      expect([fault, reply]).toEqual([fault, { reason, message: expect.stringMatching(message) }]);
    }
    server.setFault(undefined);
    expect(await ask({ audience: 'https://other.example' })).toMatchObject({
      reason: 'TokenAudienceRefused',
      message: expect.stringContaining('https://eventgrid.azure.net'),
    });
    server.setFault({ kind: 'slow', delayMs: 200 });
    expect((await ask({ audience: AUDIENCE })).token).toMatch(/^eyJ/);
  });

  test('that nobody listens there is one too', async (scope) => {
    const ask = startAzureProcess(scope, { AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:${await freePort()}` });
    expect(await ask({ audience: AUDIENCE })).toMatchObject({ reason: 'IdentityUnreachable' });
  });
});
