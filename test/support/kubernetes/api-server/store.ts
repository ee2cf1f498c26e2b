import { type Kind, kindOf, resourceOf } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { expired } from './status.ts';

/** A change of one object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly kind: Kind;
  readonly object: KubeObject;
  /** As it was before; undefined where it was not there. */
  readonly previous: KubeObject | undefined;
}

/** Objects with one count of versions over all of them, as etcd keeps them; what it hands out is never changed in place. */
export interface Store {
  /** The version of the last change. */
  readonly version: () => number;
  /** The oldest version from which changes are still kept. */
  readonly oldest: () => number;
  readonly get: (kind: Kind, namespace: string | undefined, name: string) => KubeObject | undefined;
  /** All of a kind by namespace and name, as they were at a version; throws 410 where that is no longer kept. */
  readonly list: (kind: Kind, version?: number) => readonly KubeObject[];
  readonly all: () => readonly KubeObject[];
  /** Keeps an object and returns it with its new version. */
  readonly put: (kind: Kind, object: KubeObject) => KubeObject;
  readonly remove: (kind: Kind, object: KubeObject) => KubeObject;
  /** Changes after a version; throws 410 where they are no longer kept. */
  readonly since: (kind: Kind, version: number) => readonly StoreEvent[];
  /** Forgets changes up to a version; the newest unless told. */
  readonly compact: (version?: number) => void;
  /** Calls for every change until the function it returns is called. */
  readonly subscribe: (listener: (event: StoreEvent) => void) => () => void;
}

/** Where an object stands among those of all kinds. */
export function keyOf(kind: Kind, namespace: string | undefined, name: string): string {
  return `${resourceOf(kind)}\u0000${kind.namespaced ? (namespace ?? '') : ''}\u0000${name}`;
}

/** An empty store; its versions begin at 1. */
export function createStore(): Store {
  const objects = new Map<string, KubeObject>();
  const listeners = new Set<(event: StoreEvent) => void>();
  let history: StoreEvent[] = [];
  let version = 1;
  let oldest = 1;

  function record(type: StoreEvent['type'], kind: Kind, sent: KubeObject): KubeObject {
    const key = keyOf(kind, sent.metadata.namespace, sent.metadata.name);
    const previous = objects.get(key);
    version += 1;
    const object = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(version) } };
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    const event = { type, version, kind, object, previous };
    history.push(event);
    for (const listener of listeners) listener(event);
    return object;
  }
  function checkKept(asked: number): void {
    if (asked < oldest) throw expired(asked, oldest);
  }
  function objectsAt(asked: number): Map<string, KubeObject> {
    checkKept(asked);
    const then = new Map(objects);
    for (const { version: at, kind, object, previous } of history.toReversed()) {
      if (at <= asked) break;
      const key = keyOf(kind, object.metadata.namespace, object.metadata.name);
      if (previous) then.set(key, previous);
      else then.delete(key);
    }
    return then;
  }
  return {
    version: () => version,
    oldest: () => oldest,
    get: (kind, namespace, name) => objects.get(keyOf(kind, namespace, name)),
    list: (kind, asked = version) => ofKind(asked >= version ? objects : objectsAt(asked), kind),
    all: () => [...objects.values()],
    put(kind, object) {
      const known = objects.has(keyOf(kind, object.metadata.namespace, object.metadata.name));
      return record(known ? 'MODIFIED' : 'ADDED', kind, object);
    },
    remove: (kind, object) => record('DELETED', kind, object),
    since(kind, asked) {
      checkKept(asked);
      return history.filter((event) => event.version > asked && event.kind === kind);
    },
    compact(upTo = version) {
      oldest = Math.max(oldest, Math.min(upTo, version));
      history = history.filter((event) => event.version > oldest);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function ofKind(objects: ReadonlyMap<string, KubeObject>, kind: Kind): KubeObject[] {
  const prefix = `${resourceOf(kind)}\u0000`;
  const found = [...objects].filter(([key]) => key.startsWith(prefix));
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

/** Whether nobody is to own an object, or one of its owners is there or is of a kind that is not served. */
export function hasOwner(store: Store, { metadata: { namespace, ownerReferences = [] } }: KubeObject): boolean {
  if (ownerReferences.length === 0) return true;
  return ownerReferences.some((owner) => {
    const kind = kindOf(owner);
    return kind === undefined || store.get(kind, namespace, owner.name)?.metadata.uid === owner.uid;
  });
}

/** Deletes what is owned and whose owners are all gone, again and again until nothing more goes. */
export function collectGarbage(store: Store, remove: (kind: Kind, object: KubeObject) => void): void {
  const orphans = store
    .all()
    .filter((object) => object.metadata.deletionTimestamp === undefined && !hasOwner(store, object));
  for (const orphan of orphans) remove(kindOf(orphan) as Kind, orphan);
  if (orphans.length > 0) collectGarbage(store, remove);
}
