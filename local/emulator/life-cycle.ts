import type { DisconnectCause, SessionEnd } from '../broker/events.ts';

/** Why a client's connection ended, in the words of Event Grid's life-cycle events. */
export type DisconnectionReason =
  | 'ClientAuthenticationError'
  | 'ClientAuthorizationError'
  | 'ClientError'
  | 'ClientInitiatedDisconnect'
  | 'ConnectionLost'
  | 'IpForbidden'
  | 'QuotaExceeded'
  | 'ServerError'
  | 'ServerInitiatedDisconnect'
  | 'SessionOverflow'
  | 'SessionTakenOver';

/** Why a session was dropped. */
export type DropReason = 'SessionExpiry' | 'TransientSession' | 'SessionOverflow' | 'AuthorizationError';

/** The limits that throttle, in the words of the service's metrics. */
export type ThrottleType =
  | 'IncomingPublishPacketsPerConnection'
  | 'IncomingPublishPacketsPerNamespace'
  | 'InboundBandwidthPerConnection'
  | 'InboundBandwidthPerNamespace'
  | 'InboundInflightPerConnection'
  | 'OutboundPublishPacketsPerConnection'
  | 'OutboundPublishPacketsPerNamespace'
  | 'OutboundBandwidthPerConnection'
  | 'OutboundBandwidthPerNamespace'
  | 'SubscribeOperationsPerConnection'
  | 'SubscribeOperationsPerNamespace'
  | 'ConnectPacketsPerSession'
  | 'ConnectPacketsPerNamespace';

interface SessionEvent {
  readonly sequenceNumber: number;
  readonly clientAuthenticationName: string;
  readonly clientSessionName: string;
}

/** What happened to a session or was refused; a disconnection has the sequence number of its connection. */
export type EmulatorEvent =
  | (SessionEvent & { readonly kind: 'connected' })
  | (SessionEvent & { readonly kind: 'disconnected'; readonly disconnectionReason: DisconnectionReason })
  | (SessionEvent & { readonly kind: 'sessionDropped'; readonly dropReason: DropReason })
  | { readonly kind: 'refused'; readonly clientSessionName: string; readonly reasonCode: number }
  /** Credentials that were not taken, of CONNECT or of AUTH; `detail` is for people. */
  | {
      readonly kind: 'unauthenticated';
      readonly clientSessionName: string;
      readonly reasonCode: number;
      readonly detail: string;
    }
  | { readonly kind: 'throttled'; readonly clientSessionName: string; readonly throttleType: ThrottleType }
  | { readonly kind: 'unauthorized'; readonly clientSessionName: string; readonly topic: string };

const DISCONNECTIONS: Readonly<Record<DisconnectCause, DisconnectionReason>> = {
  client: 'ClientInitiatedDisconnect',
  'connection-lost': 'ConnectionLost',
  'keep-alive': 'ConnectionLost',
  'taken-over': 'SessionTakenOver',
  protocol: 'ClientError',
  'not-authorized': 'ClientAuthenticationError',
  quota: 'QuotaExceeded',
  'queue-full': 'SessionOverflow',
  server: 'ServerInitiatedDisconnect',
  'server-error': 'ServerError',
};

const DROPS: Readonly<Record<SessionEnd, DropReason>> = {
  expired: 'SessionExpiry',
  closed: 'SessionExpiry',
  'clean-start': 'TransientSession',
  transient: 'TransientSession',
  'queue-full': 'SessionOverflow',
  forgotten: 'AuthorizationError',
};

/** The service's word for the end of a connection. */
export function disconnectionReason(cause: DisconnectCause): DisconnectionReason {
  return DISCONNECTIONS[cause];
}

/** The service's word for the end of a session. */
export function dropReason(end: SessionEnd): DropReason {
  return DROPS[end];
}

/** Keeps the last events and tells them to whoever listens. */
export interface EmulatorLog {
  /** The oldest first; at most `LOG_LENGTH`. */
  entries(): readonly EmulatorEvent[];
  /** Calls `listener` at each event; the answer ends it. */
  on(listener: (event: EmulatorEvent) => void): () => void;
  add(event: EmulatorEvent): void;
}

/** Events that a log remembers. */
export const LOG_LENGTH = 1_000;

/** An empty log. */
export function createEmulatorLog(): EmulatorLog {
  const kept: EmulatorEvent[] = [];
  const listeners = new Set<(event: EmulatorEvent) => void>();
  return {
    entries: () => [...kept],
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add(event) {
      kept.push(event);
      if (kept.length > LOG_LENGTH) kept.shift();
      for (const listener of listeners) listener(event);
    },
  };
}
