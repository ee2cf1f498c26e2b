import { describe, expect, test } from 'vitest';
import type { BridgeStore } from '../../../functions/store/store.ts';
import type { OpenEmpty } from './contract.ts';
import { change, hashOf } from './samples.ts';

const HOUR_MS = 3_600_000;

/** The contract of definitions. */
export function describeBridges(open: OpenEmpty): void {
  describe('definitions', () => {
    describeCommits(open);
    describeConflicts(open);
    describeSizes(open);
    describeRegister(open);
    describeGarbage(open);
    describeRemoval(open);
  });
}

async function committed(bridges: BridgeStore, ...[site, next, expected]: Parameters<BridgeStore['commit']>) {
  const outcome = await bridges.commit(site, next, expected);
  if (outcome.kind !== 'committed') throw new Error('the commit was in conflict');
  return outcome.tag;
}

function describeCommits(open: OpenEmpty): void {
  test('a site without definitions has no head, no desired revision and no documents', async () => {
    const { bridges } = (await open()).stores;
    expect(await bridges.readHead('hall-1')).toBeUndefined();
    expect(await bridges.readDesired('hall-1', 'line-1')).toBeUndefined();
    expect(await bridges.readDocuments('hall-1', [hashOf({})])).toEqual(new Map());
    expect(await bridges.isRegistered('hall-1')).toBe(false);
  });

  test('what was committed is what is read, to the letter', async () => {
    const { bridges } = (await open()).stores;
    const document = { text: 'ä\u0000"\\\u2028 😀', deep: [{ a: [null, 1.5, true] }], ['__proto__x']: '' };
    const first = change(1, { 'line-1': document, 'line-2': { b: 2 } });
    const tag = await committed(bridges, 'hall-1', first, undefined);
    const { documents, ...rest } = first;
    expect(await bridges.readHead('hall-1')).toEqual({ site: 'hall-1', tag, ...rest });
    expect(await bridges.readDesired('hall-1', 'line-2')).toEqual(first.desired['line-2']);
    expect(await bridges.readDesired('hall-1', 'line-3')).toBeUndefined();
    expect(await bridges.readDocuments('hall-1', [...documents.keys(), hashOf({ other: 1 })])).toEqual(documents);
  });

  test('a commit replaces the whole head, and needs only the documents that are new', async () => {
    const { bridges } = (await open()).stores;
    const before = change(1, { 'line-1': { a: 1 }, 'line-2': { b: 1 } });
    const tag = await committed(bridges, 'hall-1', before, undefined);
    const after = change(2, { 'line-1': { a: 1 }, 'line-3': { c: 1 } });
    const fresh = new Map([[hashOf({ c: 1 }), { c: 1 }]]);
    const next = await committed(bridges, 'hall-1', { ...after, documents: fresh }, tag);
    expect(next).not.toBe(tag);
    const head = await bridges.readHead('hall-1');
    expect(head).toMatchObject({ generation: 2, tag: next, entries: after.entries, desired: after.desired });
    expect(await bridges.readDesired('hall-1', 'line-2')).toBeUndefined();
    expect(await bridges.readDocuments('hall-1', [hashOf({ a: 1 }), hashOf({ c: 1 })])).toEqual(after.documents);
  });

  test('a site can be left without any resource', async () => {
    const { bridges } = (await open()).stores;
    const tag = await committed(bridges, 'hall-1', change(1, { 'line-1': {} }), undefined);
    await committed(bridges, 'hall-1', change(2, {}), tag);
    expect(await bridges.readHead('hall-1')).toMatchObject({ generation: 2, entries: [], desired: {} });
  });
}

