import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startApi } from '../../../support/control-plane-api.ts';
import { connectorResource } from '../../../support/resources.ts';
import { createScope } from '../../../support/scope.ts';

const ONE = '/api/sites/plant/connectors/one';
const MIB = 1024 * 1024;
const yaml = { 'content-type': 'application/yaml' };

describe('size and time (F39)', () => {
  it('takes 1 MiB and refuses a byte more, whether or not the length is told', async (t) => {
    const api = await startApi(t);
    const text = JSON.stringify(connectorResource('one'));
    expect(await api.send(`PUT ${ONE}`, { body: text.padEnd(MIB) })).toMatchObject({ status: 201 });
    expect(await api.send(`PUT ${ONE}`, { body: text.padEnd(MIB + 1) })).toMatchObject({ status: 413 });
    const headers = { 'content-length': String(MIB + 1) };
    expect(await api.send(`PUT ${ONE}`, { headers, body: 'x' })).toMatchObject({ status: 413 });
  });

  it('stops reading a body that has no end', async (t) => {
    const api = await startApi(t);
    let sent = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => void (cancelled = true),
    });
    const headers = new Headers({ authorization: 'Bearer writer', 'content-type': 'application/json' });
    expect(await api.raw({ target: `PUT ${ONE}`, headers, body })).toMatchObject({ status: 413 });
    expect(sent).toBeLessThan(2 * MIB);
    expect(cancelled).toBe(true);
  });

  it('gives up on a body that does not come, and on one whose sender goes away', async (t) => {
    const api = await startApi(t, { bodyTimeoutMs: 50 });
    const headers = new Headers({ authorization: 'Bearer writer', 'content-type': 'application/json' });
    const silent = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array([123])) });
    const timedOut = await api.raw({ target: `PUT ${ONE}`, headers, body: silent });
    expect(timedOut).toMatchObject({ status: 408, headers: { connection: 'close' } });
    const gone = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('ECONNRESET')) });
    expect(await api.raw({ target: `PUT ${ONE}`, headers, body: gone })).toMatchObject({ status: 400 });
  });

  it('inflates gzip to 1 MiB and no further', async (t) => {
    const api = await startApi(t);
    const put = (body: Uint8Array, encoding = 'gzip') =>
      api.send(`PUT ${ONE}`, { headers: { 'content-encoding': encoding }, body });
    expect(await put(gzipSync(JSON.stringify(connectorResource('one'))))).toMatchObject({ status: 201 });
    expect(await put(gzipSync(Buffer.alloc(64 * MIB, ' ')))).toMatchObject({ status: 413 });
    expect(await put(gzipSync(' '.repeat(MIB + 1)))).toMatchObject({ status: 413 });
    expect(await put(Buffer.from('{}'))).toMatchObject({ status: 400 });
    expect(await put(Buffer.from('{}'), 'br')).toMatchObject({ status: 415 });
    expect(await put(gzipSync(gzipSync('{}')), 'gzip, gzip')).toMatchObject({ status: 415 });
  });

  it.each([
    ['text/plain'],
    ['application/xml'],
    ['application/json; charset=utf-16'],
    ['json'],
    ['application/json, x/y'],
  ])('refuses a body of the type %s', async (type) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const headers = { 'content-type': type };
    expect(await api.send(`PUT ${ONE}`, { headers, body: connectorResource('one') })).toMatchObject({ status: 415 });
  });
});

const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  .concat(
    'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`).join()}]`),
  )
  .join('\n');

