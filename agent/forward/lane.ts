import { heartbeatTopic } from '../../shared/heartbeat-topic.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { Route } from '../../shared/resources/topic-map.ts';
import { compileFilter } from '../../shared/topic/filter.ts';
import { compileMapping } from '../../shared/topic/mapping.ts';
import type { FaultSnapshot } from '../observe/snapshot.ts';
import type { DropReason, RouteCounters } from './counters.ts';
import type { Sender } from './sender.ts';

/** A message that the target refused. */
export interface Refusal {
  readonly fault: FaultSnapshot;
  readonly reason: DropReason;
  /** Monotonic milliseconds of the last one, and of the last one that was logged. */
  readonly at: number;
  readonly loggedAt: number;
  /** Messages that the route had forwarded by then. */
  readonly forwarded: number;
}

/** A route at work: what its messages must match, where they go, and what became of them. */
export interface Lane {
  /** As in the plan. */
  readonly key: string;
  readonly route: Route;
  readonly sourceSide: Side;
  /** True once the source granted the subscription. */
  subscribed: boolean;
  /** Messages it took. */
  taken: number;
  /** Why the source refused the subscription, when it did. */
  fault: FaultSnapshot | undefined;
  /** Why the target refused messages of late, when it did. */
  refusal: Refusal | undefined;
  readonly counters: RouteCounters;
  readonly target: Sender;
  /** Sender of the source session, for refused messages. */
  readonly deadLetters: Sender;
  /** Topic below which refused messages are published at the source. */
  readonly deadLetterTopic: string;
  /** Messages through more bridges than this are dropped; 0 neither counts nor checks. */
  readonly maxHops: number;
  /** True when the source filter matches. */
  matches(topic: string): boolean;
  /** The target topic, or why this topic is not forwarded. */
  map(topic: string): { readonly topic: Buffer } | { readonly drop: DropReason };
}

/** What a lane is made of. */
export type LaneParts = Pick<
  Lane,
  'key' | 'route' | 'sourceSide' | 'counters' | 'target' | 'deadLetters' | 'deadLetterTopic' | 'maxHops'
>;

/** Heartbeats of agents matter at their own broker only. */
const isHeartbeat = compileFilter(heartbeatTopic('+', '+'));

/** Compiles the route's filters and mapping once, for all messages. */
export function createLane(parts: LaneParts): Lane {
  const matches = compileFilter(parts.route.source);
  const excluded = (parts.route.excludes ?? []).map(compileFilter);
  const mapping = compileMapping(parts.route);
  return {
    ...parts,
    subscribed: false,
    taken: 0,
    fault: undefined,
    refusal: undefined,
    matches,
    map(topic) {
      if (excluded.some((excludes) => excludes(topic))) return { drop: 'excluded' };
      if (isHeartbeat(topic)) return { drop: 'heartbeat' };
      const target = mapping(topic);
      if (!target.ok) return { drop: target.reason };
      const bytes = Buffer.from(target.topic);
      return bytes.length > 65_535 ? { drop: 'invalid_target' } : { topic: bytes };
    },
  };
}
