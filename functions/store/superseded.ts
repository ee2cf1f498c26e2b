import type { StoredReport } from './store.ts';

/** How long a run that has begun later keeps the place of an instance without reporting, in milliseconds. */
const NEWER_RUN_HOLDS_MS = 90_000;

/**
 * Whether a report says nothing that `stored` does not say better: it is of the same run and not newer, or of a run that
 * began before one that has just reported. A later run that fell silent gives way, since clocks of agents may be wrong.
 */
export function isSuperseded(incoming: StoredReport, stored: StoredReport): boolean {
  if (incoming.report.run === stored.report.run) return incoming.report.sequence <= stored.report.sequence;
  const storedBeganLater = Date.parse(stored.report.startedAt) > Date.parse(incoming.report.startedAt);
  return storedBeganLater && Date.parse(incoming.receivedAt) - Date.parse(stored.receivedAt) < NEWER_RUN_HOLDS_MS;
}
