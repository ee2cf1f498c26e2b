import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import { bundleKeyOf, createJudge, type Judge } from '../../../../operator/judge/judge.ts';
import { connectorObject, judge, stored, topicMapObject } from '../status/sample.ts';
import { anyEdit, applied } from './edits.ts';

const KEY = 'plant/edge';

/** The same object after a change of something else than its spec. */
function touched(object: StoredObject, rest: object = {}): StoredObject {
  const resourceVersion = `${object.metadata.resourceVersion}+`;
  return { ...object, ...rest, metadata: { ...object.metadata, resourceVersion } };
}

function filled(objects: readonly StoredObject[]): Judge {
  const judging = createJudge();
  for (const now of objects) judging.note({ before: undefined, now });
  return judging;
}

describe('judging a connector with its topic maps', () => {
  test('gives the document that agents run, whatever the API server has added', () => {
    const plain = judge([connectorObject(), topicMapObject()]).connector?.document;
    const added = { managedFields: [{ manager: 'kubectl' }], selfLink: '/x', somethingNew: { a: 1 } };
    const kept = { ...connectorObject(), metadata: { ...connectorObject().metadata, ...added }, status: { routes: 7 } };
    const { connector } = judge([kept, touched(topicMapObject(), { status: { conditions: [] } })]);
    expect(connector?.problems).toEqual([]);
    expect(connector?.document?.revision).toBe(plain?.revision);
  });

  test('looks at no map of another namespace or connector', () => {
    const broken = { spec: { mqttBridgeConnectorRef: 'edge', routes: 'none' } };
    const elsewhere = stored({ ...topicMapObject('other'), ...broken }, { namespace: 'office' });
    const judgement = judge([connectorObject(), topicMapObject(), elsewhere, topicMapObject('x', 'another')]);
    expect([...judgement.topicMaps.keys()]).toEqual(['telemetry']);
    expect(judgement.connector?.document?.topicMaps).toHaveLength(1);
  });

  test('refuses the document for a fault in one map, and says which', () => {
    const broken = stored({ ...topicMapObject('broken'), spec: { mqttBridgeConnectorRef: 'edge', routes: [{}] } });
    const judgement = judge([connectorObject(), topicMapObject(), broken]);
    expect(judgement.connector).toMatchObject({ document: undefined, problems: [], routes: { total: 2, running: 2 } });
    expect(judgement.faulty).toEqual(['broken']);
    expect(judgement.topicMaps.get('telemetry')?.problems).toEqual([]);
    expect(judgement.topicMaps.get('broken')?.problems.map(({ rule }) => rule)).toContain('TM021');
  });

  test('names the other resource without a line, which a cluster does not have', () => {
    const twin = stored({ ...topicMapObject('twin'), spec: topicMapObject().spec });
    const { topicMaps } = judge([connectorObject(), topicMapObject(), twin]);
    const messages = [...topicMaps.values()].flatMap(({ problems }) => problems.map(({ message }) => message));
    expect(messages).toContainEqual(expect.stringMatching(/route at MqttBridgeTopicMap\/plant\/telemetry$/));
  });

  test('tells each route whose client ID is taken, not the first alone', () => {
    const long = (name: string) => ({ direction: 'local-to-remote', name: `${name}${'x'.repeat(60)}`, source: name });
    const spec = { mqttBridgeConnectorRef: 'edge', routes: [long('a'), long('b')] };
    const { topicMaps } = judge([
      connectorObject({ clientIdPrefix: 'p'.repeat(100) }),
      stored({ ...topicMapObject('long'), spec }),
    ]);
    const paths = topicMaps.get('long')?.problems.flatMap(({ rule, path }) => (rule === 'XR006' ? [path] : []));
    expect(paths).toEqual(['spec.routes[0].name', 'spec.routes[1].name']);
  });

  test('keeps warnings apart from what refuses', () => {
    const { connector } = judge([connectorObject({ bridgeInstances: 0 })]);
    expect(connector?.problems.map(({ rule }) => rule).toSorted()).toEqual(['BC014', 'XR002']);
    expect(connector?.document).toBeDefined();
    expect(connector?.instances).toBe(0);
  });

  test('does not count what is being deleted', () => {
    const deletionTimestamp = '2026-11-23T15:00:00Z';
    const leaving = { ...connectorObject(), metadata: { ...connectorObject().metadata, deletionTimestamp } };
    expect(judge([leaving, topicMapObject()]).connector).toBeUndefined();
    const map = topicMapObject('gone');
    const judging = filled([connectorObject(), topicMapObject(), map]);
    const now = { ...map, metadata: { ...map.metadata, deletionTimestamp } };
    expect(judging.note({ before: map, now })).toEqual([KEY]);
    expect(judging.judgementOf(KEY)?.topicMaps.has('gone')).toBe(false);
    expect(judging.note({ before: now, now: undefined })).toEqual([KEY]);
  });
});

