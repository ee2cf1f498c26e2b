import { beforeAll, describe, expect, test } from 'vitest';
import { createScope } from '../../support/scope.ts';
import { type Sample, startSample } from './start-sample.ts';

const scope = createScope();
let host: Sample;

beforeAll(async () => {
  host = await startSample(scope);
  return () => scope.close();
});

/** What the sample's function `echo` says it was called with. */
interface Echo {
  readonly function: string;
  readonly method: string;
  readonly url: string;
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly user: unknown;
  readonly bytes: number;
  readonly text: string;
}

const get = (path: string, init?: RequestInit) => fetch(`${host.url}${path}`, init);
const statusOf = async (path: string, init?: RequestInit) => (await get(path, init)).status;

async function echo(path: string, init?: RequestInit): Promise<Echo> {
  const response = await get(path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

describe('a function over HTTP', () => {
  test('gets method, URL, query, headers and body', async () => {
    const seen = await echo('/api/echo?a=1&b=x%20y&a=2', {
      method: 'POST',
      body: 'hällo',
      headers: { 'x-own': 'yes' },
    });
    const expected = { function: 'echo', method: 'POST', query: { a: '1,2', b: 'x y' }, bytes: 6, text: 'hällo' };
    expect(seen).toMatchObject(expected);
    expect(seen.url).toBe(`${host.url}/api/echo?a=1&b=x%20y&a=2`);
    expect(seen.headers).toMatchObject({ 'x-own': 'yes', 'content-length': '6' });
  });

  test('gets bytes as they are, compressed ones too', async () => {
    const body = Buffer.from([0, 255, 128, 10]);
    const seen = await echo('/api/echo', { method: 'POST', body, headers: { 'content-encoding': 'gzip' } });
    expect(seen).toMatchObject({ bytes: 4, headers: { 'content-encoding': 'gzip' } });
  });

  test('does not get headers that only the platform may set', async () => {
    const principal = Buffer.from(JSON.stringify({ identityProvider: 'aad', userId: 'root' })).toString('base64');
    const { headers, user } = await echo('/api/echo', {
      headers: {
        'X-MS-CLIENT-PRINCIPAL': principal,
        'X-Ms-Client-Principal-Name': 'root',
        'X-MS-TOKEN-AAD-ID-TOKEN': 'forged',
        'X-ARR-ClientCert': 'forged',
        'Client-IP': '10.0.0.1',
        Forwarded: 'for=10.0.0.1',
        'X-Forwarded-For': '10.0.0.1',
        'X-Forwarded-Host': 'elsewhere.example',
      },
    });
    expect(user).toBeNull();
    expect(Object.keys(headers).filter((name) => /^(x-(ms|forwarded|arr)-|client|forwarded)/.test(name))).toEqual([]);
  });

  test('does not confuse names of query parameters with properties of objects', async () => {
    const { query } = await echo('/api/echo?constructor=a&__proto__=b&toString=c');
    expect(Object.entries(query)).toEqual(
      expect.arrayContaining([
        ['constructor', 'a'],
        ['toString', 'c'],
      ]),
    );
  });

  test.each([
    ['/api/sites', 'siteList', {}],
    ['/api/sites/', 'siteList', {}],
    ['/API/Sites/Berlin', 'siteByName', { site: 'Berlin' }],
    ['/api/sites/12', 'siteByNumber', { number: '12' }],
    ['/api/sites/-12', 'siteByNumber', { number: '-12' }],
    ['/api/sites/12a', 'siteByName', { site: '12a' }],
    ['/api/sites/DEFAULT', 'siteDefault', {}],
    ['/api/sites/a%20b%C3%A4', 'siteByName', { site: 'a bä' }],
    ['/api/sites/a%2Fb', 'siteByName', { site: 'a%2Fb' }],
    ['/api/sites/a%252fb', 'siteByName', { site: 'a%2fb' }],
    ['/api/pages', 'page', {}],
    ['/api/pages/one', 'page', { name: 'one' }],
    ['/api/files', 'files', { path: '' }],
    ['/api/files/a/b%20c/d', 'files', { path: 'a/b c/d' }],
  ])('%s reaches %s', async (path, name, params) => {
    expect(await echo(path)).toMatchObject({ function: name, params });
  });

  test.each(['/', '/api', '/api/nothere', '/api/sites/a/b', '/api/pages/one/two', '/echo', '/apix/echo'])(
    '%s reaches none',
    async (path) => expect(await statusOf(path)).toBe(404),
  );

  test.each([
    ['PUT', '/api/sites/a', 200],
    ['DELETE', '/api/sites/a', 404],
    ['HEAD', '/api/sites/a', 404],
    ['POST', '/api/sites', 404],
  ])('%s %s is answered %i', async (method, path, status) => expect(await statusOf(path, { method })).toBe(status));

  test('answers HEAD with the headers of the answer and no body', async () => {
    const response = await get('/api/echo', { method: 'HEAD' });
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('may set status, headers and cookies, but not the life of the connection', async () => {
    const response = await get('/api/dressed');
    expect([response.status, await response.text()]).toEqual([201, 'dressed']);
    expect(response.headers.get('etag')).toBe('"7"');
    expect(response.headers.get('connection')).toBe('keep-alive');
    expect(response.headers.getSetCookie()).toEqual(['session=a%20b; Max-Age=60; HttpOnly; SameSite=Strict']);
  });

  test.each([
    ['nothing', 204],
    ['notModified', 304],
  ])('%s is answered %i without a body', async (name, status) => {
    const response = await get(`/api/${name}`);
    expect([response.status, await response.text()]).toEqual([status, '']);
  });

  test('may answer bytes, and be CommonJS', async () => {
    expect(Buffer.from(await (await get('/api/bytes')).arrayBuffer())).toEqual(Buffer.from([0, 255, 1]));
    expect(await (await get('/api/common')).text()).toBe('CommonJS');
  });

  test('that fails is 500 without the reason, which is in the log', async () => {
    const response = await get('/api/fails');
    expect([response.status, await response.text()]).toEqual([500, '']);
    const line = host.logger.lines.find(({ evt }) => evt === 'FunctionFailed');
    expect(line).toMatchObject({
      level: 'error',
      function: 'fails',
      error: { message: 'the reason stays in the log' },
    });
  });

  test('that answers what cannot be sent is 500, and the next request is served', async () => {
    expect(await statusOf('/api/unsendable')).toBe(500);
    expect(host.logger.lines.map(({ evt }) => evt)).toContain('ResponseFailed');
    expect(await statusOf('/api/echo')).toBe(200);
  });

  test('is called through the hooks of the app, and logs through them', async () => {
    const response = await get('/api/hooked');
    expect([response.status, response.headers.get('x-before')]).toEqual([202, 'yes']);
    const line = host.logger.lines.find(({ evt, level }) => evt === 'FunctionLog' && level === 'warn');
    expect(line).toMatchObject({ message: 'a quiet line', function: 'hooked', invocationId: expect.any(String) });
  });

  test('may refuse a body that the host has taken', async () => {
    const post = (bytes: number) => get('/api/limited', { method: 'POST', body: Buffer.alloc(bytes) });
    expect((await post(1_048_576)).status).toBe(200);
    const response = await post(2_097_152);
    expect([response.status, await response.text()]).toEqual([413, 'too large for the app']);
  });

  test('answers many at the same time', async () => {
    const seen = await Promise.all(Array.from({ length: 200 }, (_, index) => echo(`/api/sites/s${index}`)));
    expect(seen.map(({ params }) => params['site'])).toEqual(Array.from({ length: 200 }, (_, index) => `s${index}`));
  });
});

describe('keys', () => {
  const path = { function: '/api/locked', admin: '/api/vault', status: '/admin/host/status' };

  test.each([
    ['function', 'no key', 401],
    ['function', 'a wrong key', 401],
    ['function', 'an empty key', 401],
    ['function', 'functions', 200],
    ['function', 'master', 200],
    ['function', 'durabletask_extension', 401],
    ['admin', 'no key', 401],
    ['admin', 'functions', 401],
    ['admin', 'master', 200],
    ['status', 'no key', 401],
    ['status', 'functions', 401],
    ['status', 'master', 200],
  ] as const)('level %s with %s is %i, in the header and in the query', async (level, which, status) => {
    const wrong = { 'no key': undefined, 'a wrong key': 'A'.repeat(43), 'an empty key': '' };
    const key = which in wrong ? wrong[which as keyof typeof wrong] : host.secrets[which as keyof typeof host.secrets];
    const headers: Record<string, string> = key === undefined ? {} : { 'x-functions-key': key };
    expect(await statusOf(path[level], { headers })).toBe(status);
    expect(await statusOf(`${path[level]}${key === undefined ? '' : `?code=${key}`}`)).toBe(status);
  });

  test('are not asked of a probe', async () => {
    expect(await statusOf('/admin/host/ping')).toBe(200);
  });

  test('are asked before it is said whether something is there', async () => {
    expect(await statusOf('/admin/nothere')).toBe(401);
    expect(await statusOf(`/admin/nothere?code=${host.secrets.master}`)).toBe(404);
    expect(await statusOf('/ADMIN/Host/Status')).toBe(401);
  });

  test('hide the state of the host from others', async () => {
    const response = await get(path.status, { headers: { 'x-functions-key': host.secrets.master } });
    expect(await response.json()).toMatchObject({ state: 'Running' });
  });
});