describe('text (F33)', () => {
  const json = (text: string) => ({ text, type: 'application/json' });
  const asYaml = (text: string) => ({ text, type: 'application/yaml' });
  const resource = JSON.stringify(connectorResource('one'));
  const withLabel = (key: string, value: string) =>
    resource.replace('"name":"one"', `"name":"one","labels":{"${key}":"${value}"}`);

  it.each([
    ['broken JSON', json('{"kind": }'), 400, 'YA001'],
    ['an empty JSON body', json(''), 400, 'YA001'],
    ['YAML sent as JSON', json('kind: x'), 400, 'YA001'],
    ['broken YAML', asYaml('a: [1'), 400, 'YA001'],
    ['deep JSON', json(deep(100_000, '[', ']')), 400, 'YA006'],
    ['deep JSON that is not closed', json('['.repeat(500_000)), 400, 'YA006'],
    ['deep YAML', asYaml(deep(10_000, '[', ']')), 400, 'YA006'],
    ['deep block YAML', asYaml('- '.repeat(10_000)), 400, 'YA006'],
    ['an alias bomb', asYaml(bomb), 400, 'YA004'],
    ['a key twice in JSON', json('{"kind":"a","kind":"b"}'), 400, 'YA003'],
    ['a key twice in YAML', asYaml('kind: a\nkind: b'), 400, 'YA003'],
    ['__proto__ in JSON', json(withLabel('__proto__', 'x')), 400, 'YA007'],
    ['__proto__ in escapes', json(withLabel('\\u005f_proto__', 'x')), 400, 'YA007'],
    ['__proto__ in YAML', asYaml('__proto__: {a: 1}'), 400, 'YA007'],
    ['a tag', asYaml('kind: !!js/function "x"'), 400, 'YA005'],
    ['half a surrogate pair in JSON', json(withLabel('a', '\\ud800')), 400, 'LoneSurrogate'],
    ['half a surrogate pair as key', json(withLabel('\\udc00', 'a')), 400, 'LoneSurrogate'],
    ['half a surrogate pair in YAML', asYaml(withLabel('a', '\\ud800')), 400, 'LoneSurrogate'],
    ['a MiB of commas', asYaml(`[${'1,'.repeat(500_000)}]`), 413, 'YA002'],
    [
      'a MiB of keys in one map',
      asYaml(Array.from({ length: 80_000 }, (_, key) => `k${key}: 1`).join('\n')),
      413,
      'YA002',
    ],
    ['10,000 documents', asYaml('---\na: 1\n'.repeat(10_000)), 413, 'YA002'],
    ['10,000 items', json(JSON.stringify(Array.from({ length: 10_000 }, () => 1))), 413, 'YA002'],
  ])('refuses %s', async (_what, { text, type }, status, rule) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const others = text.length < 100_000 ? ['POST /api/sites/plant/apply', 'POST /api/sites/plant/validate'] : [];
    for (const target of [`PUT ${ONE}`, ...others]) {
      const refused = await api.send(target, { headers: { 'content-type': type }, body: text });
      expect(refused, target).toMatchObject({ status });
      expect(refused.json.errors.map((error) => error.rule)).toContain(rule);
    }
    expect(await api.stores.bridges.isRegistered('plant')).toBe(false);
    expect({}).not.toHaveProperty('a');
  });

  it('refuses what is not UTF-8, and takes a byte order mark', async (t) => {
    const api = await startApi(t);
    const bytes = Buffer.from(withLabel('a', '\u00e9'), 'latin1');
    expect(await api.send(`PUT ${ONE}`, { body: bytes })).toMatchObject({ status: 400 });
    expect(await api.send(`PUT ${ONE}`, { headers: yaml, body: bytes })).toMatchObject({ status: 400 });
    expect(await api.send(`PUT ${ONE}`, { body: `\ufeff${resource}` })).toMatchObject({ status: 201 });
  });

  it('never repeats what it could not read', async (t) => {
    const api = await startApi(t);
    for (const body of ['{"password": "hunter2" oops', 'hunter2', '"hunter2']) {
      const refused = await api.send(`PUT ${ONE}`, { body });
      expect(refused.status).toBe(400);
      expect(refused.text).not.toContain('hunter2');
    }
  });

  it('checks an endpoint as text and connects to none (F32)', async (t) => {
    const api = await startApi(t);
    const endpoints = ['host:0', 'host:70000', 'user@host:1', 'host\r\n:1', 'http://host:1', 'host', ':1883'];
    for (const endpoint of endpoints) {
      const local = { endpoint, authentication: { anonymous: {} } };
      const refused = await api.send(`PUT ${ONE}`, {
        body: connectorResource('one', { localBrokerConnection: local }),
      });
      expect(refused, endpoint).toMatchObject({ status: 422 });
      expect(refused.json.errors[0]).toMatchObject({ rule: 'BC005', path: 'spec.localBrokerConnection.endpoint' });
    }
  });
});
