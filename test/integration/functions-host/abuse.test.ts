import { connect } from 'node:net';
import { fc, test as property } from '@fast-check/vitest';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { seen } from '../../support/functions-app/seen.ts';
import { mutate } from '../../support/mutate.ts';
import { createRandom } from '../../support/random.ts';
import { createScope } from '../../support/scope.ts';
import { openRaw } from './raw-http.ts';
import { type Sample, startSample } from './start-sample.ts';

const BODY_BYTES = 3_000_000;

const scope = createScope();
let host: Sample;

beforeAll(async () => {
  const limits = { headersTimeoutMs: 300, requestTimeoutMs: 600, bodyBytes: BODY_BYTES, bodiesBytes: 2 * BODY_BYTES };
  host = await startSample(scope, { http: { limits } });
  return () => scope.close();
});

const open = () => openRaw({ onTestFinished }, host);
const request = (line: string, ...headers: string[]) => [line, 'Host: localhost', ...headers, '', ''].join('\r\n');

/** Status codes of what comes back to these bytes, until the host closes the connection. */
async function answersTo(text: string | Buffer): Promise<readonly string[]> {
  const raw = open();
  raw.send(text);
  return raw.closed();
}

async function stillServes(): Promise<void> {
  expect((await fetch(`${host.url}/api/echo`)).status).toBe(200);
}

describe('a client that takes its time', () => {
  test('with the headers gets 408', async () => {
    expect(await answersTo('GET /api/echo HTTP/1.1\r\nHost: a\r\nX-Slow: ')).toEqual(['408']);
  });

  test('with the headers, and says a byte now and then, gets 408', async () => {
    const raw = open();
    raw.send('GET /api/echo HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const drip = setInterval(() => raw.send('a'), 20);
    onTestFinished(() => clearInterval(drip));
    expect(await raw.closed()).toEqual(['408']);
  });

  test('with the body gets 408', async () => {
    expect(await answersTo(`${request('POST /api/echo HTTP/1.1', 'Content-Length: 10')}half`)).toEqual(['408']);
  });

  test('with chunks that never end gets 408', async () => {
    const raw = open();
    raw.send(request('POST /api/echo HTTP/1.1', 'Transfer-Encoding: chunked'));
    const drip = setInterval(() => raw.send('1\r\na\r\n'), 20);
    onTestFinished(() => clearInterval(drip));
    expect(await raw.closed()).toEqual(['408']);
  });

  test('keeps nobody else waiting', async () => {
    for (let count = 0; count < 200; count++) open().send('GET /api/echo HTTP/1.1\r\nX-Slow: ');
    await stillServes();
  });
});

describe('a body', () => {
  test('of more bytes than the host takes is 413 by its announcement', async () => {
    const text = request('POST /api/echo HTTP/1.1', `Content-Length: ${BODY_BYTES + 1}`);
    expect(await answersTo(text)).toEqual(['413']);
  });

  test('of more bytes than the host takes is 413 by its chunks', async () => {
    const chunk = Buffer.from(`100000\r\n${'a'.repeat(1_048_576)}\r\n`);
    const head = Buffer.from(request('POST /api/echo HTTP/1.1', 'Transfer-Encoding: chunked'));
    expect(await answersTo(Buffer.concat([head, chunk, chunk, chunk]))).toEqual(['413']);
  });

  test('is 413 while functions hold all the memory for bodies, and taken again when they have ended', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.hold = promise;
    const post = (path: string, bytes: number) =>
      fetch(`${host.url}${path}`, { method: 'POST', body: Buffer.alloc(bytes) }).then(({ status }) => status);
    const holding = [post('/api/slow', BODY_BYTES), post('/api/slow', BODY_BYTES)];
    await eventually(() => seen.begun === 2);
    expect(await post('/api/limited', 1)).toBe(413);
    resolve();
    expect(await Promise.all(holding)).toEqual([200, 200]);
    expect(await post('/api/limited', 1)).toBe(200);
  });

  test('that breaks off leaves nothing behind', async () => {
    const socket = connect(host.port, host.host);
    socket.on('error', () => undefined);
    socket.write(`${request('POST /api/echo HTTP/1.1', 'Content-Length: 100')}a`, () => socket.destroy());
    await eventually(() => socket.closed);
    await stillServes();
  });
});

