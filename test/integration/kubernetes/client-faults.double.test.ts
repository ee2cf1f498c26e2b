import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../kubernetes/access.ts';
import { ApiError, type KubernetesClient, type WatchEvent } from '../../../kubernetes/client.ts';
import { type ClientOptions, createClient } from '../../../kubernetes/http-client.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { startRawApi } from '../../support/kubernetes/raw-api.ts';
import type { Scope } from '../../support/scope.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const A = { namespace: 'plant', name: 'a' };
const object = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...A, uid: 'u', resourceVersion: '1' },
};

function open(scope: Scope, access: ClusterAccess, limits: ClientOptions['limits'] = {}): KubernetesClient {
  const client = createClient(access, { userAgent: 'mqttbridge/1', limits });
  scope.onTestFinished(() => client.close());
  return client;
}

function reply(response: ServerResponse, code: number, body: string | object, headers: Record<string, string> = {}) {
  response.writeHead(code, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function failureOf(asked: Promise<unknown>): Promise<Error> {
  const error: unknown = await asked.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(Error);
  expect(inspect(error, { depth: 9 })).not.toContain('a-token');
  return error as Error;
}

async function watched(client: KubernetesClient, signal: AbortSignal, resourceVersion = '1'): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of client.watch(CONFIG_MAPS, { namespace: 'plant', resourceVersion }, signal))
    events.push(event);
  return events;
}

describe('client, of what it sends', () => {
  test('says who it is, keeps to the path of the server, and has unknown fields refused', async (t) => {
    const seen: IncomingMessage['headers'][] = [];
    const { access, asked } = await startRawApi(t, (request, response) => {
      seen.push(request.headers);
      reply(response, 200, object);
    });
    const client = open(t, { ...access, server: new URL('/clusters/one/', access.server) });
    await client.apply(CONFIG_MAPS, object, { manager: 'm' });
    await client.apply(CONFIG_MAPS, object, { manager: 'm', force: true, status: true });
    const path = '/clusters/one/api/v1/namespaces/plant/configmaps/a';
    expect(asked).toEqual([
      `PATCH ${path}?fieldManager=m&force=false&fieldValidation=Strict`,
      `PATCH ${path}/status?fieldManager=m&force=true&fieldValidation=Strict`,
    ]);
    const headers = { authorization: 'Bearer a-token', 'user-agent': 'mqttbridge/1', 'accept-encoding': 'identity' };
    expect(seen[0]).toMatchObject({ ...headers, 'content-type': 'application/apply-patch+yaml' });
  });

  test('asks for a watch that ends, at different times, with bookmarks', async (t) => {
    const { access, asked } = await startRawApi(t, (_, response) => reply(response, 200, ''));
    const client = createClient(access, { userAgent: 'x', random: () => 0.5, limits: { watchSeconds: 100 } });
    t.onTestFinished(() => client.close());
    expect(await watched(client, t.signal, '7')).toEqual([{ kind: 'opened' }]);
    const query = 'watch=true&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=150';
    expect(asked).toEqual([`GET /api/v1/namespaces/plant/configmaps?${query}`]);
  });
});

