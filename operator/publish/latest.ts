import type { StoredObject } from '../../kubernetes/object.ts';

/** Objects as they are after our own writes, until the copies that follow the API server have them too. */
export interface LatestObjects {
  /** The object as it was written, while the copy is still the one from before the write. */
  readonly of: (copy: StoredObject) => StoredObject;
  readonly put: (copy: StoredObject, written: StoredObject) => void;
}

/** Knows of no write; what it knows of an object goes with the copy it was written over. */
export function createLatest(): LatestObjects {
  const written = new WeakMap<StoredObject, StoredObject>();
  return {
    of: (copy) => written.get(copy) ?? copy,
    put: (copy, object) => void written.set(copy, object),
  };
}
