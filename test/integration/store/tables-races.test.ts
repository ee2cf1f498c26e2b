import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createOperationCounter } from '../../../functions/store/counting.ts';
import type { Stores } from '../../../functions/store/store.ts';
import { openTableStores, type TableStoreOptions } from '../../../functions/store/tables/open-table-stores.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { freePort } from '../../support/free-port.ts';
import { createScope } from '../../support/scope.ts';
import { before, headWrite, loseAnswer, method, watch } from '../../support/table-requests.ts';
import { change, event, hashOf, NOON, report } from './samples.ts';

const HOUR_MS = 3_600_000;
const scope = createScope();
let azurite: Azurite;
let tests = 0;
let ahead = 0;
/** Stores on the tables of this test that nothing disturbs. */
let calm: Stores;

beforeAll(async () => {
  azurite = await startAzurite(scope);
});
afterAll(() => scope.close());

beforeEach(async () => {
  tests++;
  ahead = 0;
  calm = await open();
});

function open(options: Partial<TableStoreOptions> = {}): Promise<Stores> {
  const { connectionString } = azurite;
  return openTableStores(
    { connectionString },
    { now: () => Date.now() + ahead, prefix: `mqttbridge${tests}`, ...options },
  );
}

async function committed(...args: Parameters<Stores['bridges']['commit']>): Promise<string> {
  const outcome = await calm.bridges.commit(...args);
  if (outcome.kind !== 'committed') throw new Error('the commit was in conflict');
  return outcome.tag;
}

/** The head, every document of which must be there. */
async function wholeHead(site = 'hall-1') {
  const head = await calm.bridges.readHead(site);
  const hashes = new Set(head?.entries.map(({ hash }) => hash));
  expect(new Set((await calm.bridges.readDocuments(site, [...hashes])).keys())).toEqual(hashes);
  return head;
}

const [ONE, TWO] = [{ a: 1 }, { a: 2 }];

test('tables - a process that ends between documents and head leaves the former state, and no garbage for ever', async () => {
  const tag = await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  const former = await wholeHead();
  const crash = async () => {
    throw new Error('the process ends here');
  };
  const { bridges } = await open({ client: before(headWrite, crash) });
  await expect(bridges.commit('hall-1', change(2, { 'line-1': TWO }), tag)).rejects.toThrow();
  expect(await wholeHead()).toEqual(former);
  expect((await calm.bridges.readDocuments('hall-1', [hashOf(TWO)])).size).toBe(1);
  ahead = 2 * HOUR_MS;
  expect(await calm.bridges.collectGarbage('hall-1')).toBe(1);
  expect((await calm.bridges.readDocuments('hall-1', [hashOf(TWO)])).size).toBe(0);
  expect(await wholeHead()).toEqual(former);
});

test('tables - a first commit that ends before its head leaves a site without definitions, which can still be made', async () => {
  const crash = async () => {
    throw new Error('the process ends here');
  };
  const { bridges } = await open({ client: before(headWrite, crash) });
  await expect(bridges.commit('hall-1', change(1, { 'line-1': ONE }), undefined)).rejects.toThrow();
  expect(await wholeHead()).toBeUndefined();
  await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  expect(await wholeHead()).toMatchObject({ generation: 1 });
});

test('tables - a commit whose answer is lost is known as committed by the one who made it', async () => {
  const first = await (await open({ client: loseAnswer(headWrite) })).bridges.commit(
    'hall-1',
    change(1, { 'line-1': ONE }),
    undefined,
  );
  expect(first).toEqual({ kind: 'committed', tag: (await wholeHead())?.tag });
  const { bridges } = await open({ client: loseAnswer(headWrite) });
  const second = await bridges.commit('hall-1', change(2, { 'line-1': TWO }), (await wholeHead())?.tag);
  expect(second).toEqual({ kind: 'committed', tag: (await wholeHead())?.tag });
});

test('tables - a grant whose answer is lost is known as created', async () => {
  await calm.grants.create('hall-2', {
    id: 'a',
    principal: { kind: 'key', sha256: '' },
    role: 'Bridge.Read',
    createdAt: NOON,
  });
  const { grants } = await open({ client: loseAnswer(method('POST')) });
  const grant = { id: 'a', principal: { kind: 'key', sha256: '' }, role: 'Bridge.Read', createdAt: NOON } as const;
  expect(await grants.create('hall-1', grant)).toBe(true);
  expect(await grants.create('hall-1', grant)).toBe(false);
});

