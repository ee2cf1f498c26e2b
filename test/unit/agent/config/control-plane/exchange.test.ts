import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createExchange, type ExchangeLimits } from '../../../../../agent/config/control-plane/exchange.ts';
import { createAuthority } from '../../../../support/certificates.ts';

const LIMITS: ExchangeLimits = { timeoutMs: 10_000, answerBytes: 64 * 1024 };

async function listen(server: Server, scheme = 'http') {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  });
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/report`);
}

function post(url: URL, limits: Partial<ExchangeLimits> = {}, signal = new AbortController().signal) {
  const exchange = createExchange({ url, userAgent: 'test', limits: { ...LIMITS, ...limits } });
  onTestFinished(() => exchange.close());
  return () => exchange.post({ body: gzipSync('{"a":1}'), authorization: 'Bearer k', signal });
}

const serve = (listener: RequestListener) => listen(createServer(listener));

describe('an exchange with the control plane', () => {
  test('sends one compressed body, and hands the answer over as it is', async () => {
    const requests: IncomingMessage[] = [];
    const bodies: string[] = [];
    const url = await serve((request, response) => {
      requests.push(request);
      const answer = (body: Buffer): void => {
        bodies.push(gunzipSync(body).toString());
        response.writeHead(503, { 'retry-after': '7' }).end('{"x":"ä"}');
      };
      void buffer(request).then(answer);
    });
    const answer = await post(url)();
    expect(answer).toMatchObject({ status: 503, retryAfter: '7', body: '{"x":"ä"}' });
    expect(bodies).toEqual(['{"a":1}']);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/report',
      headers: { authorization: 'Bearer k', 'content-encoding': 'gzip', 'content-type': 'application/json' },
    });
  });

  test('keeps its connection, and opens another one when the server has closed it', async () => {
    const sockets = new Set<unknown>();
    let last: IncomingMessage['socket'] | undefined;
    const url = await serve((request, response) => {
      last = request.socket;
      sockets.add(request.socket);
      response.end('{}');
    });
    const send = post(url);
    await send();
    await send();
    expect(sockets.size).toBe(1);
    last?.destroy();
    expect((await send()).status).toBe(200);
    expect(sockets.size).toBe(2);
  });

  test('does not follow a redirect', async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect((await post(url)()).status).toBe(307);
    expect(paths).toEqual(['/report']);
  });

  test('ends when a server does not answer in time', async () => {
    const url = await serve(() => undefined);
    await expect(post(url, { timeoutMs: 100 })()).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('ends when an answer drips without end', async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(post(url, { timeoutMs: 200 })()).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('reads no more of an answer than it may have', async () => {
    const url = await serve((_, response) => {
      const chunk = Buffer.alloc(16 * 1024, ' ');
      const pump = (): void => void response.write(chunk, (error) => error ?? setImmediate(pump));
      pump();
    });
    await expect(post(url)()).rejects.toMatchObject({ kind: 'tooLarge', message: 'more than 64 KiB' });
  });

  test('fails when the connection breaks within the answer', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    await expect(post(url)()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('ends with the agent', async () => {
    const url = await serve(() => undefined);
    const ending = new AbortController();
    const sent = post(url, {}, ending.signal)();
    ending.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('refuses a server whose certificate nobody vouches for', async () => {
    const authority = await createAuthority();
    const { certificate, key } = await authority.issue();
    const url = await listen(
      createTlsServer({ cert: certificate, key }, (_, response) => response.end('{}')),
      'https',
    );
    await expect(post(url)()).rejects.toMatchObject({ code: expect.stringMatching(/^UNABLE_TO_|SELF_SIGNED/) });
  });
});
