/** What the pause before the next report depends on. */
export interface PaceInput {
  readonly outcome: Pace;
  /** Failed attempts in a row, this one included. */
  readonly failures: number;
  readonly intervalSeconds: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * How an attempt went, as far as the next one is concerned: `answered`, `again`: what may pass by itself, `refresh`:
 * newly read credentials may be all it takes, `person`: somebody has to change something, `told`: not before this long.
 */
export type Pace =
  | { readonly kind: 'answered' | 'again' | 'refresh' | 'person' }
  | { readonly kind: 'told'; readonly afterMs: number };

/** Part of a pause that is random. */
const JITTER = 0.1;
const FIRST_RETRY_MS = 2_000;
/** The longest that a control plane may ask an agent to stay away. */
const LONGEST_TOLD_MS = 3_600_000;

/** Least time between the beginnings of two reports, in milliseconds. */
export const LEAST_GAP_MS = 1_000;

/**
 * Least milliseconds before a report of a change, after so many of them in a row: the first come at once, and what
 * flaps is told at ever longer distances, up to the interval.
 */
export function changeGapMs(inARow: number, intervalSeconds: number): number {
  return Math.max(LEAST_GAP_MS, Math.min(intervalSeconds * 1_000, LEAST_GAP_MS * 2 ** Math.min(inARow, 20)));
}

/**
 * Milliseconds until the next report. Jitter only shortens the interval, so that a definition changed at the control
 * plane is fetched within one; it only lengthens what the control plane asked for.
 */
export function nextReportMs({ outcome, failures, intervalSeconds, random }: PaceInput): number {
  const interval = intervalSeconds * 1_000;
  const regular = interval * (1 - JITTER * random);
  switch (outcome.kind) {
    case 'answered':
    case 'person':
      return regular;
    case 'told':
      return Math.min(LONGEST_TOLD_MS, Math.max(LEAST_GAP_MS, outcome.afterMs)) * (1 + JITTER * random);
    case 'refresh':
      return failures === 1 ? Math.min(regular, FIRST_RETRY_MS) : regular;
    case 'again':
      break;
  }
  // Soon at first, so that one lost report does not make an agent look silent; never more often than when all is well.
  const bound = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20);
  return Math.min(regular, bound * (0.5 + random / 2));
}
