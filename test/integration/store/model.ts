import { fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { HealthEvent } from '../../../shared/api/health.ts';
import type { SiteChange, StoredReport, Stores } from '../../../functions/store/store.ts';
import { isSuperseded } from '../../../functions/store/superseded.ts';
import { change, event, NOON, report } from './samples.ts';

/** What stores are to be like, as plain maps. */
interface Model {
  readonly heads: Map<string, { readonly tag: string; readonly change: SiteChange }>;
  readonly sites: Set<string>;
  readonly reports: Map<string, { readonly tag: string; readonly report: StoredReport }>;
  readonly events: Map<string, HealthEvent>;
  readonly health: Map<string, { readonly tag: string; readonly n: number }>;
  /** Every tag there ever was. */
  readonly tags: string[];
}

/** One step: does something with the stores and with the model, and compares what came of it. */
export interface Step {
  readonly text: string;
  run(stores: Stores, model: Model): Promise<void>;
}

const site = fc.constantFrom('a', 'b', 'hall-1');
/** Which tag to bring: the current one, none, or one of all there were. */
const chosen = fc.oneof(
  { weight: 4, arbitrary: fc.constant('current' as const) },
  fc.constant('none' as const),
  fc.nat(1000),
);
type Chosen = 'current' | 'none' | number;

function tagOf(choice: Chosen, current: string | undefined, model: Model): string | undefined {
  if (choice === 'current') return current;
  return choice === 'none' ? undefined : model.tags[choice % Math.max(model.tags.length, 1)];
}

const commit = fc.record({ site, choice: chosen, lines: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.nat(3)) }).map(
  ({ site, choice, lines }): Step => ({
    text: `commit ${site} ${choice} ${JSON.stringify(lines)}`,
    async run(stores, model) {
      const current = model.heads.get(site);
      const expected = tagOf(choice, current?.tag, model);
      const documents = Object.fromEntries(Object.entries(lines).map(([name, n]) => [name, { n }]));
      const next = change((current?.change.generation ?? 0) + 1, documents);
      const outcome = await stores.bridges.commit(site, next, expected);
      expect(outcome.kind).toBe(expected === current?.tag ? 'committed' : 'conflict');
      if (outcome.kind === 'conflict') return;
      expect(model.tags).not.toContain(outcome.tag);
      model.tags.push(outcome.tag);
      model.heads.set(site, { tag: outcome.tag, change: next });
      model.sites.add(site);
    },
  }),
);

const removal = site.map(
  (site): Step => ({
    text: `remove ${site}`,
    async run(stores, model) {
      await stores.bridges.removeSite(site);
      await stores.reports.removeSite(site);
      await stores.health.removeSite(site);
      model.heads.delete(site);
      model.sites.delete(site);
      model.health.delete(site);
      for (const of of [model.reports, model.events]) {
        for (const key of of.keys()) if (key.startsWith(`${site}/`)) of.delete(key);
      }
    },
  }),
);

const registration = site.map(
  (site): Step => ({
    text: `register ${site}`,
    async run(stores, model) {
      await stores.bridges.register(site);
      model.sites.add(site);
    },
  }),
);

const RUNS = [
  { run: '00000000-0000-4000-8000-00000000000a', startedAt: '2026-11-23T10:00:00Z' },
  { run: '00000000-0000-4000-8000-00000000000b', startedAt: '2026-11-23T11:00:00Z' },
];

const put = fc
  .record({ site, choice: chosen, run: fc.nat(1), sequence: fc.integer({ min: 1, max: 6 }), seconds: fc.nat(200) })
  .map(
    ({ site, choice, run, sequence, seconds }): Step => ({
      text: `report ${site} ${choice} run ${run} sequence ${sequence} after ${seconds} s`,
      async run(stores, model) {
        const key = `${site}/line-1/0`;
        const current = model.reports.get(key);
        const tag = tagOf(choice, current?.tag, model);
        const receivedAt = new Date(Date.parse(NOON) + seconds * 1000).toISOString();
        const incoming = report({ ...RUNS[run], sequence, receivedAt, tag });
        const outcome = await stores.reports.put(site, incoming);
        if (current && tag !== current.tag && isSuperseded(incoming, current.report)) {
          expect(outcome).toEqual({ kind: 'superseded', tag: current.tag });
          return;
        }
        expect(outcome).toMatchObject({ kind: 'stored', first: current === undefined });
        model.tags.push(outcome.tag);
        model.reports.set(key, { tag: outcome.tag, report: incoming });
      },
    }),
  );

