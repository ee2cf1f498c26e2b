import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster/cluster.ts';
import type { Lane } from './forward/lane.ts';
import type { Session } from './session/session.ts';

/** How long a move from one document to the next waits for anything, in milliseconds. */
export const PATIENCE_MS = 10_000;
/** A removed route without a message for this long is empty, in milliseconds. */
const QUIET_MS = 500;
/** How long what left is read on at most, in milliseconds. */
export const OVERLAP_MS = 20_000;
const POLL_MS = 10;

/** Time as the waits below see it. */
export interface Patience {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Ends every wait at once. */
  readonly signal: AbortSignal;
}

/**
 * Lets sessions finish what is in flight while they take nothing new. One without a connection, or with nothing but
 * refused messages to try again, has nothing to finish: its messages are still with their source. Gives up after
 * `deadlineMs`.
 */
export async function settleInflight(
  sessions: readonly Session[],
  patience: Patience,
  deadlineMs = PATIENCE_MS,
): Promise<void> {
  for (const session of sessions) session.receiver.drain();
  const busy = ({ connected, sender }: Session) => connected && sender.pending > 0 && !sender.stuck;
  const idle = () => !sessions.some(busy);
  await until(idle, patience, deadlineMs);
  // Acknowledgements for the source leave at the end of the turn in which the last target answered.
  await delay(POLL_MS);
}

/**
 * Lets what these sessions read reach its targets, and what they publish be acknowledged, while they take nothing new;
 * those targets may go on with the messages of others. Gives up like `settleInflight`.
 */
export async function settleSources(
  sessions: readonly Session[],
  targetsOf: (source: Session) => readonly Session[],
  patience: Patience,
): Promise<void> {
  for (const session of sessions) session.receiver.drain();
  const answers = ({ connected, sender }: Session) => connected && sender.pending > 0 && !sender.stuck;
  const busy = (session: Session) =>
    session.connected &&
    (answers(session) || (session.receiver.unacknowledged > 0 && targetsOf(session).some(answers)));
  await until(() => !sessions.some(busy), patience, PATIENCE_MS);
  await delay(POLL_MS);
}

/** Waits until new lanes read, so that no message falls between an old lane and the one that follows it. */
export function untilSubscribed(lanes: readonly Lane[], patience: Patience): Promise<void> {
  return until(() => lanes.every((lane) => lane.subscribed || lane.fault), patience, PATIENCE_MS);
}

/** Waits, as long as it takes, until a session is connected and has handed on what its broker had queued for it. */
export async function untilEmpty(session: Session, patience: Patience): Promise<void> {
  const { receiver, sender } = session;
  let { taken } = receiver;
  let quietSince = patience.now();
  await until(() => {
    if (!session.connected || receiver.taken !== taken || receiver.unacknowledged > 0 || sender.pending > 0) {
      taken = receiver.taken;
      quietSince = patience.now();
    }
    return patience.now() - quietSince >= QUIET_MS;
  }, patience);
}

/** Waits until somebody reads in every slot by the newest document, but not for ever. */
export function untilCovered(cluster: Pick<Cluster, 'covered'>, patience: Patience): Promise<void> {
  return until(() => cluster.covered, patience, OVERLAP_MS);
}

/**
 * Waits, as long as it takes, until a session that goes on has handed on what its broker had queued for a lane that
 * left it.
 */
export async function untilLeft(lane: Lane, source: Session, patience: Patience): Promise<void> {
  let { taken } = lane;
  let quietSince = patience.now();
  await until(() => {
    if (!source.connected || lane.taken !== taken) {
      ({ taken } = lane);
      quietSince = patience.now();
    }
    return patience.now() - quietSince >= QUIET_MS;
  }, patience);
}

async function until(condition: () => boolean, { now, signal }: Patience, deadlineMs = Infinity): Promise<void> {
  const deadline = now() + deadlineMs;
  while (!condition() && now() < deadline && !signal.aborted) await delay(POLL_MS);
}