test('tables - a commit to a site that is removed under way is in conflict', async () => {
  const tag = await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  const { bridges } = await open({ client: before(headWrite, () => calm.bridges.removeSite('hall-1')) });
  expect(await bridges.commit('hall-1', change(2, { 'line-1': TWO }), tag)).toEqual({ kind: 'conflict' });
  expect(await calm.bridges.readHead('hall-1')).toBeUndefined();
  expect(await calm.bridges.isRegistered('hall-1')).toBe(false);
});

test('tables - a site that is made and removed while another process makes it is in conflict there', async () => {
  const { bridges } = await open({
    client: before(headWrite, async () => {
      await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
      await calm.bridges.removeSite('hall-1');
    }),
  });
  expect(await bridges.commit('hall-1', change(1, { 'line-1': ONE }), undefined)).toEqual({ kind: 'conflict' });
  await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  expect(await wholeHead()).toMatchObject({ generation: 1 });
});

test.each([
  ['its registration', 'sites'],
  ['its documents', 'definitions'],
])('tables - a site that is made anew while the removal of %s is under way stays whole', async (_, table) => {
  await committed('hall-1', change(1, { 'line-1': ONE, 'line-2': TWO }), undefined);
  const again = async () => void (await committed('hall-1', change(1, { 'line-1': ONE }), undefined));
  const deletion = before((request) => method('DELETE')(request) && request.url.includes(table), again);
  await (await open({ client: deletion })).bridges.removeSite('hall-1');
  expect(await wholeHead()).toMatchObject({ generation: 1 });
  expect(await calm.bridges.isRegistered('hall-1')).toBe(true);
});

test('tables - a removal that ends half-way can be done again', async () => {
  await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  const crash = async () => {
    throw new Error('the process ends here');
  };
  await expect(
    (await open({ client: before(method('DELETE'), crash) })).bridges.removeSite('hall-1'),
  ).rejects.toThrow();
  expect(await calm.bridges.readHead('hall-1')).toBeUndefined();
  await calm.bridges.removeSite('hall-1');
  expect(await calm.bridges.isRegistered('hall-1')).toBe(false);
  expect((await calm.bridges.readDocuments('hall-1', [hashOf(ONE)])).size).toBe(0);
});

test('tables - a document that is named again while garbage is collected stays', async () => {
  const first = await committed('hall-1', change(1, { 'line-1': ONE, 'line-2': TWO }), undefined);
  const second = await committed('hall-1', change(2, { 'line-2': TWO }), first);
  ahead = 2 * HOUR_MS;
  const again = async () => void (await committed('hall-1', change(3, { 'line-1': ONE, 'line-2': TWO }), second));
  const { bridges } = await open({ client: before(method('DELETE'), again) });
  expect(await bridges.collectGarbage('hall-1')).toBe(0);
  expect(await wholeHead()).toMatchObject({ generation: 3 });
});

test('tables - garbage that is collected while a commit is about to name it is written again first', async () => {
  const first = await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  const second = await committed('hall-1', change(2, {}), first);
  const collect = async () => {
    ahead = 2 * HOUR_MS;
    expect(await calm.bridges.collectGarbage('hall-1')).toBe(1);
    ahead = 0;
  };
  const { bridges } = await open({ client: before(method('PUT'), collect) });
  expect(await bridges.commit('hall-1', change(3, { 'line-1': ONE }), second)).toMatchObject({ kind: 'committed' });
  expect(await wholeHead()).toMatchObject({ generation: 3 });
});

test('tables - a commit that takes so long that its documents might be collected gives up', async () => {
  const late = before(method('PUT'), async () => void (ahead = HOUR_MS));
  const { bridges } = await open({ client: late });
  const refused = { name: 'StoreError', code: 'unavailable' };
  await expect(bridges.commit('hall-1', change(1, { 'line-1': ONE }), undefined)).rejects.toMatchObject(refused);
  expect(await calm.bridges.readHead('hall-1')).toBeUndefined();
});

