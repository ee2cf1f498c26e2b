import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../../../functions/http/changes.ts';
import {
  draftChange,
  type Draft,
  type ResourceId,
  siteState,
  type SiteState,
} from '../../../../functions/http/site-state.ts';
import type { JsonObject, SiteChange } from '../../../../functions/store/store.ts';
import { loadResources } from '../../../../shared/config/load.ts';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { connectorResource, type SentResource, topicMapResource } from '../../../support/resources.ts';

const EMPTY: SiteState = { head: undefined, resources: new Map() };

/** A small world, so that changes meet each other. */
const names = fc.constantFrom('a', 'b', 'c');
const resource = fc.oneof(
  fc.tuple(names, fc.integer({ min: 0, max: 18 })).map(([name, maxHops]) => connectorResource(name, { maxHops })),
  fc
    .tuple(names, names, fc.constantFrom('x/#', 'y/+', 'z/#/bad'))
    .map(([name, to, source]) => topicMapResource(name, to, source)),
);
const id = fc.record({ kind: fc.constantFrom('MqttBridgeConnector', 'MqttBridgeTopicMap'), name: names });
const step = fc.record({
  put: fc.array(resource, { maxLength: 4 }),
  remove: fc.array(id as fc.Arbitrary<ResourceId>, { maxLength: 1 }),
});
const steps = fc.array(step, { minLength: 1, maxLength: 8 });

function draft(state: SiteState, put: readonly SentResource[], remove: readonly ResourceId[] = []): Draft {
  return draftChange(
    state,
    { put: loadResources([{ name: 'body', text: JSON.stringify({ kind: 'List', items: put }) }]), remove },
    0,
  );
}

/** What a store makes of a change. */
function committed(change: SiteChange, documents: Map<string, JsonObject>): SiteState {
  for (const [hash, document] of change.documents) documents.set(hash, document);
  return siteState({ site: 'plant', tag: String(change.generation), ...change }, documents);
}

/** Runs steps and shows each to the test. */
function play(
  all: readonly { put: SentResource[]; remove: ResourceId[] }[],
  see: (before: SiteState, draft: Draft, after: SiteState) => void,
): SiteState {
  const documents = new Map<string, JsonObject>();
  let state = EMPTY;
  for (const { put, remove } of all) {
    const made = draft(state, put, remove);
    const next = made.change === undefined ? state : committed(made.change, documents);
    see(state, made, next);
    state = next;
  }
  return state;
}

describe('a site', () => {
  it('is valid after every change, and has a desired revision for each connector and no other', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const state = play(all, () => undefined);
        const texts = [...state.resources].map(([name, { document }]) => ({ name, text: JSON.stringify(document) }));
        const { problems, connectors } = validateConfig(texts);
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        const wanted = connectors.map(({ connector, revision }) => [
          connector.metadata.name,
          { revision, instances: connector.spec.bridgeInstances },
        ]);
        expect(state.head?.desired ?? {}).toEqual(Object.fromEntries(wanted));
      }),
    );
  });

  it('changes only where a document differs, and each change makes one new generation', () => {
    fc.assert(
      fc.property(steps, (all) => {
        play(all, (before, made, after) => {
          const generation = before.head?.generation ?? 0;
          expect(after.head?.generation ?? 0).toBe(made.change === undefined ? generation : generation + 1);
          for (const [key, { entry }] of after.resources) {
            const old = before.resources.get(key)?.entry;
            if (old?.hash === entry.hash) expect(entry).toEqual(old);
            else expect(entry.version).toBe(generation + 1);
          }
        });
      }),
    );
  });

  it('is left alone by what is sent again', () => {
    fc.assert(
      fc.property(steps, (all) => {
        play(all, (_before, { valid }, after) => {
          if (!valid) return;
          const again = draft(
            after,
            [...after.resources.values()].map(({ document }) => document as never as SentResource),
          );
          expect(again.change).toBeUndefined();
          expect(again.results.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
        });
      }),
    );
  });

  it('says of the revision of a connector that it is new exactly when what it runs is', () => {
    const one = connectorResource('one');
    const state = committed(draft(EMPTY, [one, topicMapResource('m', 'one')]).change as SiteChange, new Map());
    const revision = state.head?.desired.one?.revision;
    const labelled = { ...one, metadata: { name: 'one', labels: { a: 'b' } } };
    expect(draft(state, [labelled]).change?.desired.one?.revision).toBe(revision);
    expect(draft(state, [topicMapResource('m', 'one', 'q/#')]).change?.desired.one?.revision).not.toBe(revision);
  });
});

it('a head whose document is lost is a defect, not an empty site', () => {
  const entry = { kind: 'MqttBridgeConnector', name: 'a', version: 1, hash: 'h', updatedAt: '' } as const;
  const head = { site: 's', generation: 1, tag: 't', entries: [entry], desired: {} };
  expect(() => siteState(head, new Map())).toThrow('MqttBridgeConnector/a');
});

describe('changesBetween', () => {
  it('finds nothing between equal values, and something between others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(changesBetween(a, structuredClone(a))).toEqual([]);
        const same = JSON.stringify(changesBetween(a, b)) === '[]';
        expect(same).toBe(JSON.stringify(sortedKeys(a)) === JSON.stringify(sortedKeys(b)));
      }),
    );
  });

  it.each([
    [{ a: 1 }, { a: 2 }, [{ path: 'a', before: 1, after: 2 }]],
    [
      { a: [1, { b: 2 }] },
      { a: [1, { b: 3 }, 4] },
      [
        { path: 'a[1].b', before: 2, after: 3 },
        { path: 'a[2]', after: 4 },
      ],
    ],
    [{ a: {} }, { a: [] }, [{ path: 'a', before: {}, after: [] }]],
    [{ a: null }, {}, [{ path: 'a', before: null }]],
  ])('%j to %j', (before, after, changes) => {
    expect(changesBetween(before, after)).toEqual(changes);
  });
});

function sortedKeys(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : value;
  if (Array.isArray(value)) return value.map(sortedKeys);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
