import type { Verdict } from '../api/health.ts';

/** From good to bad. `Stale` is last, so that silence always counts at once and coming back has to last. */
const ORDER: readonly Verdict[] = ['Healthy', 'Unknown', 'Degraded', 'Unhealthy', 'Stale'];

/** The worst of several; Healthy where there is none. */
export function worstOf(verdicts: Iterable<Verdict>): Verdict {
  let worst = 0;
  for (const verdict of verdicts) worst = Math.max(worst, ORDER.indexOf(verdict));
  return ORDER[worst] ?? 'Unknown';
}

/** Whether `verdict` is worse than `other`. */
export function isWorse(verdict: Verdict, other: Verdict): boolean {
  return ORDER.indexOf(verdict) > ORDER.indexOf(other);
}