function describeConflicts(open: OpenEmpty): void {
  test.each([
    ['there is a head and none is expected', async () => undefined],
    ['a former head is expected', async (tags: readonly string[]) => tags[0]],
    ['a tag is expected that never was', async () => 'forged'],
    ['any tag is expected', async () => '*'],
    ['a tag is expected that would break a header', async () => 'W/"x\r\nIf-Match: *"'],
  ])('a commit is in conflict and changes nothing when %s', async (_, expectedOf) => {
    const { bridges } = (await open()).stores;
    const first = await committed(bridges, 'hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
    const second = await committed(bridges, 'hall-1', change(2, { 'line-1': { a: 2 } }), first);
    const before = await bridges.readHead('hall-1');
    const expected = await expectedOf([first, second]);
    const outcome = await bridges.commit('hall-1', change(3, { 'line-9': { z: 1 } }), expected);
    expect(outcome).toEqual({ kind: 'conflict' });
    expect(await bridges.readHead('hall-1')).toEqual(before);
  });

  test('a commit to a site that is not there is in conflict when a head is expected', async () => {
    const { bridges } = (await open()).stores;
    const tag = await committed(bridges, 'hall-1', change(1, { 'line-1': {} }), undefined);
    expect(await bridges.commit('hall-2', change(1, { 'line-1': {} }), tag)).toEqual({ kind: 'conflict' });
    expect(await bridges.readHead('hall-2')).toBeUndefined();
  });

  test('of twenty commits at once that expect the same head exactly one wins, and its head is whole', async () => {
    const { bridges } = (await open()).stores;
    const tag = await committed(bridges, 'hall-1', change(1, { 'line-1': { by: 'nobody' } }), undefined);
    for (const expected of [tag, undefined]) {
      const site = expected === undefined ? 'hall-2' : 'hall-1';
      const changes = Array.from({ length: 20 }, (_, by) => change(2, { 'line-1': { by }, 'line-2': { by, of: 20 } }));
      const outcomes = await Promise.all(changes.map((next) => bridges.commit(site, next, expected)));
      const winners = changes.filter((_, index) => outcomes[index].kind === 'committed');
      expect(winners).toHaveLength(1);
      const head = await bridges.readHead(site);
      expect(head?.entries).toEqual(winners[0].entries);
      const hashes = winners[0].entries.map(({ hash }) => hash);
      expect(await bridges.readDocuments(site, hashes)).toEqual(winners[0].documents);
    }
  });
}

function describeSizes(open: OpenEmpty): void {
  test('the list of a thousand resources with the longest names there can be is kept', async () => {
    const { bridges } = (await open()).stores;
    const name = (n: number) =>
      [0, 1, 2, 3]
        .map((part) => hashOf({ n, part }).slice(1))
        .join('.')
        .slice(0, 253);
    const whole = change(1, Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [name(n), { n }])));
    await committed(bridges, 'hall-1', { ...whole, documents: new Map() }, undefined);
    const head = await bridges.readHead('hall-1');
    expect(head?.entries).toEqual(whole.entries);
    expect(head?.desired).toEqual(whole.desired);
  });

  test('a site of many resources and documents of a megabyte are kept', async () => {
    const { bridges } = (await open()).stores;
    const text = 'sensors/+/temperature ü '.repeat(40_000);
    const documents = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`line-${n}`, { n }]));
    const whole = change(1, { ...documents, large: { text } });
    await committed(bridges, 'hall-1', whole, undefined);
    expect((await bridges.readHead('hall-1'))?.entries).toEqual(whole.entries);
    expect(await bridges.readDesired('hall-1', 'line-49')).toEqual(whole.desired['line-49']);
    expect(await bridges.readDocuments('hall-1', [...whole.documents.keys()])).toEqual(whole.documents);
  });
}

function describeRegister(open: OpenEmpty): void {
  test('sites with a definition or a registration are listed once, in ascending order, page by page', async () => {
    const { bridges } = (await open()).stores;
    await bridges.register('c');
    await bridges.register('a');
    await bridges.register('a');
    await committed(bridges, 'b', change(1, {}), undefined);
    await bridges.register('b');
    expect(await bridges.listSites({ limit: 10 })).toEqual({ items: ['a', 'b', 'c'] });
    expect(await bridges.listSites({ limit: 3 })).toEqual({ items: ['a', 'b', 'c'] });
    const first = await bridges.listSites({ limit: 2 });
    expect(first.items).toEqual(['a', 'b']);
    expect(await bridges.listSites({ limit: 2, continue: first.continue ?? '' })).toEqual({ items: ['c'] });
    expect(await Promise.all(['a', 'b', 'd'].map((site) => bridges.isRegistered(site)))).toEqual([true, true, false]);
  });

  test.each(['', '!', 'bm9wZSE', "' or PartitionKey ne '", 'W10', 'x'.repeat(5000)])(
    'a forged continue is refused: %.30s',
    async (token) => {
      const { bridges, health } = (await open()).stores;
      const refused = { name: 'StoreError', code: 'bad-continue' };
      await expect(bridges.listSites({ limit: 2, continue: token })).rejects.toMatchObject(refused);
      await expect(health.listEvents('hall-1', { limit: 2, continue: token })).rejects.toMatchObject(refused);
    },
  );
}

