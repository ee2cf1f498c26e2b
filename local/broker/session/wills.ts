import type { Clock } from '../clock.ts';
import type { Will } from '../codec/control.ts';
import type { Session } from './session.ts';

/** Wills whose delay runs. */
export interface Wills {
  /** The connection was lost: publishes after the will's delay, at the latest when the session ends. */
  arm(session: Session, will: Will): void;
  /** The client is back in its session before the delay ran out. */
  cancel(session: Session): void;
  /** The session ended: its will is due now. */
  fire(session: Session): void;
  close(): void;
}

/** No wills yet; `publish` is called once for each that comes due, after `maximumDelay` seconds at the latest. */
export function createWills(
  clock: Clock,
  publish: (session: Session, will: Will) => void,
  maximumDelay = Number.POSITIVE_INFINITY,
): Wills {
  const armed = new Map<Session, { readonly will: Will; readonly stop: () => void }>();

  function cancel(session: Session): void {
    armed.get(session)?.stop();
    armed.delete(session);
  }

  function fire(session: Session): void {
    const entry = armed.get(session);
    cancel(session);
    if (entry !== undefined) publish(session, entry.will);
  }

  return {
    arm(session, will) {
      if (will.delaySeconds === 0 || session.expirySeconds === 0) {
        publish(session, will);
        return;
      }
      const delay = Math.min(will.delaySeconds, maximumDelay);
      armed.set(session, { will, stop: clock.after(delay * 1000, () => fire(session)) });
    },
    cancel,
    fire,
    close() {
      for (const session of armed.keys()) cancel(session);
    },
  };
}
