import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { residentBytes } from '../../support/resident-bytes.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import { createScope } from '../../support/scope.ts';
import { openRaw } from '../functions-host/raw-http.ts';
import { createAgent, type Plane, type PlaneCall, startPlane } from './plane.ts';

const SITE = '/api/sites/plant';
// The host keeps bodies of 256 MiB at most, and the app copies what it reads of one.
const MOST_MEMORY = 640 * 2 ** 20;
const scope = createScope();
let plane: Plane;
let agentKey = '';

beforeAll(async () => {
  plane = await startPlane(scope);
  agentKey = await plane.keyOf('plant', 'Bridge.Agent');
  await plane.send(`POST ${SITE}/apply`, { body: [connectorResource('base'), topicMapResource('map', 'base')] });
  await plane.send('PUT /api/sites/neighbour/connectors/secret', { body: connectorResource('secret') });
  return () => scope.close();
});

const yaml = (body: string | Uint8Array): PlaneCall => ({ body, headers: { 'content-type': 'application/yaml' } });

/** Every resource of the site with its tag. */
async function contents(): Promise<string> {
  const lists = ['connectors', 'topicmaps'].map((name) => plane.send(`GET ${SITE}/${name}`));
  return (await Promise.all(lists)).map(({ text }) => text).join('\n');
}

/** Everything that takes a document, and must leave the site as it is. */
const DOORS = [`POST ${SITE}/apply`, `POST ${SITE}/validate`, `POST ${SITE}/diff`, `PUT ${SITE}/connectors/base`];

/** Status of each door; the site stays what it was, and the control plane lives and is not much larger. */
async function knock(call: PlaneCall): Promise<number[]> {
  const before = await contents();
  const headers = { 'if-match': '*', ...call.headers };
  const sent = (door: string) => ({ ...call, headers: door.startsWith('PUT') ? headers : { ...call.headers } });
  const answers = await Promise.all(DOORS.map((door) => plane.send(door, sent(door))));
  expect(await contents()).toBe(before);
  for (const { status, headers, text } of answers) {
    if (status >= 400) expect(headers.get('content-type')).toContain('application/problem+json');
    expect(text.length).toBeLessThan(100_000);
  }
  expect(await residentBytes(plane.process.pid)).toBeLessThan(MOST_MEMORY);
  return answers.map(({ status }) => status);
}

describe('F32 - an endpoint', () => {
  const connectorTo = (endpoint: unknown) => {
    const { spec, ...rest } = connectorResource('ssrf');
    return {
      ...rest,
      spec: { ...spec, remoteBrokerConnection: { ...(spec['remoteBrokerConnection'] as object), endpoint } },
    };
  };

  test.each([
    'user:password@broker.test:1883',
    'broker.test:0',
    'broker.test:70000',
    'broker.test:1883\r\nHost: evil.test',
    'http://169.254.169.254/latest/meta-data',
    'broker.test:1883/path',
    'broker.test:1883?x',
    ' broker.test:1883',
    '[::1',
    '',
    null,
    ['broker.test:1883'],
  ])('that is none (%j) is refused with the rule that it breaks', async (endpoint) => {
    const { status, json } = await plane.send(`POST ${SITE}/apply`, { body: connectorTo(endpoint) });
    expect(status).toBe(422);
    expect(json.errors.map(({ path }) => path).join()).toContain('remoteBrokerConnection.endpoint');
    expect((await plane.send(`GET ${SITE}/connectors/ssrf`)).status).toBe(404);
  });

  test('that leads to this machine or to its cloud is only read, never called', async () => {
    let calls = 0;
    const server = createServer(() => calls++).listen(0, '::');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f000001', '0', '127.1'];
    for (const host of [...hosts, '169.254.169.254', 'metadata.google.internal']) {
      const body = connectorTo(`${host}:${port}`);
      for (const door of ['validate', 'diff', 'apply?dryRun=true', 'apply']) {
        const { status } = await plane.send(`POST ${SITE}/${door}`, { body });
        expect([200, 422], `${host} ${door}`).toContain(status);
      }
      await plane.send(`GET ${SITE}/explain?topic=a`);
      await plane.send(`DELETE ${SITE}/connectors/ssrf`, { headers: { 'if-match': '*' } });
    }
    expect(calls).toBe(0);
  });
});

