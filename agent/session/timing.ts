import { type BackoffPace, DEFAULT_PACE } from './backoff.ts';

/** Every delay of a session, in milliseconds. */
export interface Timing {
  readonly reconnect: BackoffPace;
  /** Pause before a message refused for now is sent again. */
  readonly retry: BackoffPace;
  /** For DNS, TCP, TLS and WebSocket together, and again for CONNACK. */
  readonly connectTimeoutMs: number;
  /** A message without an answer for this long means the broker has lost it, or its answer. */
  readonly ackTimeoutMs: number;
  /** A connection that lasted this long counts as good: the next pause is short again. */
  readonly stableMs: number;
  /** Pause before a refused subscription is asked for again. */
  readonly resubscribeMs: number;
  /** How often connections are looked after. */
  readonly tickMs: number;
}

export const DEFAULT_TIMING: Timing = {
  reconnect: DEFAULT_PACE,
  retry: { ...DEFAULT_PACE, firstMs: 100, mostMs: 30_000 },
  connectTimeoutMs: 10_000,
  ackTimeoutMs: 20_000,
  stableMs: 10_000,
  resubscribeMs: 30_000,
  tickMs: 1_000,
};
