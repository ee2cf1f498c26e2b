import { writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { entraCredentials } from '../../../../cli/control-plane-client/credentials.ts';
import { serverUrl } from '../../../../cli/control-plane-client/server-url.ts';
import { runCli } from '../../../../cli/program.ts';
import type { Environment } from '../../../../cli/io.ts';
import { freePort } from '../../../support/free-port.ts';
import { problem } from '../../../support/site-double.ts';
import { fakeIo } from '../fake-io.ts';
import { SAMPLE } from '../sample-config.ts';
import { startAsking } from './ask.ts';

const noAgent = async () => () => {
  throw new Error('no agent is wanted here');
};

/** Runs a command with nothing but an environment. */
async function run(line: string, env: Environment = {}) {
  const io = fakeIo({ env });
  return { code: await runCli(line.split(' '), io, noAgent), out: io.out(), err: io.err() };
}

/** A server that does with a connection whatever it likes. */
async function tcpServer(answer: string | undefined): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    if (answer !== undefined) socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what a control plane refuses', () => {
  test.each([
    ['get', 400, 2, 'the control plane cannot read the request (400: T)', 'correct it as said'],
    ['get', 401, 1, 'the control plane does not know who asks (401: T)', 'check the key in --key-file'],
    ['get', 403, 1, 'the control plane does not allow this to you (403: T)', 'the role Bridge.Read'],
    ['apply -f FOLDER', 403, 1, 'does not allow this to you (403: T)', 'the role Bridge.Write'],
    ['get', 404, 3, 'there is no such thing (404: T)', 'mqttbridge get all'],
    ['apply -f FOLDER', 409, 2, 'contradicts what the control plane has (409: T)', 'mqttbridge get all'],
    ['apply -f FOLDER', 412, 1, 'somebody else has changed it meanwhile (412: T)', 'mqttbridge diff'],
    ['apply -f FOLDER', 413, 2, 'the documents are too large (413: T)', 'in parts'],
    ['apply -f FOLDER', 422, 2, 'nothing was changed (422: T)', 'correct them'],
    ['delete mbc bridge', 428, 1, 'wants to be told which version is to be changed (428: T)', 'the newest mqttbridge'],
    ['get', 429, 1, 'too many requests of this caller (429: T)', 'again in 7 s'],
    ['get', 500, 1, 'the control plane failed (500: T)', 'again later'],
    ['health', 503, 1, 'does not serve anybody now (503: T)', 'without authentication configured'],
  ])('%s answered %d exits %d', async (line, status, code, message, advice) => {
    const { ask, double } = await startAsking({ 'a.yaml': SAMPLE });
    double.intercept = () => {
      const response = problem(status, 'T', undefined, [{ path: 'query.x', rule: 'BadValue', message: 'is bad' }]);
      response.headers.set('retry-after', '7');
      return response;
    };
    const { err, ...rest } = await ask(line);
    expect(rest).toEqual({ code, out: '' });
    expect(err).toMatch(/^request {2}error {2}BadValue {2}query\.x: is bad\nerror: .*\n {2}try: .*\n$/);
    expect(err).toContain(message);
    expect(err).toContain(advice);
  });

  test('is told once where it is about several files, each at its place', async () => {
    const { ask, double, folder } = await startAsking({
      'a.yaml': 'a: 1\r\n',
      'b.yaml': '# only a comment',
      'c.json': '{}',
    });
    double.intercept = () =>
      problem(422, 'T', undefined, [
        { path: 'x', rule: 'TM001', message: 'one', advice: 'do', line: 1, column: 4, severity: 'warning' },
        { path: '', rule: 'TM002', message: 'two', line: 4, document: '2' },
        { path: '', rule: 'TM003', message: 'three', line: 6, column: 2 },
        { path: '', rule: 'XR002', message: 'four', document: 'MqttBridgeTopicMap/old' },
      ]);
    const { err } = await ask('apply -f FOLDER');
    expect(err.replaceAll(folder, 'FOLDER').split('\n').slice(0, 5)).toEqual([
      'FOLDER/a.yaml:1:4  warning  TM001  x: one',
      '  try: do',
      'FOLDER/b.yaml:1:1  error  TM002  two',
      'FOLDER/c.json:1:2  error  TM003  three',
      'MqttBridgeTopicMap/old  error  XR002  four',
    ]);
  });
});