const forgetting = site.map(
  (site): Step => ({
    text: `forget agents of ${site}`,
    async run(stores, model) {
      await stores.reports.remove(site, 'line-1');
      model.reports.delete(`${site}/line-1/0`);
    },
  }),
);

const judgement = fc.record({ site, choice: chosen, n: fc.nat(99) }).map(
  ({ site, choice, n }): Step => ({
    text: `judge ${site} ${choice} ${n}`,
    async run(stores, model) {
      const current = model.health.get(site);
      const expected = tagOf(choice, current?.tag, model);
      const written = await stores.health.write(site, { n }, expected);
      expect(written).toBe(expected === current?.tag);
      const stored = await stores.health.read(site);
      expect(stored?.state).toEqual(written ? { n } : current && { n: current.n });
      if (written && stored) model.health.set(site, { tag: stored.tag, n });
      if (written && stored) model.tags.push(stored.tag);
    },
  }),
);

const additions = fc
  .record({ site, ids: fc.array(fc.tuple(fc.constantFrom('p', 'q'), fc.nat(9)), { maxLength: 6 }) })
  .map(
    ({ site, ids }): Step => ({
      text: `events ${site} ${ids.join(' ')}`,
      async run(stores, model) {
        const events = ids.map(([id, after]) => event(id, after, `line-${after % 2}`));
        await stores.health.addEvents(site, events);
        for (const each of events) model.events.set(`${site}/${each.at}/${each.id}`, each);
      },
    }),
  );

const pruning = fc.record({ site, after: fc.nat(10) }).map(
  ({ site, after }): Step => ({
    text: `prune ${site} ${after}`,
    async run(stores, model) {
      const { at } = event('', after);
      const old = [...model.events].filter(([key, each]) => key.startsWith(`${site}/`) && each.at < at);
      expect(await stores.health.pruneEvents(site, at)).toBe(old.length);
      for (const [key] of old) model.events.delete(key);
    },
  }),
);

/** Any steps. */
export const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: commit },
    { weight: 4, arbitrary: put },
    { weight: 2, arbitrary: judgement },
    { weight: 2, arbitrary: additions },
    pruning,
    registration,
    removal,
    forgetting,
  ),
  { maxLength: 25 },
);

/** Takes the steps one after the other, and compares all that is stored with the model at the end. */
export async function followModel(stores: Stores, steps: readonly Step[]): Promise<void> {
  const model: Model = {
    heads: new Map(),
    sites: new Set(),
    reports: new Map(),
    events: new Map(),
    health: new Map(),
    tags: [],
  };
  for (const step of steps) await step.run(stores, model);
  expect((await stores.bridges.listSites({ limit: 10 })).items).toEqual([...model.sites].sort());
  for (const site of ['a', 'b', 'hall-1']) await compareSite(stores, model, site);
}

async function compareSite({ bridges, reports, health }: Stores, model: Model, site: string): Promise<void> {
  const head = model.heads.get(site);
  const { documents = new Map(), ...rest } = head?.change ?? {};
  expect(await bridges.readHead(site)).toEqual(head && { site, tag: head.tag, ...rest });
  expect(await bridges.readDocuments(site, [...documents.keys()])).toEqual(documents);
  expect(await bridges.readDesired(site, 'x')).toEqual(head?.change.desired['x']);
  const report = model.reports.get(`${site}/line-1/0`)?.report;
  expect(await reports.list(site)).toEqual(report ? [report] : []);
  const events = [...model.events].filter(([key]) => key.startsWith(`${site}/`)).map(([, each]) => each);
  events.sort((a, b) => b.at.localeCompare(a.at) || a.id.localeCompare(b.id));
  expect((await health.listEvents(site, { limit: 100 })).items).toEqual(events);
  const ofLine = events.filter(({ connector }) => connector === 'line-1');
  expect((await health.listEvents(site, { limit: 100, connector: 'line-1' })).items).toEqual(ofLine);
}