describe('client, of answers', () => {
  test('goes nowhere else when the server redirects it', async (t) => {
    const other = await startRawApi(t, (_, response) => reply(response, 200, object));
    const { access } = await startRawApi(t, (_, response) =>
      reply(response, 307, '', { location: other.access.server.href }),
    );
    expect(await failureOf(open(t, access).get(CONFIG_MAPS, A))).toMatchObject({ code: 307, reason: 'Unknown' });
    expect(other.asked).toEqual([]);
  });

  test('says when to ask again, where the server does', async (t) => {
    const status = { kind: 'Status', code: 429, reason: 'TooManyRequests', message: 'busy' };
    const answers: [body: string | object, headers: Record<string, string>, seconds: number | undefined][] = [
      [status, { 'retry-after': '7' }, 7],
      [{ ...status, details: { retryAfterSeconds: 3 } }, {}, 3],
      ['<html>', { 'retry-after': '99999' }, 3_600],
      ['<html>', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, undefined],
    ];
    let next = 0;
    const { access } = await startRawApi(t, (_, response) => {
      const [body, headers] = answers[next++] ?? ['', {}];
      reply(response, 429, body, headers);
    });
    const client = open(t, access);
    for (const [, , retryAfterSeconds] of answers) {
      expect(await failureOf(client.get(CONFIG_MAPS, A))).toMatchObject({ code: 429, retryAfterSeconds });
    }
  });

  test.for([
    ['no JSON', 'a-token <html>', 'something else than an object of JSON'],
    ['no object', '[]', 'something else than an object of JSON'],
    [
      'an object without a uid',
      { metadata: { ...A, resourceVersion: '1' } },
      'without name, namespace, uid or version',
    ],
    ['too much', 'x'.repeat(3_000), 'answered more than'],
  ] as const)('refuses %s', async ([, body, says], t) => {
    const { access } = await startRawApi(t, (_, response) => reply(response, 200, body));
    const error = await failureOf(open(t, access, { answerBytes: 2_000 }).get(CONFIG_MAPS, A));
    expect(error.message).toContain(says);
  });

  test.for([[{}], [{ items: {}, metadata: {} }], [{ items: [], metadata: {} }], [{ items: [7], metadata: {} }]])(
    'refuses %j as a list',
    async ([body], t) => {
      const { access } = await startRawApi(t, (_, response) => reply(response, 200, body));
      const error = await failureOf(open(t, access).list(CONFIG_MAPS, {}));
      expect(error.message).toMatch(/^the API server answered (no|a) list/);
    },
  );

  test('begins a list anew, in one page, when its version is forgotten between two pages', async (t) => {
    const { access, asked } = await startRawApi(t, (request, response) => {
      const query = new URL(request.url ?? '', 'https://a').searchParams;
      const named = (name: string) => ({ metadata: { ...object.metadata, name } });
      if (query.has('continue')) {
        return reply(response, 410, { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
      }
      const whole = query.get('limit') === '0';
      const metadata = whole ? { resourceVersion: '9' } : { resourceVersion: '5', continue: 'next' };
      reply(response, 200, { metadata, items: whole ? [named('b'), named('c')] : [named('a')] });
    });
    const { items, resourceVersion } = await open(t, access).list(CONFIG_MAPS, {});
    expect([resourceVersion, ...items.map(({ metadata }) => metadata.name)]).toEqual(['9', 'b', 'c']);
    expect(asked.length).toBe(3);
  });
});

describe('client, of connections', () => {
  test('gives up on a server that does not answer, or not to the end', async (t) => {
    const { access } = await startRawApi(t, (request, response) => {
      if (request.method === 'GET') response.writeHead(200).write('{"metadata":');
    });
    const client = open(t, access, { callMs: 150 });
    const late = 'the API server did not answer within 0.15 s';
    expect((await failureOf(client.get(CONFIG_MAPS, A))).message).toBe(late);
    expect((await failureOf(client.create(CONFIG_MAPS, object))).message).toBe(late);
  });

  test('gives up on a watch that does not begin', async (t) => {
    const { access } = await startRawApi(t, () => undefined);
    const error = await failureOf(watched(open(t, access, { callMs: 150 }), t.signal));
    expect(error.message).toBe('the API server did not answer within 0.15 s');
  });

  test('stops when it is told to', async (t) => {
    const { access, asked } = await startRawApi(t, () => undefined);
    const end = new AbortController();
    const asking = failureOf(open(t, access).get(CONFIG_MAPS, A, end.signal));
    const watching = watched(open(t, access), end.signal);
    await eventually(() => asked.length === 2);
    end.abort();
    expect((await asking).name).toBe('AbortError');
    expect(await watching).toEqual([]);
  });

  test('trusts nobody but the authority of the cluster, for the name that is given', async (t) => {
    const { access, asked } = await startRawApi(t, (_, response) => reply(response, 200, object));
    const other = await createAuthority('Another');
    const foreign = async () => ({ ...(await access.credentials()), ca: other.certificate });
    const failures = [
      await failureOf(open(t, { ...access, credentials: foreign }).get(CONFIG_MAPS, A)),
      await failureOf(open(t, { ...access, serverName: 'another.example' }).get(CONFIG_MAPS, A)),
    ];
    expect(failures).toMatchObject([
      { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ]);
    expect(asked).toEqual([]);
    expect(await open(t, { ...access, serverName: 'localhost' }).get(CONFIG_MAPS, A)).toEqual(object);
  });

  test('asks again over a new connection where the kept one was closed', async (t) => {
    let sockets = 0;
    const { access, asked } = await startRawApi(t, (request, response) => {
      // The second request meets a server that has just given up the connection it came on.
      sockets += 1;
      if (sockets === 2) request.socket.destroy();
      else reply(response, 200, object);
    });
    const client = open(t, access);
    await client.get(CONFIG_MAPS, A);
    expect(await client.get(CONFIG_MAPS, A)).toEqual(object);
    expect(asked.length).toBe(3);
    sockets = 1;
    expect(await failureOf(client.create(CONFIG_MAPS, object))).toMatchObject({ code: 'ECONNRESET' });
  });

  test('uses the token that has replaced the one it was refused with, once', async (t) => {
    const server = await startApiServer(t);
    const tokens = ['old', server.token, 'old', 'old', 'older', 'old'];
    const credentials = async () => ({ ca: server.ca, token: tokens.shift(), certificate: undefined });
    const client = open(t, { server: new URL(server.url), serverName: undefined, namespace: undefined, credentials });
    expect(await client.get(CONFIG_MAPS, A)).toBeUndefined();
    expect(await failureOf(client.get(CONFIG_MAPS, A))).toMatchObject({ code: 401, reason: 'Unauthorized' });
    expect(await failureOf(client.get(CONFIG_MAPS, A))).toMatchObject({ code: 401 });
    expect(tokens).toEqual([]);
  });
});

describe('client, of watches', () => {
  const added = `${JSON.stringify({ type: 'ADDED', object })}\n`;

  test('tells what came before a connection was cut in the middle of an event, and then that it was', async (t) => {
    const { access } = await startRawApi(t, (_, response) => {
      response.writeHead(200).write(added + added.slice(0, 20), () => response.destroy());
    });
    const events: WatchEvent[] = [];
    const selection = { namespace: 'plant', resourceVersion: '1' };
    const error = await failureOf(
      (async () => {
        for await (const event of open(t, access).watch(CONFIG_MAPS, selection, t.signal)) events.push(event);
      })(),
    );
    expect(events).toEqual([{ kind: 'opened' }, { kind: 'changed', object }]);
    expect(error.message).toBe('the connection to the API server was cut');
  });

  test('ends one that the server leaves silent for longer than bookmarks take', async (t) => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } };
    const { access } = await startRawApi(t, (_, response) => {
      response.writeHead(200).write(`${JSON.stringify(bookmark)}\n`);
    });
    const error = await failureOf(watched(open(t, access, { silenceMs: 100, watchSeconds: 600 }), t.signal));
    expect(error.message).toContain('the API server was silent for');
  });

  test('ends one without bookmarks some time after the server should have', async (t) => {
    const { access } = await startRawApi(t, (_, response) => response.writeHead(200).flushHeaders());
    const error = await failureOf(watched(open(t, access, { silenceMs: 100, watchSeconds: 0.01 }), t.signal));
    expect(error.message).toContain('the API server was silent for');
  });

  test('closes the connection of one that nobody follows any more', async (t) => {
    let closed = false;
    const { access } = await startRawApi(t, (request, response) => {
      request.socket.on('close', () => (closed = true));
      response.writeHead(200).write(added);
    });
    const selection = { namespace: 'plant', resourceVersion: '1' };
    for await (const { kind } of open(t, access).watch(CONFIG_MAPS, selection, t.signal)) if (kind === 'changed') break;
    await eventually(() => closed);
  });

  test.for(['status', 'event'] as const)('says 410 when its version is forgotten, told by %s', async (goneAs, t) => {
    const server = await startApiServer(t, { goneAs });
    const credentials = async () => ({ ca: server.ca, token: server.token, certificate: undefined });
    const client = open(t, { server: new URL(server.url), serverName: undefined, namespace: undefined, credentials });
    const { metadata } = await client.create(CONFIG_MAPS, { ...object, metadata: { ...A } });
    await client.apply(CONFIG_MAPS, { ...object, metadata: { ...A } }, { manager: 'm' });
    server.store.compact();
    const error = await failureOf(watched(client, t.signal, String(Number(metadata.resourceVersion) - 1)));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 410, reason: 'Expired' });
  });
});
