import { fc } from '@fast-check/vitest';
import type { StoredObject, ObjectChange } from '../../../../kubernetes/object.ts';
import { connectorObject, stored, topicMapObject } from '../status/sample.ts';

/** One edit of a small cluster: an object appears, changes, leaves, or only its status does. */
export const anyEdit = fc.record({
  kind: fc.constantFrom('connector', 'topicMap'),
  namespace: fc.constantFrom('plant', 'office'),
  name: fc.constantFrom('a', 'b', 'c'),
  how: fc.constantFrom('spec', 'spec', 'spec', 'status', 'deleting', 'gone'),
  refersTo: fc.constantFrom('a', 'b', 'c'),
  variant: fc.nat(3),
});

/** An edit. */
type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never;

function specOf({ kind, name, refersTo, variant }: Edit): unknown {
  if (kind === 'connector') {
    const specs = [{}, { maxHops: 99 }, { bridgeInstances: 0 }, { image: { repository: '!', tag: 'x' } }];
    return connectorObject(specs[variant], name).spec;
  }
  const route = { direction: 'local-to-remote', name: variant === 1 ? 'same' : name, source: `${name}/#` };
  const routes = [[route], [route], [{ ...route, target: 'a/#' }], []];
  return { mqttBridgeConnectorRef: refersTo, routes: routes[variant] };
}

/** Makes an edit; answers the object as it was and as it is. */
export function applied(objects: Map<string, StoredObject>, made: Edit, step: number): ObjectChange {
  const { kind, namespace, name, how } = made;
  const template = kind === 'connector' ? connectorObject({}, name) : topicMapObject(name, 'a');
  const id = `${kind}/${namespace}/${name}`;
  const before = objects.get(id);
  const generation = (before?.metadata.generation ?? 0) + (how === 'spec' ? 1 : 0);
  const metadata = { namespace, uid: before?.metadata.uid ?? `uid-${step}`, resourceVersion: String(step), generation };
  const spec = how === 'spec' || before === undefined ? specOf(made) : before.spec;
  const leaving = how === 'deleting' ? { deletionTimestamp: '2026-11-23T15:00:00Z' } : {};
  const now = how === 'gone' ? undefined : stored({ ...template, spec }, { ...metadata, ...leaving });
  if (now === undefined) objects.delete(id);
  else objects.set(id, now);
  return { before, now };
}
