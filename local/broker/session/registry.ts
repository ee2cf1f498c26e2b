import type { Clock } from '../clock.ts';
import type { SessionEnd } from '../events.ts';
import type { Session } from './session.ts';

/** An expiry that never comes (MQTT5 3.1.2.11.2). */
export const NEVER_EXPIRES = 0xffff_ffff;

/** All sessions of a broker, connected or waiting for their client. */
export interface SessionRegistry {
  get(clientId: string): Session | undefined;
  all(): IterableIterator<Session>;
  add(session: Session): void;
  /** Stops the expiry of a session whose client is back. */
  resume(session: Session): void;
  /** Starts the expiry of a session whose connection ended, or ends it at once. */
  rest(session: Session): void;
  /** Throws its state away. */
  end(session: Session, cause: SessionEnd): void;
  close(): void;
}

/** An empty registry; `ended` is told of each session that goes, after it is gone. */
export function createSessionRegistry(
  clock: Clock,
  ended: (session: Session, cause: SessionEnd) => void,
): SessionRegistry {
  const sessions = new Map<string, Session>();
  const expiries = new Map<Session, () => void>();

  function stopExpiry(session: Session): void {
    expiries.get(session)?.();
    expiries.delete(session);
  }

  function end(session: Session, cause: SessionEnd): void {
    stopExpiry(session);
    if (sessions.get(session.clientId) !== session) return;
    sessions.delete(session.clientId);
    ended(session, cause);
  }

  return {
    get: (clientId) => sessions.get(clientId),
    all: () => sessions.values(),
    add: (session) => void sessions.set(session.clientId, session),
    resume: stopExpiry,
    rest(session) {
      if (session.expirySeconds === 0) end(session, 'transient');
      else if (session.expirySeconds !== NEVER_EXPIRES) {
        expiries.set(
          session,
          clock.after(session.expirySeconds * 1000, () => end(session, 'expired')),
        );
      }
    },
    end,
    close() {
      for (const session of sessions.values()) stopExpiry(session);
      sessions.clear();
    },
  };
}
