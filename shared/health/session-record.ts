import { z } from 'zod';
import type { HealthEvent } from '../api/health.ts';
import { eventGridHost } from '../event-grid.ts';
import { parseEndpoint } from '../endpoint.ts';
import { sha256 } from '../sha256.ts';
import { disconnection } from './disconnections.ts';

const RECORD_VERSION = 1;
const count = z.int().nonnegative();

const signalSchema = z.object({
  kind: z.enum(['connected', 'disconnected']),
  sequence: count,
  /** RFC 3339, UTC, by the clock of the service. */
  at: z.iso.datetime(),
  /** Disconnection reason; of a disconnect only. */
  reason: z.string().optional(),
});

const recordSchema = z.object({
  version: z.literal(RECORD_VERSION),
  /** Who has the session, by the agent's own report. */
  binding: z.object({ site: z.string(), connector: z.string() }).optional(),
  /** The newest signal. */
  last: signalSchema.optional(),
  /** Signals that came before anybody reported the session, oldest first. */
  early: z.array(signalSchema),
  /** How many signals were written to a time line in the hour that began then (milliseconds since 1970). */
  written: z.object({ since: z.number(), count }).optional(),
});

/** One life-cycle event of a session at Event Grid. */
export type Signal = z.infer<typeof signalSchema>;

/** What is known of a session at Event Grid; JSON. */
export type SessionRecord = z.infer<typeof recordSchema>;

const MOST_EARLY = 4;
const MOST_PER_HOUR = 20;
const HOUR = 3_600_000;

/** Reads a stored record; an empty one where there is none, or one of another version. */
export function readSessionRecord(stored: unknown): SessionRecord {
  const parsed = recordSchema.safeParse(stored);
  return parsed.success ? parsed.data : { version: RECORD_VERSION, early: [] };
}

/**
 * The record after a signal; the same object when the signal says nothing new. Event Grid promises neither order nor that it
 * says a thing once: a connect counts only when its number is higher than the last, a disconnect when it is not lower.
 */
export function takeSignal(record: SessionRecord, signal: Signal): SessionRecord {
  const { last } = record;
  const known = last?.sequence ?? -1;
  const counts = signal.kind === 'connected' ? signal.sequence > known : signal.sequence >= known;
  const repeated = last?.kind === signal.kind && last.sequence === signal.sequence;
  const isEarly = record.binding === undefined && !record.early.some((early) => isSame(early, signal));
  if ((!counts || repeated) && !isEarly) return record;
  const early = isEarly ? [...record.early, signal].sort(bySequence).slice(-MOST_EARLY) : record.early;
  return { ...record, early, ...(counts && { last: signal }) };
}

/** The record once an agent of this connector reported the session; the same object when that was known. */
export function bindSession(record: SessionRecord, binding: NonNullable<SessionRecord['binding']>): SessionRecord {
  const known = record.binding;
  if (known?.site === binding.site && known.connector === binding.connector) return record;
  return { ...record, binding, early: [] };
}

/** The record with one more entry of a time line counted; undefined when there are enough for this hour. */
export function countEntry(record: SessionRecord, now: number): SessionRecord | undefined {
  const known = record.written;
  const written = known && now - known.since < HOUR ? known : { since: now, count: 0 };
  if (written.count >= MOST_PER_HOUR) return undefined;
  return { ...record, written: { ...written, count: written.count + 1 } };
}

/** Which session a signal is of. */
export interface SessionName {
  /** Name of the Event Grid namespace, in lower case. */
  readonly namespace: string;
  readonly clientId: string;
}

/** A signal as an entry of a connector's time line. Told twice it has the same identifier and time. */
export function signalEvent({ namespace, clientId }: SessionName, connector: string, signal: Signal): HealthEvent {
  const { kind, sequence, at, reason } = signal;
  const digest = sha256(`${namespace}/${clientId}/${sequence}/${kind}`).slice(0, 20);
  const event = { id: `s-${digest}`, at, connector, session: clientId } as const;
  if (kind === 'connected') return { ...event, type: 'SessionConnected', reasons: [] };
  return {
    ...event,
    type: 'SessionDisconnected',
    reasons: [{ ...disconnection(reason ?? 'Unknown'), side: 'remote' }],
  };
}

/** What the emulator calls its namespace. */
const LOCAL_NAMESPACE = 'emulator';

/**
 * The namespace behind a session's endpoint, as life-cycle events name it; undefined where the host does not tell, as with a
 * custom domain. An endpoint of this machine is the emulator's.
 */
export function namespaceOf(endpoint: string): string | undefined {
  const parsed = parseEndpoint(endpoint);
  if (!parsed.ok) return undefined;
  const host = parsed.host.toLowerCase();
  if (eventGridHost(host) === 'mqtt') return host.slice(0, host.indexOf('.'));
  return /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host) ? LOCAL_NAMESPACE : undefined;
}

function isSame(a: Signal, b: Signal): boolean {
  return a.kind === b.kind && a.sequence === b.sequence;
}

/** A disconnect has the number of its connect and comes behind it. */
function bySequence(a: Signal, b: Signal): number {
  return a.sequence - b.sequence || Number(a.kind === 'disconnected') - Number(b.kind === 'disconnected');
}
