import type { ProtocolVersion } from '../codec/publish.ts';
import type { Subscription } from '../routing/subscription.ts';
import { createOutbound, type Outbound, type OutboundContext, type SessionLink } from './outbound.ts';

/** What a broker keeps about a client from CONNECT until its session expires. */
export interface Session {
  readonly clientId: string;
  readonly authenticationName: string | undefined;
  version: ProtocolVersion;
  /** Seconds it outlives its connection; 0xFFFFFFFF is for ever. */
  expirySeconds: number;
  /** By filter as the client sent it. */
  readonly subscriptions: Map<string, Subscription>;
  readonly outbound: Outbound;
  /** Packet identifiers of QoS 2 messages handed on already and not yet released by their sender. */
  readonly received: Set<number>;
  /** The present connection. */
  link: SessionLink | undefined;
}

/** What a new session starts from. */
export interface SessionStart {
  readonly clientId: string;
  readonly authenticationName: string | undefined;
  readonly version: ProtocolVersion;
}

/** A session that knows nothing yet; `contextOf` is called with it, because drops are reported by session. */
export function createSession(start: SessionStart, contextOf: (session: Session) => OutboundContext): Session {
  const session: { -readonly [Key in keyof Session]: Session[Key] } = {
    ...start,
    expirySeconds: 0,
    subscriptions: new Map(),
    outbound: undefined as unknown as Outbound,
    received: new Set(),
    link: undefined,
  };
  session.outbound = createOutbound(contextOf(session));
  return session;
}
