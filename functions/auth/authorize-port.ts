import type { Caller } from './caller.ts';

/** Headers of a request, whatever carries them. */
export interface RequestHeaders {
  get(name: string): string | null;
}

/** Which site a request is about; absent for those about none, and where the name cannot be one. */
export interface RequestTarget {
  readonly site?: string;
}

/**
 * Who sent a request. `why` is shown to the caller and must not tell more than what was wrong with the credentials.
 * `unconfigured`: this app has no way to tell callers apart, so nobody gets in. `unavailable`: that cannot be found out
 * now (503 with Retry-After); it says nothing about the credentials.
 */
export type Authorization =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'unauthenticated'; readonly why: string }
  | { readonly kind: 'unconfigured' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** Finds out who sent a request; never rejects. */
export type Authorize = (headers: RequestHeaders, target: RequestTarget) => Promise<Authorization>;

/** Whether a request may go on; `retryAfterSeconds` is at least 1. */
export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly retryAfterSeconds: number };

/** Counts one request of a caller, by `Caller.id`. */
export type Limit = (callerId: string) => Admission;
