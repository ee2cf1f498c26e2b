import type { StoredObject } from '../../kubernetes/object.ts';
import { CONNECTOR_ANNOTATION } from '../render/labels.ts';
import { ownerNameOf, placeOf } from '../workload/plan.ts';

/** The objects that the operator has applied, by the connector they are for. */
export interface OwnedObjects {
  /** Takes in an object as it is now; returns the key of its connector, if it has one. */
  readonly put: (object: StoredObject) => string | undefined;
  readonly drop: (object: StoredObject) => string | undefined;
  readonly of: (key: string) => readonly StoredObject[];
  readonly keys: () => Iterable<string>;
}

/** Knows of none yet. */
export function createOwnedObjects(): OwnedObjects {
  const byKey = new Map<string, Map<string, StoredObject>>();
  const keyOf = new Map<string, string>();

  function drop(object: StoredObject): string | undefined {
    const id = idOf(object);
    const key = keyOf.get(id);
    if (key === undefined) return undefined;
    keyOf.delete(id);
    const objects = byKey.get(key);
    objects?.delete(placeOf(object));
    if (objects?.size === 0) byKey.delete(key);
    return key;
  }
  return {
    put(object) {
      const before = drop(object);
      const name = ownerNameOf(object) ?? object.metadata.annotations?.[CONNECTOR_ANNOTATION];
      if (name === undefined) return before;
      const key = `${object.metadata.namespace}/${name}`;
      keyOf.set(idOf(object), key);
      const objects = byKey.get(key) ?? new Map<string, StoredObject>();
      byKey.set(key, objects.set(placeOf(object), object));
      return key;
    },
    drop,
    of: (key) => [...(byKey.get(key)?.values() ?? [])],
    keys: () => byKey.keys(),
  };
}

function idOf(object: StoredObject): string {
  return `${object.metadata.namespace}/${placeOf(object)}`;
}