describe('what is no control plane', () => {
  test.each([
    [
      'a page',
      new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      /no control plane does \(content type "text\/html"\)/,
    ],
    ['other JSON', Response.json({ kind: 'Other' }), /no control plane does \(apiVersion: /],
    [
      'broken JSON',
      new Response('{', { headers: { 'content-type': 'application/json' } }),
      /no control plane does \(body: /,
    ],
    ['nothing', new Response(null, { status: 204 }), /no control plane does/],
    [
      '404 of another server',
      new Response('no', { status: 404 }),
      /there is no control plane at .* \(it answers 404\)\n {2}try: check --server/,
    ],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }),
      /it answers 302/,
    ],
    ['502 of a proxy', new Response('bad', { status: 502 }), /the control plane failed \(502\)/],
  ])('%s', async (_name, response, expected) => {
    const { ask, double } = await startAsking();
    double.intercept = () => response;
    expect(await ask('health')).toEqual({ code: 1, out: '', err: expect.stringMatching(expected) as string });
    expect(double.requests).toHaveLength(1);
  });
});

describe('a connection that fails', () => {
  const env = async (server: string) => {
    const { keyFile } = await startAsking();
    return { MQTTBRIDGE_SERVER: server, MQTTBRIDGE_SITE: 'plant', MQTTBRIDGE_KEY_FILE: keyFile };
  };

  test('because nothing listens', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    expect(await run('get', await env(server))).toEqual({
      code: 1,
      out: '',
      err: `error: nothing listens at ${server}\n  try: start it with mqttbridge control-plane run, or check --server\n`,
    });
  });

  test('because no answer comes', async () => {
    const server = `http://${await tcpServer(undefined)}`;
    expect(await run('get --timeout 0.05', await env(server))).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${server} did not answer within 0.05 s`) as string,
    });
  });

  test('because the other side speaks no TLS', async () => {
    const server = `https://${await tcpServer('HTTP/1.1 400 Bad Request\r\n\r\n')}`;
    expect((await run('get', await env(server))).err).toMatch(/^error: 127\.0\.0\.1:\d+ does not speak TLS \(/);
  });

  test('because the other side hangs up', async () => {
    const server = `http://${await tcpServer('')}`;
    expect((await run('get', await env(server))).err).toMatch(/^error: the connection to .* failed \(/);
  });

  test.each([
    ['ENOTFOUND', /the host name plane\.example has no address \(ENOTFOUND\)/],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      /the certificate of plane\.example is not trusted .*\n {2}try: .*NODE_EXTRA_CA_CERTS/,
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /the certificate of plane\.example is not trusted/],
    ['ENETUNREACH', /the connection to https:\/\/plane\.example failed \(ENETUNREACH\)/],
  ])('with %s', async (code, expected) => {
    const cause = new AggregateError([Object.assign(new Error('inner'), { code })]);
    const failing = async () => Promise.reject(new TypeError('fetch failed', { cause }));
    const io = fakeIo({ env: await env('https://plane.example'), fetch: failing });
    expect(await runCli(['get'], io, noAgent)).toBe(1);
    expect(io.err()).toMatch(expected);
  });
});

