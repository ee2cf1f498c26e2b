import type { Verdict } from '../../shared/reason-codes.ts';

/** Pace of reconnecting, in milliseconds. */
export interface BackoffPace {
  /** Upper bound of the first pause after an ordinary loss; it doubles with each attempt. */
  readonly firstMs: number;
  /** Upper bound of any pause after an ordinary loss. */
  readonly mostMs: number;
  /** First pause when a person or time has to change something. */
  readonly slowMs: number;
  readonly slowMostMs: number;
  /** Longest pause while files on this machine are missing or wrong: to look costs nobody anything. */
  readonly mountedMostMs: number;
  /** Least pause after another client took the session over. */
  readonly takenOverMs: number;
}

/** Quick after a cut, one attempt in ten minutes at worst, at most one take-over per 30 s. */
export const DEFAULT_PACE: BackoffPace = {
  firstMs: 250,
  mostMs: 30_000,
  slowMs: 5_000,
  slowMostMs: 600_000,
  mountedMostMs: 5_000,
  takenOverMs: 30_000,
};

/**
 * Milliseconds until the next attempt. Ordinary losses get full jitter, so that a thousand agents do not come back at
 * once; slow ones at least half their bound, so that a refusing broker sees less than one attempt per second.
 * @param attempt failed attempts since the last stable connection, from 0.
 * @param random in [0, 1).
 */
export function backoffDelay(verdict: Verdict, attempt: number, random: number, pace: BackoffPace): number {
  const bound = (first: number, most: number) => Math.min(most, first * 2 ** Math.min(attempt, 30));
  switch (verdict) {
    case 'takenOver':
      return pace.takenOverMs * (1 + random);
    case 'slow':
    case 'refused':
      return bound(pace.slowMs, pace.slowMostMs) * (0.5 + random / 2);
    case 'mounted':
      return bound(pace.firstMs, pace.mountedMostMs) * (0.5 + random / 2);
    case 'refresh':
      // The first retry comes with freshly read credentials, which may be all that was wrong.
      return attempt === 0 ? pace.firstMs * random : bound(pace.slowMs, pace.slowMostMs) * (0.5 + random / 2);
    case 'accepted':
    case 'retry':
      break;
  }
  return bound(pace.firstMs, pace.mostMs) * random;
}