describe('judging only what has changed', () => {
  test('keeps the judgement when a status or an annotation changes', () => {
    const [connector, map] = [connectorObject(), topicMapObject()];
    const judging = filled([connector, map]);
    const before = judging.judgementOf(KEY);
    expect(judging.note({ before: connector, now: touched(connector, { status: { backlog: 3 } }) })).toEqual([KEY]);
    expect(judging.note({ before: map, now: touched(map) })).toEqual([KEY]);
    expect(judging.judgementOf(KEY)).toBe(before);
  });

  test('judges one connector of many when one of its maps changes', () => {
    const names = ['a', 'b', 'c'];
    const judging = filled(names.flatMap((name) => [connectorObject({}, name), topicMapObject(`${name}-map`, name)]));
    const before = names.map((name) => judging.judgementOf(`plant/${name}`));
    const map = topicMapObject('b-map', 'b');
    const changed = judging.note({
      before: map,
      now: stored({ ...map, spec: { ...Object(map.spec), routes: [] } }, { generation: 2 }),
    });
    expect(changed).toEqual(['plant/b']);
    const after = names.map((name) => judging.judgementOf(`plant/${name}`));
    expect(after.map((judgement, index) => judgement === before[index])).toEqual([true, false, true]);
  });

  test('judges both connectors when a map moves from one to the other', () => {
    const judging = filled([connectorObject({}, 'a'), connectorObject({}, 'b'), topicMapObject('m', 'a')]);
    const before = topicMapObject('m', 'a');
    const now = stored({ ...topicMapObject('m', 'b') }, { generation: 2 });
    expect(judging.note({ before, now })).toEqual(['plant/a', 'plant/b']);
    expect(judging.judgementOf('plant/a')?.topicMaps.size).toBe(0);
    expect(judging.judgementOf('plant/b')?.topicMaps.size).toBe(1);
  });

  test('tells maps without a connector where one of that name appears', () => {
    const judging = filled([topicMapObject()]);
    expect(judging.judgementOf(KEY)?.elsewhere).toEqual([]);
    const office = stored(connectorObject(), { namespace: 'office', uid: 'other' });
    expect(judging.note({ before: undefined, now: office })).toEqual(['office/edge', KEY]);
    expect(judging.judgementOf(KEY)?.elsewhere).toEqual(['office']);
    expect(judging.note({ before: office, now: undefined })).toEqual(['office/edge', KEY]);
    expect(judging.judgementOf(KEY)?.elsewhere).toEqual([]);
    expect(judging.judgementOf('office/edge')).toBeUndefined();
  });

  test('forgets a bundle of which nothing is left', () => {
    const [connector, map] = [connectorObject(), topicMapObject()];
    const judging = filled([connector, map]);
    judging.note({ before: connector, now: undefined });
    expect([...judging.keys()]).toEqual([KEY]);
    judging.note({ before: map, now: undefined });
    expect([...judging.keys()]).toEqual([]);
    expect(judging.judgementOf(KEY)).toBeUndefined();
  });
});

property.prop([fc.array(anyEdit, { minLength: 1, maxLength: 40 })], { numRuns: 150 })(
  'judging change by change says what judging everything anew says, and tells of all that is said otherwise',
  (edits) => {
    const objects = new Map<string, StoredObject>();
    const judging = createJudge();
    let former = new Map<string, unknown>();
    for (const [step, made] of edits.entries()) {
      const told = judging.note(applied(objects, made, step));
      const anew = filled([...objects.values()]);
      expect([...judging.keys()].toSorted()).toEqual([...anew.keys()].toSorted());
      const now = new Map([...anew.keys()].map((key) => [key, anew.judgementOf(key)]));
      for (const [key, judgement] of now) {
        expect(judging.judgementOf(key)).toEqual(judgement);
        if (!told.includes(key)) expect(judgement).toEqual(former.get(key));
      }
      for (const key of former.keys()) if (!now.has(key)) expect(told).toContain(key);
      former = now;
    }
    for (const object of objects.values()) {
      const counts = object.metadata.deletionTimestamp === undefined;
      if (counts) expect([...judging.keys()]).toContain(bundleKeyOf(object));
    }
  },
);