describe('F33 - a document', () => {
  const connector = JSON.stringify(connectorResource('base', { clientIdPrefix: 'other' }));
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefghi'[index]}`).join()}]`)
    .join('\n')}\n`;

  test.each([
    ['an alias bomb', yaml(bomb)],
    ['an alias of itself', yaml('a: &a\n  b: *a\n')],
    ['a merge key', yaml(`base: &b {a: 1}\n<<: *b\n`)],
    ['a tag', yaml('!!js/function "x"')],
    ['JSON of 100,000 levels', { body: deep(100_000) }],
    ['YAML of 10,000 levels', yaml(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
    ['YAML of 600 indented levels', yaml(Array.from({ length: 600 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'))],
    ['a key twice in JSON', { body: connector.replace('"kind"', '"kind":"x","kind"') }],
    ['a key twice in YAML', yaml('kind: x\nkind: y\n')],
    ['UTF-16', yaml(Buffer.from(`\ufeff${connector}`, 'utf16le'))],
    ['bytes that are no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }],
    ['half of a surrogate pair', { body: connector.replace('other', 'o\\ud800') }],
    ['a NUL', { body: connector.replace('other', 'o\u0000') }],
  ] as const)('with %s is refused, and the site is as it was', async (_, call) => {
    for (const status of await knock(call)) expect(status).toBe(400);
  });

  test('with 10,000 documents is refused', async () => {
    for (const status of await knock(yaml('---\na: 1\n'.repeat(10_000)))) expect(status).toBe(413);
  });

  test('of 50 MB is refused before it is read to its end', async () => {
    const raw = openRaw({ onTestFinished }, { host: '127.0.0.1', port: Number(new URL(plane.process.url).port) });
    const { adminKey } = plane.process;
    raw.send(
      `POST ${SITE}/apply HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\nContent-Type: application/json\r\n`,
    );
    raw.send('Content-Length: 52428800\r\n\r\n');
    raw.send(Buffer.alloc(1_100_000, ' '));
    expect((await plane.send('GET /api/live')).status).toBe(200);
    raw.send(Buffer.alloc(52_428_800 - 1_100_000, ' '));
    expect((await raw.answers(1))[0]).toBe('413');
    expect(await residentBytes(plane.process.pid)).toBeLessThan(MOST_MEMORY);
  });

  test('with __proto__ or constructor pollutes nothing', async () => {
    for (const evil of ['__proto__', 'constructor', 'prototype']) {
      const body = connector.replace('"spec":{', `"${evil}":{"polluted":true},"spec":{"${evil}":{"polluted":true},`);
      for (const call of [{ body }, yaml(body)]) {
        const statuses = await knock(call);
        // What judges documents says that it is wrong, everything else refuses it.
        for (const [index, status] of statuses.entries()) {
          expect(DOORS[index]?.endsWith('/validate') ? [200, 400] : [400, 422], evil).toContain(status);
        }
      }
      const { status } = await plane.send(`POST ${SITE}/apply`, { body: connectorResource(evil) });
      expect(status).toBe(evil === '__proto__' ? 422 : 200);
      await plane.send(`DELETE ${SITE}/connectors/${evil}?cascade=true`, { headers: { 'if-match': '*' } });
    }
    expect((await plane.send('GET /api/openapi.json')).text).not.toContain('polluted');
  });

  test('with a byte order mark is read', async () => {
    const { status } = await plane.send(`POST ${SITE}/validate`, yaml(`\ufeff${connector}`));
    expect(status).toBe(200);
  });
});

describe('F38 - a name', () => {
  const EVIL = [
    "' or PartitionKey ne '",
    "x' or 1 eq 1 or 'x",
    '/',
    '\\',
    '#',
    '?',
    '\u0001',
    '\u007f',
    '../x',
    'é',
    'A',
    'x'.repeat(1024),
    ' ',
    '%',
    '__proto__',
  ];

  test.each(EVIL)('of the form %j finds nothing and is 400, wherever a path has a name', async (name) => {
    const text = encodeURIComponent(name);
    const answers = await Promise.all([
      plane.send(`GET /api/sites/${text}/connectors`),
      plane.send(`GET /api/sites/${text}/health`),
      plane.send(`DELETE /api/sites/${text}`),
      plane.send(`GET ${SITE}/connectors/${text}`),
      plane.send(`GET ${SITE}/connectors/${text}/health`),
      plane.send(`PUT ${SITE}/topicmaps/${text}`, { body: topicMapResource(name, 'base') }),
      plane.send(`DELETE ${SITE}/grants/${text}`),
      plane.send(`POST ${SITE}/agents/base/${text}/report`, { key: agentKey, body: {} }),
      plane.send(`POST ${SITE}/agents/${text}/0/report`, { key: agentKey, body: {} }),
    ]);
    for (const { status, text: said } of answers) {
      expect(status).toBe(400);
      expect(said).not.toContain('secret');
    }
  });

  test.each([
    '$filter=PartitionKey ne %27%27',
    '$select=*',
    '$top=1',
    'filter=x',
    'limit=1&limit=2',
    'limit=0',
    'limit=1e9',
    'continue=..%2F',
    'continue=',
    'view=all',
  ])('is not all that is looked at: the query %j is 400', async (query) => {
    for (const path of [`${SITE}/connectors`, '/api/sites', `${SITE}/events`]) {
      const { status, text } = await plane.send(`GET ${path}?${query.replaceAll(' ', '%20')}`);
      expect([path, status]).toEqual([path, 400]);
      expect(text).not.toContain('secret');
    }
  });

  test('of another site opens nothing of it', async () => {
    const key = await plane.keyOf('plant', 'Bridge.Admin');
    for (const path of ['connectors', 'connectors/secret', 'grants', 'events', 'health', 'connectors/secret/health']) {
      expect((await plane.send(`GET /api/sites/neighbour/${path}`, { key })).status).toBe(403);
    }
    await expect(createAgent('neighbour/agents/secret/0', agentKey).report(plane)).rejects.toThrow('403');
  });
});

describe('F39 - a body', () => {
  const report = `POST ${SITE}/agents/base/0/report`;

  test('of 1 MiB and one byte is 413, of 1 MiB it is read', async () => {
    const valid = JSON.stringify(connectorResource('base'));
    const ofSize = (bytes: number) => valid + ' '.repeat(bytes - valid.length);
    expect((await plane.send(`POST ${SITE}/validate`, { body: ofSize(2 ** 20) })).status).toBe(200);
    expect(await knock({ body: ofSize(2 ** 20 + 1) })).toEqual([413, 413, 413, 413]);
    expect((await plane.send(report, { key: agentKey, body: ofSize(2 ** 20 + 1) })).status).toBe(413);
  });

  test('that is a gzip bomb is 413, one that is no gzip 400, another encoding 415', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20));
    const encoded = (encoding: string, body: Uint8Array) => ({ body, headers: { 'content-encoding': encoding } });
    expect(await knock(encoded('gzip', bomb))).toEqual([413, 413, 413, 413]);
    expect(await knock(encoded('gzip', Buffer.from('{}')))).toEqual([400, 400, 400, 400]);
    expect(await knock(encoded('gzip', bomb.subarray(0, 1000)))).toEqual([400, 400, 400, 400]);
    expect(await knock(encoded('br', bomb))).toEqual([415, 415, 415, 415]);
    expect((await plane.send(report, { key: agentKey, ...encoded('gzip', bomb) })).status).toBe(413);
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data', 'application/json; charset=utf-16', ''])(
    'of the type "%s" is 415',
    async (type) => {
      expect(await knock({ body: '{}', headers: { 'content-type': type } })).toEqual([415, 415, 415, 415]);
    },
  );

  test('of a report that is none is 422 with everything that is wrong, and kept nowhere', async () => {
    const { status, json } = await plane.send(report, { key: agentKey, body: { kind: 'AgentReport', sequence: -1 } });
    expect(status).toBe(422);
    expect(json.errors.length).toBeGreaterThan(5);
    expect((await plane.send(`GET ${SITE}/connectors/base/health`)).text).not.toContain('reportedAt');
  });
});

test('F39 - of a caller with too many requests some are 429 with Retry-After, while others are served', async (t) => {
  const small = await startPlane(t, { env: { MQTTBRIDGE_REQUESTS_PER_SECOND: '5' } });
  const greedy = await small.keyOf('plant', 'Bridge.Read');
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => small.send(`GET ${SITE}/connectors`, { key: greedy })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  expect(refused.length).toBeGreaterThan(100);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await small.send(`GET ${SITE}/connectors`)).status).toBe(200);
  expect((await small.send('GET /api/live', { key: null })).status).toBe(200);
});

test('after all this the log has no failed request', () => {
  expect(plane.process.stderr()).not.toMatch(/RequestFailed|FunctionFailed|ResponseFailed/);
});
