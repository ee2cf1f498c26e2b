import type { Admission, Limit } from '../auth/authorize-port.ts';

/** How a limit counts. */
export interface RateLimitOptions {
  /** On average over `WINDOW_SECONDS`. */
  readonly perSecond: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How many callers are remembered; the one that was longest silent is forgotten first, which can only favour it. */
  readonly callers?: number;
}

/** What a caller did not use in this time it may use at once. */
export const WINDOW_SECONDS = 10;
const CALLERS = 20_000;

/**
 * Token bucket per caller, as the generic cell rate algorithm keeps it (ITU-T I.371): one number each, the time at which
 * its bucket would be full again.
 */
export function createRateLimit({ perSecond, now, callers = CALLERS }: RateLimitOptions): Limit {
  const window = WINDOW_SECONDS * 1000;
  const cost = 1000 / perSecond;
  const fullAt = new Map<string, number>();

  function admit(caller: string): Admission {
    const time = now();
    // Later than a window from now is only possible when the clock was set back.
    const before = Math.min(Math.max(fullAt.get(caller) ?? time, time), time + window);
    const excess = before + cost - time - window;
    const admitted = excess <= 0;
    fullAt.delete(caller);
    fullAt.set(caller, admitted ? before + cost : before);
    forgetOldest();
    return admitted
      ? { kind: 'admitted' }
      : { kind: 'refused', retryAfterSeconds: Math.max(1, Math.ceil(excess / 1000)) };
  }

  function forgetOldest(): void {
    const [oldest] = fullAt.size > callers ? fullAt.keys() : [];
    if (oldest !== undefined) fullAt.delete(oldest);
  }

  return admit;
}
