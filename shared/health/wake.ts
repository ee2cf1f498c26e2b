import type { ConnectorFinding } from './connector.ts';
import type { SiteInput } from './input.ts';
import { recoversAt } from './settle.ts';
import type { HealthState, Track } from './state.ts';

/** Between two judgements of a site there is at least this part of a report interval. */
export const REST_INTERVALS = 0.25;

/** Longest sleep when there is nothing to wait for, unless reports come even less often: a lost hint costs no more than this. */
const LONGEST_SLEEP_MS = 300_000;

/** How long a disconnect is left alone, because its connect may be late. */
export const SIGNAL_PATIENCE_MS = 30_000;

/** The earliest moment at which the same reports would be judged otherwise; never sooner than a rest from now. */
export function nextWake(state: HealthState, findings: readonly ConnectorFinding[], input: SiteInput): number {
  const { now, settings } = input;
  const intervalMs = settings.intervalSeconds * 1_000;
  const recoverAfterMs = settings.recoverAfterSeconds * 1_000;
  let wake = now + Math.max(LONGEST_SLEEP_MS, intervalMs);
  const consider = (at: number | undefined) => {
    if (at !== undefined && at > now && at < wake) wake = at;
  };
  for (const { evidence, graceUntil } of findings) {
    consider(graceUntil);
    for (const { fresh, heardAt, patienceMs, openSince } of evidence.values()) {
      if (fresh) consider(heardAt + patienceMs);
      if (openSince !== undefined) consider(openSince + intervalMs);
    }
  }
  for (const { at } of input.signals ?? []) consider(at + SIGNAL_PATIENCE_MS);
  for (const track of tracksOf(state)) {
    consider(recoversAt(track, recoverAfterMs));
    // An agent that comes back after mere silence has nothing to hint at.
    if (track.verdict !== 'Healthy') consider(now + intervalMs);
  }
  return Math.max(wake, now + restMs(settings.intervalSeconds));
}

/** Shortest time between two judgements, in milliseconds. */
export function restMs(intervalSeconds: number): number {
  return intervalSeconds * 1_000 * REST_INTERVALS;
}

function* tracksOf(state: HealthState): Generator<Track> {
  for (const connector of Object.values(state.connectors)) {
    yield connector;
    yield* Object.values(connector.instances);
    yield* Object.values(connector.routes);
  }
}
