import type { StoredObject, ObjectChange } from './object.ts';

/** Objects that are known, by `namespace/name`. Each answer is what has changed, in an order that leads from before to now. */
export interface ObjectCopy {
  readonly objects: ReadonlyMap<string, StoredObject>;
  put(object: StoredObject): readonly ObjectChange[];
  remove(object: StoredObject): readonly ObjectChange[];
  /** Nothing else is there any more. */
  replaceAll(items: readonly StoredObject[]): readonly ObjectChange[];
}

/** Knows nothing yet. */
export function createCopy(): ObjectCopy {
  const objects = new Map<string, StoredObject>();

  function put(object: StoredObject): ObjectChange[] {
    const key = keyOf(object);
    const before = objects.get(key);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    const now = withoutManagers(object);
    objects.set(key, now);
    if (before === undefined || before.metadata.uid === now.metadata.uid) return [{ before, now }];
    // Another object of the same name: what belonged to the first one has to go before.
    return [
      { before, now: undefined },
      { before: undefined, now },
    ];
  }

  function removeAt(key: string): ObjectChange[] {
    const before = objects.get(key);
    return objects.delete(key) ? [{ before, now: undefined }] : [];
  }

  return {
    objects,
    put,
    remove: (object) => removeAt(keyOf(object)),
    replaceAll(items) {
      const there = new Set(items.map(keyOf));
      const gone = [...objects.keys()].filter((key) => !there.has(key));
      return [...gone.flatMap(removeAt), ...items.flatMap(put)];
    },
  };
}

function keyOf({ metadata: { namespace, name } }: StoredObject): string {
  return `${namespace}/${name}`;
}

/** Who owns which field is often longer than the object, and nobody here asks for it. */
function withoutManagers(object: StoredObject): StoredObject {
  const { managedFields: _, ...metadata } = object.metadata as StoredObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}
