import type { HealthEvent } from '../api/health.ts';
import { fewReasons, ourReason } from './reasons.ts';
import type { ConnectorState, HealthAlert, HealthState } from './state.ts';

/** Most entries of one connector's time line per hour: changes of its verdict, and all others. */
export const EVENTS_PER_HOUR = { verdicts: 30, others: 60 } as const;

/** An entry before it has its number. */
export type Change = Omit<HealthEvent, 'id' | 'at' | 'reasons'> & Partial<Pick<HealthEvent, 'reasons'>>;

/** An alert before it has its number. */
type Warning = Omit<HealthAlert, 'number' | 'id' | 'at'>;

/** Writes what a judgement finds out, numbered, within a budget for each connector. */
export interface Chronicle {
  readonly events: readonly HealthEvent[];
  readonly alerts: readonly HealthAlert[];
  /** False when the budget is used up. */
  note(name: string, connector: ConnectorState, change: Change): boolean;
  warn(warning: Warning): void;
}

const HOUR = 3_600_000;

/** A chronicle that goes on where the last judgement ended. */
export function createChronicle(last: Pick<HealthState, 'epoch' | 'events' | 'alerts'>, now: number): Chronicle {
  const at = new Date(now).toISOString();
  // A site that is removed and comes again counts anew; its epoch keeps identifiers apart.
  const prefix = last.epoch.toString(36);
  const events: HealthEvent[] = [];
  const alerts: HealthAlert[] = [];
  return {
    events,
    alerts,
    note(name, connector, change) {
      const left = spend(connector, change.type === 'VerdictChanged' ? 'verdicts' : 'others', now);
      if (left < 0) return false;
      const more = left === 0 ? [ourReason('EventsLimited')] : [];
      const id = `${prefix}-${String(last.events + events.length + 1).padStart(8, '0')}`;
      events.push({ id, at, connector: name, ...change, reasons: [...fewReasons(change.reasons ?? []), ...more] });
      return true;
    },
    warn(warning) {
      const number = last.alerts + alerts.length + 1;
      alerts.push({ number, id: `${prefix}-a${number}`, at, ...warning, reasons: fewReasons(warning.reasons, 5) });
    },
  };
}

/** How many more may be written this hour; negative when this one may not. */
function spend(connector: ConnectorState, kind: keyof typeof EVENTS_PER_HOUR, now: number): number {
  const known = connector.written;
  const written = known && now - known.since < HOUR ? known : { since: now, verdicts: 0, others: 0 };
  connector.written = written;
  if (written[kind] < EVENTS_PER_HOUR[kind]) written[kind]++;
  else return -1;
  return EVENTS_PER_HOUR[kind] - written[kind];
}
