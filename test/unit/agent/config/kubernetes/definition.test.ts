import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { concerns, definitionOf, loadObjects } from '../../../../../agent/config/kubernetes/definition.ts';
import { judgeDocument } from '../../../../../agent/config/remote/document.ts';
import type { StoredObject } from '../../../../../kubernetes/object.ts';
import { resourcesOf } from '../../../../../shared/config/objects.ts';
import { validateLoaded } from '../../../../../shared/config/validate.ts';
import { type Added, storedConnector, storedMap } from './objects.ts';

const ADDED: fc.Arbitrary<Added> = fc.record({
  uid: fc.constantFrom('a', 'b'),
  generation: fc.nat(3),
  resourceVersion: fc.stringMatching(/^\d{1,4}$/),
  status: fc.constantFrom({}, { observedGeneration: 3 }),
});
/** Names and sources of topic maps, each name once. */
const MAPS = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('x/#', 'y/#', 'z/+')), {
  selector: ([name]) => name,
});

describe('the definition of a connector', () => {
  test.prop([MAPS, ADDED, ADDED, fc.integer()])(
    'is the same whatever the API server adds, and in whatever order it tells',
    (maps, first, second, seed) => {
      const define = (added: Added, order: typeof maps) =>
        definitionOf(
          storedConnector(added),
          order.map(([name, source]) => storedMap(name, source, added)),
        );
      const turned = maps.toSorted(([a], [b]) => (a < b ? 1 : -1) * (seed % 2 === 0 ? 1 : -1));
      const [one, other] = [define(first, maps), define(second, turned)];
      expect(other.revision).toBe(one.revision);
      expect(other.resources).toEqual(one.resources);
    },
  );

  test.prop([MAPS, MAPS])('is another one exactly when a topic map is another one', (some, others) => {
    const define = (maps: typeof some) =>
      definitionOf(
        storedConnector(),
        maps.map(([name, source]) => storedMap(name, source)),
      ).revision;
    const content = (maps: typeof some) => JSON.stringify(maps.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    expect(define(some) === define(others)).toBe(content(some) === content(others));
  });

  test('leaves out topic maps of other connectors, and those that are being deleted', () => {
    const going = storedMap('going', 'g/#', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const { resources } = definitionOf(storedConnector(), [
      storedMap('other', 'o/#', {}, 'elsewhere'),
      going,
      storedMap('own'),
    ]);
    expect(resources.map(({ kind, metadata }) => [kind, metadata])).toEqual([
      ['MqttBridgeConnector', { name: 'bridge', namespace: 'plant' }],
      ['MqttBridgeTopicMap', { name: 'own', namespace: 'plant' }],
    ]);
  });

  test('has the revision that everybody else computes of the same objects', () => {
    const objects = [storedConnector(), storedMap('own')];
    const update = judgeDocument(definitionOf(objects[0], objects.slice(1)), 'bridge', loadObjects);
    const [document] = validateLoaded(resourcesOf(objects)).connectors;
    expect(update).toMatchObject({ kind: 'document', document: { revision: document?.revision } });
  });

  test('that breaks a rule names kind, namespace and name', () => {
    const update = judgeDocument(definitionOf(storedConnector(), [storedMap('own', 'a/#/b')]), 'bridge', loadObjects);
    expect(update).toMatchObject({
      kind: 'rejected',
      problems: [{ file: 'MqttBridgeTopicMap/plant/own', path: 'spec.routes[0].source' }],
    });
  });

  test.prop([fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 3 })])(
    'from a disk that holds anything is refused and throws nothing',
    (resources) => {
      const update = judgeDocument({ revision: 'r', resources: resources }, 'bridge', loadObjects);
      expect(update.kind).toBe('rejected');
    },
  );
});

describe('a change', () => {
  const connector = storedConnector({ uid: 'u' });
  const map = storedMap('own');
  const rows: [string, boolean, StoredObject | undefined, StoredObject | undefined][] = [
    ['a new connector', true, undefined, connector],
    ['a connector that is gone', true, connector, undefined],
    ['another status', false, connector, storedConnector({ uid: 'u', status: { backlog: 1 } })],
    ['another specification', true, connector, storedConnector({ uid: 'u', generation: 2 })],
    ['another connector of the name', true, connector, storedConnector({ uid: 'v' })],
    ['a topic map of it', true, undefined, map],
    ['a topic map that leaves it', true, map, storedMap('own', undefined, { generation: 2 }, 'elsewhere')],
    [
      'a topic map that joins it',
      true,
      storedMap('own', undefined, {}, 'elsewhere'),
      storedMap('own', undefined, { generation: 2 }),
    ],
    ['a topic map that begins to go', true, map, storedMap('own', undefined, { deletionTimestamp: 'now' })],
    ['a topic map of another connector', false, undefined, storedMap('own', undefined, {}, 'elsewhere')],
  ];
  test.each(rows)('that is %s: %s', (_, expected, before, now) => {
    expect(concerns({ before, now }, 'bridge')).toBe(expected);
  });
});