function describeGarbage(open: OpenEmpty): void {
  test('documents are collected when no head has named them for an hour, and not before', async () => {
    const { stores, advance } = await open();
    const { bridges } = stores;
    const [kept, dropped] = [{ a: 1 }, { b: 1 }];
    const both = [hashOf(kept), hashOf(dropped)];
    const first = await committed(bridges, 'hall-1', change(1, { 'line-1': kept, 'line-2': dropped }), undefined);
    await committed(bridges, 'other', change(1, { 'line-2': dropped }), undefined);
    advance(2 * HOUR_MS);
    expect(await bridges.collectGarbage('hall-1')).toBe(0);
    await committed(bridges, 'hall-1', change(2, { 'line-1': kept }), first);
    expect((await bridges.readDocuments('hall-1', both)).size).toBe(2);
    advance(2 * HOUR_MS);
    expect(await bridges.collectGarbage('hall-1')).toBe(1);
    expect([...(await bridges.readDocuments('hall-1', both)).keys()]).toEqual([hashOf(kept)]);
    expect(await bridges.readDocuments('other', both)).toEqual(new Map([[hashOf(dropped), dropped]]));
    expect(await bridges.collectGarbage('hall-1')).toBe(0);
  });

  test('a document that is named again is not collected', async () => {
    const { stores, advance } = await open();
    const { bridges } = stores;
    const first = await committed(bridges, 'hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
    const second = await committed(bridges, 'hall-1', change(2, {}), first);
    await committed(bridges, 'hall-1', change(3, { 'line-1': { a: 1 } }), second);
    advance(2 * HOUR_MS);
    expect(await bridges.collectGarbage('hall-1')).toBe(0);
    expect((await bridges.readDocuments('hall-1', [hashOf({ a: 1 })])).size).toBe(1);
  });

  test('there is no garbage where there is no site', async () => {
    const { bridges } = (await open()).stores;
    expect(await bridges.collectGarbage('hall-1')).toBe(0);
  });
}

function describeRemoval(open: OpenEmpty): void {
  test('a removed site leaves nothing behind, and others alone', async () => {
    const { bridges } = (await open()).stores;
    const documents = { 'line-1': { a: 1 } };
    for (const site of ['hall-1', 'hall-2']) await committed(bridges, site, change(1, documents), undefined);
    await bridges.removeSite('hall-1');
    await bridges.removeSite('hall-1');
    expect(await bridges.readHead('hall-1')).toBeUndefined();
    expect(await bridges.readDesired('hall-1', 'line-1')).toBeUndefined();
    expect((await bridges.readDocuments('hall-1', [hashOf({ a: 1 })])).size).toBe(0);
    expect(await bridges.listSites({ limit: 10 })).toEqual({ items: ['hall-2'] });
    expect(await bridges.readHead('hall-2')).toMatchObject({ generation: 1 });
    expect((await bridges.readDocuments('hall-2', [hashOf({ a: 1 })])).size).toBe(1);
  });

  test('a removed site can be made anew, and no tag of its former life is good for anything', async () => {
    const { bridges } = (await open()).stores;
    const former = await committed(bridges, 'hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
    await bridges.removeSite('hall-1');
    expect(await bridges.commit('hall-1', change(2, {}), former)).toEqual({ kind: 'conflict' });
    const next = await committed(bridges, 'hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
    expect(next).not.toBe(former);
    expect(await bridges.commit('hall-1', change(2, {}), former)).toEqual({ kind: 'conflict' });
    expect(await bridges.listSites({ limit: 10 })).toEqual({ items: ['hall-1'] });
    expect((await bridges.readDocuments('hall-1', [hashOf({ a: 1 })])).size).toBe(1);
  });

  test('a site that was only registered can be removed', async () => {
    const { bridges } = (await open()).stores;
    await bridges.register('hall-1');
    await bridges.removeSite('hall-1');
    expect(await bridges.isRegistered('hall-1')).toBe(false);
  });
}
