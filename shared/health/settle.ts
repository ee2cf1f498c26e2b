import type { HealthReason, Verdict } from '../api/health.ts';
import { ourReason } from './reasons.ts';
import type { Track } from './state.ts';
import { isWorse, worstOf } from './verdicts.ts';

/** How something is now, whatever it was. */
export interface Finding {
  readonly verdict: Verdict;
  readonly reasons: readonly HealthReason[];
}

/** What time it is and how long something has to be better. */
export interface Calm {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly recoverAfterMs: number;
}

const HOUR = 3_600_000;
const LONGEST_WAIT = 900_000;

/**
 * What counts after a finding: worse at once, better once it has been so without a break for `recoverAfterMs`, which doubles
 * with each setback until there is an hour of quiet. Without a finding everything stays as it was.
 */
export function settle(track: Track | undefined, finding: Finding | undefined, calm: Calm): Track {
  const { now } = calm;
  if (finding === undefined) return track ?? { verdict: 'Unknown', since: now, reasons: [ourReason('Starting')] };
  const reasons = [...finding.reasons];
  const setbacks = setbacksOf(track, now);
  const kept = setbacks && { setbacks };
  if (!track) return { verdict: finding.verdict, since: now, reasons };
  if (track.verdict === finding.verdict) return { verdict: track.verdict, since: track.since, reasons, ...kept };
  const changed = { verdict: finding.verdict, since: now, reasons };
  // Unknown is no state to recover from or to.
  if (track.verdict === 'Unknown' || finding.verdict === 'Unknown') return { ...changed, ...kept };
  if (isWorse(finding.verdict, track.verdict)) {
    return { ...changed, setbacks: { count: (setbacks?.count ?? 0) + 1, at: now } };
  }
  return improve({ ...track, ...kept }, finding, calm);
}

/** When something that is better will count as such; undefined where nothing is. */
export function recoversAt(track: Track, recoverAfterMs: number): number | undefined {
  return track.better && track.better.since + waitOf(track, recoverAfterMs);
}

function improve(track: Track, finding: Finding, { now, recoverAfterMs }: Calm): Track {
  const since = track.better?.since ?? now;
  const verdict = worstOf([finding.verdict, track.better?.verdict ?? finding.verdict]);
  const reasons = [...finding.reasons];
  const until = since + waitOf(track, recoverAfterMs);
  const { setbacks } = track;
  if (now >= until) return { verdict, since: now, reasons, ...(setbacks && { setbacks }) };
  const detail = `It counts at ${new Date(until).toISOString()}.`;
  return { ...track, better: { since, verdict }, reasons: [ourReason('Recovering', {}, detail), ...reasons] };
}

function waitOf({ setbacks }: Track, recoverAfterMs: number): number {
  const longest = Math.max(recoverAfterMs, LONGEST_WAIT);
  const doublings = Math.min(Math.max((setbacks?.count ?? 1) - 1, 0), 20);
  return Math.min(recoverAfterMs * 2 ** doublings, longest);
}

function setbacksOf(track: Track | undefined, now: number): Track['setbacks'] {
  const setbacks = track?.setbacks;
  return setbacks && now - setbacks.at < HOUR ? setbacks : undefined;
}
