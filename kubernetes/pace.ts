import { createBackoff } from './backoff.ts';
import { ApiError } from './client.ts';

/** How one watch went, with the list before it. */
export type Outcome =
  /** The server ended it, as it does from time to time. */
  | { readonly kind: 'ended' }
  /** Changes were missed: a list is needed. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly error: Error };

/** Says how long to wait before the next attempt. */
export interface Pace {
  /** Milliseconds, after a watch that was open for `lastedMs`. */
  afterMs(outcome: Outcome, lastedMs: number): number;
}

/** Pauses after what may pass by itself. */
const SOON = { leastMs: 250, mostMs: 30_000 };
/** Pauses after a refusal that a person has to mend; a role that was made just before a pod takes a moment to count. */
const SLOW = { leastMs: 2_000, mostMs: 60_000 };
/** A watch that lasted so long was a good one. */
const STEADY_MS = 5_000;
const LONGEST_TOLD_MS = 60_000;

/** Whether a refusal lasts until somebody gives a right or a token, or installs a definition. */
export function isForPeople({ code }: ApiError): boolean {
  return code === 401 || code === 403 || code === 404;
}

/** `random` is in [0, 1). */
export function createPace(random: () => number): Pace {
  const soon = createBackoff(SOON, random);
  const slow = createBackoff(SLOW, random);
  /** Attempts in a row that ended soon without a failure: a server that ends every watch at once must not be hurried. */
  let short = 0;

  function pauseOf(outcome: Outcome): number {
    if (outcome.kind !== 'failed') return short++ === 0 ? 0 : soon.next();
    const { error } = outcome;
    if (!(error instanceof ApiError)) return soon.next();
    if (isForPeople(error)) return slow.next();
    const told = Math.min(LONGEST_TOLD_MS, (error.retryAfterSeconds ?? 0) * 1_000);
    return told + soon.next();
  }

  return {
    afterMs(outcome, lastedMs) {
      if (lastedMs >= STEADY_MS) {
        short = 0;
        soon.reset();
        slow.reset();
      }
      return pauseOf(outcome);
    },
  };
}