describe('logging on', () => {
  test('never prints the key, whatever the server says', async () => {
    const { ask, double } = await startAsking({ 'a.yaml': SAMPLE });
    for (const status of [401, 403, 422, 500]) {
      double.intercept = (request) => {
        const said = `header was ${request.headers.get('authorization')}`;
        return problem(status, said, said, [{ path: said, rule: said, message: said, advice: said }]);
      };
      for (const line of [
        'get',
        'apply -f FOLDER',
        'delete mbc bridge',
        'diff -f FOLDER',
        'events -w',
        'describe mbc x',
      ]) {
        const { out, err } = await ask(line);
        expect(`${out}${err}`).not.toContain(double.key);
        expect(err).toContain('[redacted]');
      }
    }
  });

  test('reads the key anew for every request', async () => {
    const { ask, keyFile, double } = await startAsking();
    await writeFile(keyFile, 'some-other-key');
    expect((await ask('get')).err).toContain('does not know who asks');
    await writeFile(keyFile, double.key);
    expect((await ask('get')).code).toBe(0);
  });

  test.each([
    ['two\nlines', /does not hold a key/],
    ['', /does not hold a key/],
    ['schlüssel-zum-glück', /does not hold a key/],
  ])('refuses the key file %j without showing it', async (text, expected) => {
    const { ask, keyFile, double } = await startAsking();
    await writeFile(keyFile, text);
    const { code, err } = await ask('get');
    expect([code, err]).toEqual([2, expect.stringMatching(expected)]);
    if (text !== '') expect(err).not.toContain(text);
    expect(double.requests).toEqual([]);
  });

  test.each([
    ['get', {}, /which site is not said\n {2}try: .*MQTTBRIDGE_SITE/],
    ['get sites', {}, /which server is not said\n {2}try: .*MQTTBRIDGE_SERVER/],
    ['get --site a', { MQTTBRIDGE_SERVER: '' }, /which server is not said/],
    ['get --site a --server https://a', {}, /nothing to log on with\n {2}try: .*--key-file/],
    ['get --site a --server https://a --key-file f --audience x', {}, /two ways to log on/],
    ['get --site a --server https://a --key-file /nowhere/f', {}, /cannot read the key file \/nowhere\/f: ENOENT/],
    [
      'get --site a --server https://a --key-file f',
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      /NODE_TLS_REJECT_UNAUTHORIZED=0/,
    ],
    ['get --site a --server https://a --key KEY', {}, /unknown option '--key'/],
  ])('%s with %j exits 2', async (line, env, expected) => {
    expect(await run(line, env)).toEqual({ code: 2, out: '', err: expect.stringMatching(expected) as string });
  });

  test('with Microsoft Entra asks for a token of the audience', async () => {
    const scopes: string[] = [];
    const getToken = async (scope: string) => {
      scopes.push(scope);
      return { token: 'jwt' };
    };
    const credentials = entraCredentials('api://plane/', async () => ({ getToken }));
    expect([await credentials.token(), scopes]).toEqual(['jwt', ['api://plane/.default']]);
  });

  test.each([
    [async () => null, /nobody is logged on/],
    [async () => Promise.reject(new Error('run az login\nand more')), /for api:\/\/plane: run az login$/],
  ])('with Microsoft Entra says why there is no token', async (getToken, expected) => {
    const credentials = entraCredentials('api://plane', async () => ({ getToken }));
    await expect(credentials.token()).rejects.toThrow(expected);
  });
});

describe('server URL', () => {
  test.each([
    ['https://a.example', 'https://a.example/api/'],
    ['https://a.example/api/', 'https://a.example/api/'],
    ['https://a.example/behind/proxy//', 'https://a.example/behind/proxy/api/'],
    ['http://127.0.0.1:7071', 'http://127.0.0.1:7071/api/'],
    ['http://localhost:7071/api', 'http://localhost:7071/api/'],
    ['http://[::1]:7071', 'http://[::1]:7071/api/'],
  ])('%s', (text, expected) => {
    expect(serverUrl(text).href).toBe(expected);
  });

  test.each([
    ['a.example', /is no URL/],
    ['ftp://user:s3cret@a.example', /is no URL/],
    ['http://a.example', /without encryption/],
    ['http://127.0.0.1.example', /without encryption/],
    ['http://10.0.0.1', /without encryption/],
    ['https://user:s3cret@a.example', /user name or password/],
    ['https://a.example/?code=x', /neither \? nor #/],
  ])('%s is refused', (text, expected) => {
    expect(() => serverUrl(text)).toThrow(expected);
    expect(() => serverUrl(text)).not.toThrow(/s3cret/);
  });
});

test('a request over 1 MiB is not sent', async () => {
  const { ask, double, folder } = await startAsking();
  for (const name of ['a.yaml', 'b.yaml']) await writeFile(join(folder, name), `# ${'x'.repeat(600_000)}\n`);
  expect(await ask('apply -f FOLDER')).toMatchObject({
    code: 2,
    err: expect.stringContaining('larger than 1 MiB') as string,
  });
  expect(double.requests).toEqual([]);
});
