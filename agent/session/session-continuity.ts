import type { Logger } from '../observe/logger.ts';
import type { Connack } from './mqtt-client.ts';

/** What a session expects of its broker. */
export interface ExpectedSession {
  /** It was connected before. */
  readonly established: boolean;
  readonly reads: boolean;
  /** Seconds. */
  readonly expirySeconds: number;
  readonly epoch: number;
}

/** Whether the broker forgot a session it should have kept; logs that, and when it will keep it for less than was asked. */
export function isSessionLost(connack: Connack, expected: ExpectedSession, logger: Logger): boolean {
  const { established, reads, expirySeconds, epoch } = expected;
  const { sessionPresent, sessionExpiry = expirySeconds } = connack;
  const lost = !sessionPresent && established && expirySeconds > 0;
  if (lost) {
    logger.warn({ evt: 'SessionLost', epoch }, 'the broker forgot the session; messages it had queued are gone');
  }
  if (reads && sessionExpiry < expirySeconds) {
    logger.warn(
      { evt: 'SessionExpiryShortened', askedSeconds: expirySeconds, grantedSeconds: sessionExpiry },
      'the broker keeps this session for less time than session.expirySeconds: a longer outage loses what it queued',
    );
  }
  return lost;
}