test('tables - what is too large is refused before anything is written, and the former state stays', async () => {
  const tag = await committed('hall-1', change(1, { 'line-1': ONE }), undefined);
  const former = await wholeHead();
  const counter = createOperationCounter();
  const { bridges, reports } = await open({ observe: counter.observe });
  const tooLarge = { name: 'StoreError', code: 'too-large' };
  const document = { noise: randomBytes(1_500_000).toString('base64') };
  await expect(bridges.commit('hall-1', change(2, { 'line-1': document }), tag)).rejects.toMatchObject(tooLarge);
  const lines = Array.from({ length: 20_000 }, (_, n) => [`line-${n}`, { n }] as const);
  const large = { ...change(2, Object.fromEntries(lines)), documents: new Map() };
  await expect(bridges.commit('hall-1', large, tag)).rejects.toMatchObject(tooLarge);
  const noisy = { ...report(), report: { ...report().report, version: randomBytes(1_500_000).toString('base64') } };
  await expect(reports.put('hall-1', noisy)).rejects.toMatchObject(tooLarge);
  expect(counter.total()).toBe(0);
  expect(await wholeHead()).toEqual(former);
});

test('tables - a service that is away is said to be, within the retries', async () => {
  const { client } = {
    client: before(
      () => false,
      async () => {},
    ),
  };
  const endpoint = `http://127.0.0.1:${await freePort()}/devstoreaccount1`;
  const away = azurite.connectionString.replace(azurite.endpoint, endpoint);
  const { bridges, reports } = await openTableStores({ connectionString: away }, { now: Date.now, client });
  const refused = { name: 'StoreError', code: 'unavailable', message: expect.stringContaining('no answer') };
  await expect(bridges.readHead('hall-1')).rejects.toMatchObject(refused);
  await expect(reports.put('hall-1', report())).rejects.toMatchObject(refused);
});

test('tables - a service that takes requests and never answers is said to be away in time', async (t) => {
  const silent = createServer(() => {});
  t.onTestFinished(() => {
    silent.close();
    silent.closeAllConnections();
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/devstoreaccount1`;
  const connectionString = azurite.connectionString.replace(azurite.endpoint, endpoint);
  const { bridges, health } = await openTableStores({ connectionString }, { now: Date.now, timeoutMs: 50 });
  const refused = { name: 'StoreError', code: 'unavailable' };
  await expect(bridges.readHead('hall-1')).rejects.toMatchObject(refused);
  await expect(bridges.commit('hall-1', change(1, { 'line-1': ONE }), undefined)).rejects.toMatchObject(refused);
  await expect(health.addEvents('hall-1', [event('a', 1), event('b', 2)])).rejects.toMatchObject(refused);
  await expect(health.listEvents('hall-1', { limit: 1 })).rejects.toMatchObject(refused);
});

test('tables - a refusal says which role is missing, and not the key', async () => {
  const key = randomBytes(32).toString('base64');
  const connectionString = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${key}`);
  const { bridges } = await openTableStores({ connectionString }, { now: Date.now });
  const refusal = await bridges.readHead('hall-1').then(
    () => undefined,
    (error: Error) => error,
  );
  expect(refusal).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('Storage Table Data Contributor'),
  });
  expect(refusal?.stack).not.toContain(key);
});

test('tables - twenty processes that find no table make it once and lose nothing', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => open()));
  await Promise.all(all.map(({ bridges }, n) => bridges.register(`hall-${n}`)));
  expect((await calm.bridges.listSites({ limit: 30 })).items).toHaveLength(20);
});

test('tables - two that prune at once leave neither an error nor an old event', async () => {
  const old = Array.from({ length: 150 }, (_, n) => event(`old-${n}`, -1 - n));
  await calm.health.addEvents('hall-1', [...old, event('new', 1)]);
  const other = async () => void (await calm.health.pruneEvents('hall-1', event('', -50).at));
  const { health } = await open({ client: before((request) => request.url.endsWith('$batch'), other) });
  expect(await health.pruneEvents('hall-1', NOON)).toBe(150);
  expect((await health.listEvents('hall-1', { limit: 9 })).items).toEqual([event('new', 1)]);
});

test('tables - a desired revision is read by one small answer where the site is large', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => [`line-${n}`, { n }] as const);
  const large = { ...change(1, Object.fromEntries(lines)), documents: new Map() };
  await committed('hall-1', large, undefined);
  const sizes: number[] = [];
  const { bridges } = await open({ client: watch((_, answer) => sizes.push(answer.length)) });
  expect(await bridges.readDesired('hall-1', 'line-299')).toBeDefined();
  const [desired] = sizes;
  await bridges.readHead('hall-1');
  expect(sizes).toEqual([desired, expect.any(Number)]);
  expect(desired).toBeLessThan(sizes[1] / 10);
});
