import { setTimeout as delay } from 'node:timers/promises';
import type { Lane } from './forward/lane.ts';
import type { Session } from './session/session.ts';

/** How long a removed route may take to hand on what its broker had queued for it, in milliseconds. */
export const RETIRE_MS = 10_000;
/** A removed route without a message for this long is empty, in milliseconds. */
const QUIET_MS = 500;
const POLL_MS = 10;

/** Lets sessions finish what is in flight while they take nothing new; those without a connection have nothing to finish. */
export async function settleInflight(
  sessions: readonly Session[],
  deadlineMs: number,
  now: () => number,
): Promise<void> {
  const deadline = now() + deadlineMs;
  for (const session of sessions) session.receiver.drain();
  const busy = () => sessions.some((session) => session.connected && session.sender.pending > 0);
  while (busy() && now() < deadline) await delay(POLL_MS);
  // Acknowledgements for the source leave at the end of the turn in which the last target answered.
  await delay(POLL_MS);
}

/** Ends a session that the plan no longer has, after what its broker still had queued for it went its way. */
export async function retire(session: Session, now: () => number): Promise<void> {
  const deadline = now() + RETIRE_MS;
  let quietSince = now();
  let { taken } = session.receiver;
  while (session.connected && now() < deadline && now() - quietSince < QUIET_MS) {
    if (session.receiver.taken !== taken || session.receiver.unacknowledged > 0 || session.sender.pending > 0) {
      taken = session.receiver.taken;
      quietSince = now();
    }
    await delay(POLL_MS);
  }
  await session.stop({ forget: true });
}

/** Waits until new lanes read, so that no message falls between an old lane and the one that follows it. */
export async function untilSubscribed(lanes: readonly Lane[], now: () => number): Promise<void> {
  const deadline = now() + RETIRE_MS;
  while (lanes.some((lane) => !lane.subscribed && !lane.fault) && now() < deadline) await delay(POLL_MS);
}