describe('a request line or header', () => {
  test.each([
    ['more than 32 KB of headers', request('GET /api/echo HTTP/1.1', `X-Big: ${'a'.repeat(40_000)}`), '431'],
    [
      'thousands of headers',
      request('GET /api/echo HTTP/1.1', ...Array.from({ length: 5_000 }, (_, at) => `X-${at}: a`)),
      '431',
    ],
    ['a longer path than headers may be', request(`GET /${'a'.repeat(40_000)} HTTP/1.1`), '431'],
    ['a method nobody knows', request('BREW /api/echo HTTP/1.1'), '400'],
    ['a bare line feed in a header', 'GET /api/echo HTTP/1.1\r\nHost: a\r\nX-A: b\nc: d\r\n\r\n', '400'],
    ['two hosts', request('GET /api/echo HTTP/1.1', 'Host: elsewhere', 'Connection: close'), '400'],
    ['no host', 'GET /api/echo HTTP/1.1\r\n\r\n', '400'],
    [
      'both a length and chunks',
      request('POST /api/echo HTTP/1.1', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
      '400',
    ],
    ['two lengths', request('POST /api/echo HTTP/1.1', 'Content-Length: 3', 'Content-Length: 4'), '400'],
    ['a space before the colon', request('GET /api/echo HTTP/1.1', 'X-A : b'), '400'],
    ['no HTTP', 'hello\r\n\r\n', '400'],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 0, 13, 10, 13, 10]), '400'],
  ])('with %s is refused and the connection closed', async (_, text, status) => {
    expect(await answersTo(text)).toEqual([status]);
  });

  test.each([
    ['GET /api/sites/%zz HTTP/1.1', '400'],
    ['GET /api/sites/%ff HTTP/1.1', '400'],
    ['GET /api/sites/% HTTP/1.1', '400'],
    ['GET /api/../admin/host/status HTTP/1.1', '401'],
    ['GET /api/%2e%2e/admin/host/status HTTP/1.1', '401'],
    ['GET /api/files/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1', '200'],
    ['GET /api/files/../../../etc/passwd HTTP/1.1', '404'],
    ['GET /api\\..\\admin\\host\\status HTTP/1.1', '401'],
    ['GET //admin/host/status HTTP/1.1', '404'],
    ['GET //elsewhere.example/api/echo HTTP/1.1', '404'],
    ['GET http://elsewhere.example/api/echo HTTP/1.1', '200'],
    ['GET http:///admin/host/status HTTP/1.1', '404'],
    ['GET file:///etc/passwd HTTP/1.1', '400'],
    ['GET http://user:password@a/api/echo HTTP/1.1', '400'],
    ['OPTIONS * HTTP/1.1', '400'],
    ['GET /api/sites/a%0d%0aSet-Cookie:%20a=b HTTP/1.1', '200'],
    ['GET /api/sites/a%00b HTTP/1.1', '200'],
  ])('%s is answered %s', async (line, status) => {
    const raw = open();
    raw.send(request(line, 'Connection: close'));
    expect(await raw.closed()).toEqual([status]);
    expect(raw.text()).not.toMatch(/^set-cookie|root:/im);
  });

  test.each(['a/b', 'a?b', 'a#b', 'user@a', 'a:99999999', '[::1', 'a b'])('with the host "%s" is 400', async (name) => {
    expect(await answersTo(`GET /api/echo HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)).toEqual(['400']);
  });

  test('with line breaks in an answer never becomes another answer', async () => {
    const raw = open();
    raw.send(request('GET /api/unsendable HTTP/1.1', 'Connection: close'));
    expect(await raw.closed()).toEqual(['500']);
    expect(raw.text()).not.toContain('forged');
    expect(host.logger.lines.map(({ evt }) => evt)).toContain('ResponseFailed');
  });
});

describe('a connection', () => {
  test('may carry many requests, also sent at once, and answers in their order', async () => {
    const raw = open();
    raw.send([1, 2, 3].map((at) => request(`GET /api/sites/s${at} HTTP/1.1`)).join(''));
    expect(await raw.answers(3)).toEqual(['200', '200', '200']);
    expect(raw.text().match(/"site":"s\d"/g)).toEqual([1, 2, 3].map((at) => `"site":"s${at}"`));
    raw.send(request('GET /api/sites HTTP/1.1'));
    expect(await raw.answers(4)).toHaveLength(4);
  });

  test('does not take the rest of a refused body for a request', async () => {
    const smuggled = request('GET /admin/host/ping HTTP/1.1');
    const raw = open();
    raw.send(`${request('POST /api/nothere HTTP/1.1', `Content-Length: ${smuggled.length}`)}${smuggled}`);
    expect(await raw.closed()).toEqual(['404']);
  });

  test('asks for no upgrade it could get', async () => {
    const raw = open();
    raw.send(request('GET /api/echo HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'));
    expect(await raw.answers(1)).toEqual(['200']);
  });

  test('is no tunnel', async () => {
    expect(await answersTo(request('CONNECT 127.0.0.1:22 HTTP/1.1'))).toEqual([]);
  });
});

describe('a request with damage', () => {
  const whole = Buffer.from(
    `${request('PUT /api/sites/a%20b?x=1&code=k HTTP/1.1', 'X-Functions-Key: k', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
  );

  property.prop([fc.array(fc.integer(), { minLength: 50, maxLength: 50 })], { numRuns: 20 })(
    'is refused or understood, and never a failure of the host',
    async (seeds) => {
      const damaged = seeds.map((seed) => mutate(whole, createRandom(seed)));
      const answers = await Promise.all(
        damaged.map((bytes) => {
          const raw = open();
          raw.end(bytes);
          return raw.closed();
        }),
      );
      for (const [index, statuses] of answers.entries())
        expect([damaged[index]?.toString('latin1'), statuses.filter((status) => status.startsWith('5'))]).toEqual([
          damaged[index]?.toString('latin1'),
          [],
        ]);
      await stillServes();
    },
  );
});

test('after all this the host serves', stillServes);
