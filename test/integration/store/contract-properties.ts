import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../functions/store/store-error.ts';
import type { Stores } from '../../../functions/store/store.ts';
import type { OpenEmpty } from './contract.ts';
import { followModel, steps } from './model.ts';
import { change, event, NOON, report } from './samples.ts';

/** Properties of all stores; `runs`: how many examples to try. */
export function describeProperties(open: OpenEmpty, runs: number): void {
  describe('properties', () => {
    test('whatever is done, in whatever order, the store is like the model', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (each) => followModel((await open()).stores, each)),
        { numRuns: runs },
      );
    });

    test('no name breaks a key or a filter: it has what was stored under it and nothing else, or is refused', async () => {
      const { stores } = await open();
      await fillSite(stores, 'hall-1');
      const before = await everythingOf(stores, 'hall-1');
      const seen = new Set(['hall-1']);
      await fc.assert(
        fc.asyncProperty(hostile, async (name) => {
          fc.pre(!seen.has(name));
          seen.add(name);
          await expectOwnPlace(stores, name);
          expect(await everythingOf(stores, 'hall-1')).toEqual(before);
        }),
        { numRuns: runs },
      );
    });
  });
}

const QUOTED = [
  "' or PartitionKey ne '",
  "hall-1' or '1' eq '1",
  "'",
  "''",
  '%27',
  '$filter=true',
  '; DROP TABLE heads',
  '--',
];
const PLACED = ['/', '\\', '#', '?', '..', '.', 'hall-1/', 'hall-1#', 'HALL-1', 'hall-1 ', '*'];
const hostile = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...QUOTED, ...PLACED) },
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  fc.stringMatching(/^[/\\#?%'"&=+;~_$.() ]{1,40}$/),
  fc.constantFrom('\ud800', '', 'x'.repeat(1024), 'x'.repeat(1025), '\u0000', '\u009f', '__proto__', 'constructor'),
);

async function fillSite({ bridges, reports, health, grants }: Stores, name: string): Promise<void> {
  await bridges.commit(name, change(1, { [name]: { name } }), undefined);
  await reports.put(name, report({ connector: name }));
  await health.write(name, { name }, undefined);
  await health.addEvents(name, [event(name, 0, name)]);
  await grants.create(name, {
    id: name,
    principal: { kind: 'entra', objectId: name },
    role: 'Bridge.Read',
    createdAt: NOON,
  });
}

async function everythingOf({ bridges, reports, health, grants }: Stores, name: string) {
  const head = await bridges.readHead(name);
  return {
    head,
    desired: await bridges.readDesired(name, name),
    documents: await bridges.readDocuments(name, head?.entries.map(({ hash }) => hash) ?? []),
    registered: await bridges.isRegistered(name),
    reports: await reports.list(name),
    health: (await health.read(name))?.state,
    events: (await health.listEvents(name, { limit: 10, connector: name })).items,
    grants: [await grants.read(name, name), ...(await grants.list(name))],
  };
}

/** Fills a site of this name, finds exactly that, removes it, and finds nothing. */
async function expectOwnPlace(stores: Stores, name: string): Promise<void> {
  try {
    await fillSite(stores, name);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'bad-name') return;
    throw error;
  }
  const found = await everythingOf(stores, name);
  expect(found.head?.entries.map((entry) => entry.name)).toEqual([name]);
  expect(found.desired).toEqual(found.head?.desired[name]);
  expect([...found.documents.values()]).toEqual([{ name }]);
  expect(found.reports).toEqual([report({ connector: name })]);
  expect(found.events).toEqual([event(name, 0, name)]);
  expect(found.grants.map((grant) => grant?.id)).toEqual([name, name]);
  await stores.reports.remove(name, name);
  await Promise.all([stores.bridges, stores.health, stores.grants].map((store) => store.removeSite(name)));
  const nothing = { documents: new Map(), registered: false, reports: [], events: [], grants: [undefined] };
  expect(await everythingOf(stores, name)).toEqual(nothing);
}
