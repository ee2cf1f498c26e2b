import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { createArcEndpoint } from '../../../../local/identity/arc.ts';
import type { Endpoint } from '../../../../local/identity/endpoint.ts';
import { instanceMetadata } from '../../../../local/identity/imds.ts';
import { createTokenIssuer } from '../../../../local/identity/issuer.ts';
import { type IdentityServerOptions, startIdentityServer } from '../../../../local/identity/server.ts';
import { eventually } from '../../../support/eventually.ts';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const issuer = await createTokenIssuer({ lifetimeSeconds: 600, objectId: 'object-1' });

async function setUp(scope: Scope, endpoint: Endpoint, options: Partial<IdentityServerOptions> = {}) {
  const server = await startIdentityServer({ issuer, endpoints: [endpoint], ...options });
  scope.onTestFinished(() => server.close());
  const ask = async (query: string, headers: Record<string, string> = { Metadata: 'true' }) => {
    const response = await fetch(`${server.url}/metadata/identity/oauth2/token${query}`, { headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  return { server, ask };
}

type Answer = Readonly<Record<string, string>>;

const imds = (audience: string) => `?api-version=2018-02-01&resource=${encodeURIComponent(audience)}`;
const arc = (audience: string) => `?api-version=2020-06-01&resource=${encodeURIComponent(audience)}`;

describe('the instance metadata service', () => {
  test('gives tokens that verify against the published keys', async (t) => {
    const { server, ask } = await setUp(t, instanceMetadata);
    const { status, body } = await ask(imds(AUDIENCE));
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', resource: AUDIENCE, expires_in: '600' });
    const keys = createRemoteJWKSet(new URL(`${server.url}/discovery/v2.0/keys`));
    const { payload, protectedHeader } = await jwtVerify(body['access_token'] ?? '', keys, {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      algorithms: ['RS256'],
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({ oid: 'object-1', exp: Number(body['expires_on']) });
    expect(server.requests).toEqual([`GET /metadata/identity/oauth2/token${imds(AUDIENCE)}`]);
  });

  test('takes the path with the slash that a library puts behind it', async (t) => {
    const { ask } = await setUp(t, instanceMetadata);
    expect((await ask(`/${imds(AUDIENCE)}`)).status).toBe(200);
  });

  test.for([
    ['no Metadata header', imds(AUDIENCE), {}],
    ['a proxy', imds(AUDIENCE), { Metadata: 'true', 'X-Forwarded-For': '10.0.0.1' }],
    ['another version', arc(AUDIENCE), { Metadata: 'true' }],
    ['no audience', '?api-version=2018-02-01', { Metadata: 'true' }],
    ['an audience the tenant does not know', imds('https://other.example'), { Metadata: 'true' }],
  ] as [string, string, Record<string, string>][])('refuses %s', async ([, query, headers], t) => {
    const { ask } = await setUp(t, instanceMetadata, { audiences: [AUDIENCE] });
    expect((await ask(query, headers)).status).toBe(400);
  });
});

describe('the Arc agent', () => {
  test('names a file, and gives one token for its content', async (t) => {
    const keyDir = await createTempDir(t, 'keys');
    const { ask } = await setUp(t, createArcEndpoint(keyDir));
    const challenge = await ask(arc(AUDIENCE));
    expect(challenge.status).toBe(401);
    const [, path = ''] = /^Basic realm=(.+\.key)$/.exec(challenge.headers.get('www-authenticate') ?? '') ?? [];
    expect(path.startsWith(keyDir)).toBe(true);
    const Authorization = `Basic ${await readFile(path, 'latin1')}`;
    const { status, body } = await ask(arc(AUDIENCE), { Metadata: 'true', Authorization });
    expect(status).toBe(200);
    expect(body['access_token']).toMatch(/^eyJ/);
    expect((await ask(arc(AUDIENCE), { Metadata: 'true', Authorization })).status).toBe(403);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('faults', () => {
  test('are answered until they are over', async (t) => {
    const { server, ask } = await setUp(t, instanceMetadata);
    for (const status of [404, 410, 500] as const) {
      server.setFault({ kind: 'status', status });
      expect((await ask(imds(AUDIENCE))).status).toBe(status);
    }
    server.setFault({ kind: 'audience', audience: 'https://other.example' });
    const { body } = await ask(imds(AUDIENCE));
    const [, claims = ''] = (body['access_token'] ?? '').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ aud: 'https://other.example' });
    server.setFault({ kind: 'slow', delayMs: 10 });
    expect((await ask(imds(AUDIENCE))).status).toBe(200);
    server.setFault(undefined);
    expect((await ask(imds(AUDIENCE))).status).toBe(200);
  });

  test('a black hole never answers', async (t) => {
    const { server } = await setUp(t, instanceMetadata);
    server.setFault({ kind: 'blackHole' });
    const ending = new AbortController();
    const asked = fetch(`${server.url}/metadata/identity/oauth2/token`, { signal: ending.signal });
    const failed = expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(() => server.requests.length === 1);
    ending.abort();
    await failed;
  });

  test('a connection that went past the sidecar does so for ever', async (t) => {
    const { server } = await setUp(t, instanceMetadata);
    const statusOver = (agent: Agent) =>
      new Promise<number | undefined>((resolve, reject) => {
        const url = `${server.url}/metadata/identity/oauth2/token${imds(AUDIENCE)}`;
        get(url, { agent, headers: { Metadata: 'true' } }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        }).once('error', reject);
      });
    const [kept, fresh] = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    t.onTestFinished(() => [kept, fresh].forEach((agent) => agent.destroy()));
    server.setFault({ kind: 'notRedirected' });
    expect(await statusOver(kept)).toBe(404);
    server.setFault(undefined);
    expect(await statusOver(kept)).toBe(404);
    expect(await statusOver(fresh)).toBe(200);
  });
});
