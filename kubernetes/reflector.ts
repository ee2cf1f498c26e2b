import type { StoredObject } from './object.ts';

/** How fresh a reflection is. */
export type ReflectorState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'synced' }
  /** What is known stays known meanwhile. `since`: monotonic milliseconds. */
  | { readonly kind: 'apart'; readonly since: number; readonly error: Error };

/** A change of one object: there was none before, or there is none now. */
export interface ObjectChange {
  readonly before: StoredObject | undefined;
  readonly now: StoredObject | undefined;
}

/** Keeps a copy of some objects that follows the API server: a list, then a watch that goes on for ever. */
export interface Reflector {
  /** By `namespace/name`. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly state: ReflectorState;
  /** Resolves once everything has been seen for the first time; never rejects. */
  readonly synced: Promise<void>;
  /** Tells of every change after it is in `objects`, the first list included; resolves when the signal has ended it. */
  run(changed: (change: ObjectChange) => void, signal: AbortSignal): Promise<void>;
}
