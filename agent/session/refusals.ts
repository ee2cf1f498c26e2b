import type { AdviceContext } from '../../shared/advice.ts';
import type { DropReason } from '../forward/counters.ts';
import type { Lane } from '../forward/lane.ts';
import { reasonCodeOf } from '../forward/refusal.ts';
import type { Transit } from '../forward/transit.ts';
import type { Logger } from '../observe/logger.ts';
import type { FaultSnapshot } from '../observe/snapshot.ts';
import { faultOfCode } from './faults.ts';

/** A message was refused again within this time, in milliseconds, while others of its route pass: the refusal goes on. */
const SHOWN_MS = 60_000;
/** Milliseconds between lines about refused messages of one lane. */
const LOG_EVERY_MS = 30_000;

/** What noting a refusal needs from the session that met it. */
export interface RefusalParts {
  readonly logger: Logger;
  readonly explain: (fault: FaultSnapshot, context?: AdviceContext) => FaultSnapshot;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Why a message was given up, with the code of the broker when it gave one. */
export interface RefusedFor {
  readonly reason: DropReason;
  readonly reasonCode: number | undefined;
}

/** Keeps at the lane, and logs now and then, why the target refuses its messages. */
export function noteRefusal(transit: Transit, why: RefusedFor, { logger, explain, now }: RefusalParts): void {
  const { lane } = transit;
  const { reason } = why;
  const reasonCode = why.reasonCode ?? reasonCodeOf(reason);
  if (reasonCode === undefined) return;
  const { route, refusal: past, counters } = lane;
  const at = now();
  const known = past?.reason === reason && at - past.loggedAt < LOG_EVERY_MS ? past : undefined;
  // Thousands a second may be refused: what is known is neither explained nor logged again.
  if (known) return remember(lane, { ...known, at, forwarded: counters.forwarded });
  const topic = transit.original ? lane.deadLetterTopic : (route.target ?? route.source);
  const fault = explain(faultOfCode(reasonCode), { during: 'publish', route: route.name, topic });
  remember(lane, { fault, reason, at, loggedAt: at, forwarded: counters.forwarded });
  const { fix, message } = fault;
  logger.warn({ evt: 'PublishRefused', route: route.name, reason: fault.reason, reasonCode, fix }, message);
}

/** Forgets a refusal that is over: messages pass, and none was refused for a minute. */
export function forgetRefusal(lane: Lane, now: number): void {
  const { refusal, counters } = lane;
  if (refusal && counters.forwarded > refusal.forwarded && now - refusal.at > SHOWN_MS) lane.refusal = undefined;
}

function remember(lane: Lane, refusal: NonNullable<Lane['refusal']>): void {
  lane.refusal = refusal;
}
