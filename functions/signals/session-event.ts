import { z } from 'zod';
import type { SessionName, Signal } from '../../shared/health/session-record.ts';

const CONNECTED = 'Microsoft.EventGrid.MQTTClientSessionConnected';
const DISCONNECTED = 'Microsoft.EventGrid.MQTTClientSessionDisconnected';

const envelope = { time: z.iso.datetime({ offset: true }) };
const data = {
  namespaceName: z.string().min(1).max(63),
  clientSessionName: z.string().min(1).max(256),
  sequenceNumber: z.int().nonnegative(),
};

/** A CloudEvent of the system topic of an Event Grid namespace (protocol of MQTT client life-cycle events). */
const sessionEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal(CONNECTED), ...envelope, data: z.object(data) }),
  z.object({
    type: z.literal(DISCONNECTED),
    ...envelope,
    data: z.object({ ...data, disconnectionReason: z.string().max(64) }),
  }),
]);

/** A life-cycle event taken apart. */
export interface SessionEvent {
  readonly session: SessionName;
  readonly signal: Signal;
}

/** Reads an event that Event Grid delivered; undefined for any that is not about the connection of a session. */
export function readSessionEvent(event: unknown): SessionEvent | undefined {
  const parsed = sessionEventSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { type, time, data } = parsed.data;
  const session = { namespace: data.namespaceName.toLowerCase(), clientId: data.clientSessionName };
  const base = { sequence: data.sequenceNumber, at: new Date(time).toISOString() };
  if (type === CONNECTED) return { session, signal: { kind: 'connected', ...base } };
  return { session, signal: { kind: 'disconnected', ...base, reason: data.disconnectionReason } };
}
