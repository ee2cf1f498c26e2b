import type { HealthEvent } from '../../shared/api/health.ts';
import { reasonCell } from './reasons.ts';
import type { Table } from './table.ts';

/** Columns of events. */
export const EVENTS_HEADER = ['TIME', 'TYPE', 'OBJECT', 'CHANGE', 'REASON'];

/** Events in the order they are given. */
export function eventsTable(events: readonly HealthEvent[]): Table {
  return { header: EVENTS_HEADER, rows: events.map(eventRow) };
}

/** One event. */
export function eventRow(event: HealthEvent): string[] {
  return [event.at, event.type, objectOf(event), changeOf(event), reasonCell(event.reasons)];
}

function objectOf({ connector, instance, route, session }: HealthEvent): string {
  const part =
    (instance === undefined ? undefined : `instance ${instance}`) ??
    (route === undefined ? undefined : `route ${route}`) ??
    (session === undefined ? undefined : `session ${session}`);
  return [connector, part].filter((text) => text !== undefined).join(', ') || '-';
}

function changeOf({ from, to }: HealthEvent): string {
  if (from === undefined) return to ?? '-';
  return `${from} -> ${to ?? '-'}`;
}
