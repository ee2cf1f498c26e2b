import type { DisconnectionReason, EmulatorEvent, EmulatorLog } from './life-cycle.ts';

/** What a life-cycle event says of a session. */
export interface SessionData {
  readonly namespaceName: string;
  readonly clientAuthenticationName: string;
  readonly clientSessionName: string;
  /** A disconnection has that of its connection. */
  readonly sequenceNumber: number;
}

interface CloudEvent<Type extends string, Data> {
  readonly specversion: '1.0';
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly type: `Microsoft.EventGrid.${Type}`;
  /** Resource ID of the namespace. */
  readonly source: string;
  readonly subject: string;
  readonly data: Data;
}

/** A life-cycle event as Event Grid's system topic sends it (CloudEvents 1.0). */
export type LifeCycleCloudEvent =
  | CloudEvent<'MQTTClientSessionConnected', SessionData>
  | CloudEvent<'MQTTClientSessionDisconnected', SessionData & { readonly disconnectionReason: DisconnectionReason }>;

/** What life-cycle events are made with. */
export interface CloudEventParts {
  /** Resource ID of the namespace. */
  readonly source: string;
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** Resource ID of an emulator that is given none. */
export const LOCAL_NAMESPACE =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.EventGrid/namespaces/emulator';

/** An event in the form the service sends it; undefined for one that it only counts. */
export function cloudEventOf(event: EmulatorEvent, parts: CloudEventParts): LifeCycleCloudEvent | undefined {
  if (event.kind !== 'connected' && event.kind !== 'disconnected') return undefined;
  const { clientAuthenticationName, clientSessionName, sequenceNumber } = event;
  const { source } = parts;
  const namespaceName = source.slice(source.lastIndexOf('/') + 1);
  const envelope = {
    specversion: '1.0' as const,
    id: parts.newId(),
    time: new Date(parts.wallClock()).toISOString(),
    source,
    subject: `clients/${clientAuthenticationName}/sessions/${clientSessionName}`,
  };
  const data = { namespaceName, clientAuthenticationName, clientSessionName, sequenceNumber };
  if (event.kind === 'connected') {
    return { ...envelope, type: 'Microsoft.EventGrid.MQTTClientSessionConnected', data };
  }
  const { disconnectionReason } = event;
  return {
    ...envelope,
    type: 'Microsoft.EventGrid.MQTTClientSessionDisconnected',
    data: { ...data, disconnectionReason },
  };
}

/** Tells a listener of each life-cycle event that a log gets; the answer ends it. */
export function onLifeCycle(
  log: EmulatorLog,
  parts: CloudEventParts,
  listener: (event: LifeCycleCloudEvent) => void,
): () => void {
  return log.on((event) => {
    const made = cloudEventOf(event, parts);
    if (made !== undefined) listener(made);
  });
}
