import type { ObjectKind, ObjectName, Selection, StoredObject, WrittenObject } from './object.ts';

/** Objects of one moment. */
export interface ObjectList {
  readonly items: readonly StoredObject[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

/** One event of a watch. `opened`: the server has taken it; `bookmark`: nothing else changed up to this version. */
export type WatchEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'changed'; readonly object: StoredObject }
  | { readonly kind: 'removed'; readonly object: StoredObject }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string };

/** How an object is applied (server-side apply). */
export interface ApplyOptions {
  /** Field manager: whoever applies again must use the same name. */
  readonly manager: string;
  /** Takes fields that others own; without it such a field is an ApiError of code 409. */
  readonly force?: boolean;
  /** Writes the status and nothing else. */
  readonly status?: boolean;
}

/** What may be asked of an API server; all of it rejects with ApiError, or with an error of the network. */
export interface KubernetesClient {
  /** Undefined where there is none. */
  get(kind: ObjectKind, name: ObjectName, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** All pages. */
  list(kind: ObjectKind, selection: Selection, signal?: AbortSignal): Promise<ObjectList>;
  /** Ends when the server or the signal ends it; code 410 says that the version is forgotten. */
  watch(
    kind: ObjectKind,
    selection: Selection & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  apply(kind: ObjectKind, object: WrittenObject, options: ApplyOptions, signal?: AbortSignal): Promise<StoredObject>;
  create(kind: ObjectKind, object: WrittenObject, signal?: AbortSignal): Promise<StoredObject>;
  /** Replaces the object, if it is still of the version that its metadata names. */
  replace(kind: ObjectKind, object: WrittenObject, signal?: AbortSignal): Promise<StoredObject>;
  /** RFC 6902; `status` patches the status and nothing else. */
  patch(
    kind: ObjectKind,
    name: ObjectName,
    operations: readonly JsonPatchOperation[],
    options?: { readonly status?: boolean },
    signal?: AbortSignal,
  ): Promise<StoredObject>;
  /** False where there was none; with a uid only that very object is removed, with `orphan` without what it owns. */
  remove(
    kind: ObjectKind,
    name: ObjectName,
    options?: { readonly uid?: string; readonly orphan?: boolean },
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** Ends connections that are kept open. */
  close(): void;
}

/** One step of a JSON patch. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/** What the API server refused, in its own words. */
export class ApiError extends Error {
  /** HTTP status. */
  readonly code: number;
  /** Such as NotFound, Conflict, Invalid, Expired, Forbidden; NotServed (404) where the kind, and not an object, is missing. */
  readonly reason: string;
  /** When to ask again, where the server says so; seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
