import type { LatencySnapshot, RouteCounts } from '../observe/snapshot.ts';

/** Why a message was not forwarded; the `reason` label of `mqttbridge_messages_dropped_total`. */
export type DropReason =
  | 'no_match'
  | 'excluded'
  | 'heartbeat'
  | 'unresolved_template'
  | 'invalid_target'
  | 'too_large'
  | 'expired'
  | 'loop'
  | 'target_unavailable'
  | 'not_authorized'
  | 'topic_refused'
  | 'payload_refused'
  | 'refused'
  | 'dead_lettered'
  | 'returned';

/** Why a publish was repeated; the `reason` label of `mqttbridge_messages_retried_total`. */
export type RetryReason = 'reconnect' | 'transient_refusal' | 'throttled' | 'blocked';

/** What happened to the messages of one route; every message that is received has exactly one outcome. */
export interface RouteCounters {
  received: number;
  receivedBytes: number;
  forwarded: number;
  forwardedBytes: number;
  readonly dropped: Partial<Record<DropReason, number>>;
  redelivered: number;
  readonly retried: Partial<Record<RetryReason, number>>;
  qosLowered: number;
  retainCleared: number;
  readonly latency: LatencyHistogram;
}

/** Counts at zero. */
export function createRouteCounters(): RouteCounters {
  return {
    received: 0,
    receivedBytes: 0,
    forwarded: 0,
    forwardedBytes: 0,
    dropped: {},
    redelivered: 0,
    retried: {},
    qosLowered: 0,
    retainCleared: 0,
    latency: createLatencyHistogram(),
  };
}

/** Counts one message as dropped. */
export function countDropped(counters: RouteCounters, reason: DropReason): void {
  counters.dropped[reason] = (counters.dropped[reason] ?? 0) + 1;
}

/** Counts one message as forwarded, `seconds` after it was received. */
export function countForwarded(counters: RouteCounters, payloadBytes: number, seconds: number): void {
  counters.forwarded++;
  counters.forwardedBytes += payloadBytes;
  observeLatency(counters.latency, seconds);
}

/** Counts one repeated publish. */
export function countRetried(counters: RouteCounters, reason: RetryReason): void {
  counters.retried[reason] = (counters.retried[reason] ?? 0) + 1;
}

/** The counts as a snapshot; what has no outcome is in flight. */
export function snapshotCounters(counters: RouteCounters): RouteCounts {
  let outcomes = counters.forwarded;
  for (const count of Object.values(counters.dropped)) outcomes += count;
  return {
    ...counters,
    dropped: { ...counters.dropped },
    retried: { ...counters.retried },
    inflight: counters.received - outcomes,
    latency: snapshotLatency(counters.latency),
  };
}

/** Upper bounds of the latency buckets, in seconds. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Buckets of forwarding times; the last one is above all bounds. */
export interface LatencyHistogram {
  readonly counts: number[];
  /** Seconds. */
  sum: number;
}

function createLatencyHistogram(): LatencyHistogram {
  return { counts: LATENCY_BOUNDS.map(() => 0).concat(0), sum: 0 };
}

/** Adds one forwarding time. */
export function observeLatency(histogram: LatencyHistogram, seconds: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS.length && seconds > LATENCY_BOUNDS[bucket]) bucket++;
  histogram.counts[bucket]++;
  histogram.sum += seconds;
}

function snapshotLatency(histogram: LatencyHistogram): LatencySnapshot {
  return { bounds: LATENCY_BOUNDS, counts: [...histogram.counts], sum: histogram.sum };
}
