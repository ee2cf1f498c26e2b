import { expect, test } from 'vitest';
import { CONNECTORS, type StoredObject } from '../../../kubernetes/object.ts';
import { podsOf, staleInstances } from '../../../operator/publish/instances.ts';

function connectorWith(...instances: readonly string[]): StoredObject {
  const metadata = { name: 'edge', namespace: 'default', uid: 'u', resourceVersion: '1' };
  const entries = instances.map((instance) => ({ instance }));
  return { apiVersion: CONNECTORS.apiVersion, kind: CONNECTORS.kind, metadata, status: { instances: entries } };
}

test('entries of instances that are no more go from behind, each after a look at its name', () => {
  expect(staleInstances(connectorWith('3', '0', '2', '1'), 2)).toEqual([
    { op: 'test', path: '/status/instances/2/instance', value: '2' },
    { op: 'remove', path: '/status/instances/2' },
    { op: 'test', path: '/status/instances/0/instance', value: '3' },
    { op: 'remove', path: '/status/instances/0' },
  ]);
});

test('entries of instances that run, and of agents that somebody runs by hand, stay', () => {
  expect(staleInstances(connectorWith('0', '1', 'laptop'), 2)).toEqual([]);
  expect(staleInstances({ ...connectorWith(), status: undefined }, 0)).toEqual([]);
});

test('a pod that still ends counts', () => {
  const statefulSet = { ...connectorWith(), spec: { replicas: 1 }, status: { replicas: 3 } };
  expect(podsOf(statefulSet)).toBe(3);
  expect(podsOf({ ...statefulSet, status: undefined })).toBe(1);
  expect(podsOf(undefined)).toBe(0);
});
