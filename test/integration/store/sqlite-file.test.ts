import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, type TestContext } from 'vitest';
import { createOperationCounter } from '../../../functions/store/counting.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import type { Stores } from '../../../functions/store/store.ts';
import { type Child, startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { change, event, report } from './samples.ts';

async function emptyFile(t: TestContext): Promise<string> {
  return join(await createTempDir(t, 'store'), 'store.sqlite');
}

function open(t: TestContext, file: string): Stores {
  const stores = openSqliteStores({ file, now: Date.now });
  t.onTestFinished(() => stores.close());
  return stores;
}

function startWriter(file: string, last: number, name = 'writer'): Promise<Child> {
  return startChild(process.execPath, [join(import.meta.dirname, 'sqlite-writer.ts'), file, String(last), name]);
}

const generations = (child: Child) => child.stdout().split('\n').filter(Boolean).map(Number);

/** Generation of the site, whose head and documents are those of one commit. */
async function wholeGeneration({ bridges }: Stores): Promise<number> {
  const head = await bridges.readHead('hall-1');
  const documents = await bridges.readDocuments('hall-1', head?.entries.map(({ hash }) => hash) ?? []);
  const { generation = 0 } = head ?? {};
  const written = [...documents.values()];
  expect(written.map((document) => document['generation'])).toEqual(Array<number>(generation ? 8 : 0).fill(generation));
  expect(new Set(written.map((document) => document['by'])).size).toBeLessThanOrEqual(1);
  expect(Object.keys(head?.desired ?? {})).toHaveLength(written.length);
  return generation;
}

test('sqlite file - nobody else may read it, nor its log and shared memory', async (t) => {
  const file = await emptyFile(t);
  await writeFile(file, '');
  await chmod(file, 0o644);
  const stores = open(t, file);
  await stores.bridges.register('hall-1');
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
});

test('sqlite file - a folder that is not there is made, for its owner alone', async (t) => {
  const folder = join(await createTempDir(t, 'store'), 'a', 'b');
  open(t, join(folder, 'store.sqlite'));
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('sqlite file - what was stored is there when it is opened again', async (t) => {
  const file = await emptyFile(t);
  const first = openSqliteStores({ file, now: Date.now });
  const committed = await first.bridges.commit('hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
  const { tag } = await first.reports.put('hall-1', report());
  await first.health.addEvents('hall-1', [event('a', 0)]);
  await first.close();
  const second = open(t, file);
  expect(committed).toEqual({ kind: 'committed', tag: (await second.bridges.readHead('hall-1'))?.tag });
  expect(await second.reports.put('hall-1', report({ sequence: 2, tag }))).toMatchObject({
    kind: 'stored',
    first: false,
  });
  expect((await second.health.listEvents('hall-1', { limit: 9 })).items).toEqual([event('a', 0)]);
});

test('sqlite file - one of a newer version is refused and left as it is', async (t) => {
  const file = await emptyFile(t);
  await openSqliteStores({ file, now: Date.now }).close();
  const raw = new DatabaseSync(file);
  raw.exec('INSERT INTO migrations (number) VALUES (999)');
  raw.close();
  const refused = { name: 'StoreError', code: 'newer-schema', message: expect.stringMatching(/schema 999.*newer/) };
  expect(() => open(t, file)).toThrow(expect.objectContaining(refused));
  expect(() => open(t, file)).toThrow(expect.objectContaining(refused));
});

test('sqlite file - what is no database, or no file, is refused', async (t) => {
  const folder = await createTempDir(t, 'store');
  const text = join(folder, 'text');
  await writeFile(text, 'not a database '.repeat(1000));
  const refused = expect.objectContaining({ name: 'StoreError', code: 'unavailable' });
  for (const file of [text, folder, join(text, 'below')]) expect(() => open(t, file)).toThrow(refused);
});

test('sqlite file - four processes that make the same file at once lose no commit among them', async (t) => {
  const file = await emptyFile(t);
  const writers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => startWriter(file, 200, name)));
  t.onTestFinished(async () => void (await Promise.all(writers.map((writer) => writer.end('SIGKILL')))));
  const exits = await Promise.all(writers.map((writer) => writer.exit));
  expect(exits.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const all = writers.flatMap(generations).sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  expect(await wholeGeneration(open(t, file))).toBe(200);
});

test('sqlite file - a writer that is killed, again and again, leaves whole commits and none that it had told of is lost', async (t) => {
  const file = await emptyFile(t);
  let told = 0;
  for (let kill = 1; kill <= 6; kill++) {
    const writer = await startWriter(file, 1_000_000);
    t.onTestFinished(async () => void (await writer.end('SIGKILL')));
    // Not all at the same place: after a few commits, each time a few more.
    await eventually(() => generations(writer).length >= kill * 3);
    await writer.end('SIGKILL');
    const stores = openSqliteStores({ file, now: Date.now });
    told = Math.max(told, ...generations(writer));
    expect(await wholeGeneration(stores)).toBeGreaterThanOrEqual(told);
    await stores.close();
    const raw = new DatabaseSync(file);
    expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    raw.close();
  }
});

test('sqlite file - a commit that fails half-way leaves the former state, and the store usable', async (t) => {
  const { bridges } = open(t, await emptyFile(t));
  const first = await bridges.commit('hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
  if (first.kind !== 'committed') throw new Error('conflict');
  const before = await bridges.readHead('hall-1');
  const broken = change(2, { 'line-1': { a: 2 }, '': { name: 'cannot be kept' } });
  await expect(bridges.commit('hall-1', broken, first.tag)).rejects.toMatchObject({ code: 'bad-name' });
  expect(await bridges.readHead('hall-1')).toEqual(before);
  expect(await bridges.readDesired('hall-1', 'line-1')).toEqual(before?.desired['line-1']);
  const next = await bridges.commit('hall-1', change(2, { 'line-1': { a: 2 } }), first.tag);
  expect(next.kind).toBe('committed');
});

test('sqlite file - who waits for the lock of another process in vain is told so, and works again when it is free', async (t) => {
  const file = await emptyFile(t);
  const stores = openSqliteStores({ file, now: Date.now, busyTimeoutMs: 10 });
  t.onTestFinished(() => stores.close());
  const other = new DatabaseSync(file);
  t.onTestFinished(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const refused = { name: 'StoreError', code: 'unavailable', message: expect.stringContaining('locked') };
  await expect(stores.bridges.commit('hall-1', change(1, {}), undefined)).rejects.toMatchObject(refused);
  await expect(stores.reports.put('hall-1', report())).rejects.toMatchObject(refused);
  expect(await stores.bridges.readHead('hall-1')).toBeUndefined();
  other.exec('ROLLBACK');
  expect(await stores.bridges.commit('hall-1', change(1, {}), undefined)).toMatchObject({ kind: 'committed' });
});

test('sqlite file - one that is damaged under way is said to be unavailable', async (t) => {
  const file = await emptyFile(t);
  const { grants } = open(t, file);
  const other = new DatabaseSync(file);
  other.exec('DROP TABLE grants');
  other.close();
  const refused = { name: 'StoreError', code: 'unavailable' };
  await expect(grants.list('hall-1')).rejects.toMatchObject(refused);
});

test('sqlite file - a statement or a transaction is one operation', async (t) => {
  const counter = createOperationCounter();
  const stores = openSqliteStores({ file: await emptyFile(t), now: Date.now, observe: counter.observe });
  t.onTestFinished(() => stores.close());
  await stores.bridges.commit('hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
  const { tag } = await stores.reports.put('hall-1', report());
  expect(counter.byKind()).toEqual({ 'bridges.transaction': 1, 'reports.transaction': 1 });
  counter.reset();
  await stores.bridges.readDesired('hall-1', 'line-1');
  await stores.reports.put('hall-1', report({ sequence: 2, tag }));
  expect(counter.byKind()).toEqual({ 'bridges.read': 1, 'reports.write': 1 });
  expect(counter.total()).toBe(2);
});
