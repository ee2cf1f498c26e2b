import type { ResourceRequest, Verb } from './request.ts';
import { ApiFault } from './status.ts';

/** Which requests fail, and how. */
export interface Failure {
  readonly verb?: Verb;
  /** Plural name. */
  readonly resource?: string;
  /** HTTP status. */
  readonly code: number;
  /** As in a Status; `InternalError` unless told. */
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
  /** How many requests, 1 unless told. */
  readonly times?: number;
}

/** Lets requests fail that would succeed. */
export interface Failures {
  readonly failNext: (failure: Failure) => void;
}

/** Failures that are still to come. */
export function createFailures(): Failures & { readonly check: (request: ResourceRequest) => void } {
  let coming: { readonly failure: Failure; left: number }[] = [];
  return {
    failNext: (failure) => void coming.push({ failure, left: failure.times ?? 1 }),
    check({ verb, kind }) {
      const next = coming.find(
        ({ failure }) => (failure.verb ?? verb) === verb && (failure.resource ?? kind.plural) === kind.plural,
      );
      if (next === undefined) return;
      next.left -= 1;
      coming = coming.filter(({ left }) => left > 0);
      const { code, reason = 'InternalError', retryAfterSeconds } = next.failure;
      throw new ApiFault(
        code,
        reason,
        'a test wants it so',
        retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
      );
    },
  };
}
