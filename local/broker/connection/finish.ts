import { encodeControl } from '../codec/control.ts';
import type { DisconnectCause } from '../events.ts';
import { reason } from '../reason.ts';
import type { Connection } from './connection.ts';
import { step } from './machine.ts';

/** Why a connection is ended from the broker's side. */
export interface Ending {
  readonly cause: DisconnectCause;
  readonly reasonCode: number;
  readonly detail: string;
}

function causeOf(reasonCode: number): DisconnectCause {
  switch (reasonCode) {
    case reason.keepAliveTimeout:
      return 'keep-alive';
    case reason.sessionTakenOver:
      return 'taken-over';
    case reason.notAuthorized:
    case reason.badUserNameOrPassword:
      return 'not-authorized';
    case reason.quotaExceeded:
    case reason.messageRateTooHigh:
      return 'quota';
    case reason.administrativeAction:
    case reason.serverShuttingDown:
      return 'server';
    case reason.unspecified:
    case reason.serverBusy:
    case reason.serverUnavailable:
      return 'server-error';
    default:
      return 'protocol';
  }
}

/** Tells the client (MQTT 5 only: 3.1.1 has no DISCONNECT from the server) and closes. */
export function expel(connection: Connection, reasonCode: number, detail: string, cause = causeOf(reasonCode)): void {
  if (connection.state.kind === 'closed' && connection.ending !== undefined) return;
  connection.ending ??= { cause, reasonCode, detail };
  if (connection.version === 5 && connection.session !== undefined) {
    connection.wire.write(encodeControl({ cmd: 'disconnect', reasonCode }, 5));
  }
  connection.wire.end();
  finish(connection);
}

/** Closes without a word. */
export function cut(connection: Connection, ending: Ending): void {
  connection.ending ??= ending;
  connection.wire.destroy();
  finish(connection);
}

function stopTimers(connection: Connection): void {
  for (const stop of connection.timers.values()) stop();
  connection.timers.clear();
}

/** Lets go of the session when the connection is over, however it ended; a second call does nothing. */
export function finish(connection: Connection): void {
  connection.state = step(connection.state, { kind: 'lost' }).state;
  stopTimers(connection);
  const { core, session, will } = connection;
  if (session === undefined) return;
  connection.session = undefined;
  connection.will = undefined;
  session.link = undefined;
  session.outbound.detach();
  const ending = connection.ending ?? {
    cause: 'connection-lost',
    reasonCode: reason.unspecified,
    detail: 'socket closed',
  };
  core.events.emit('disconnected', { clientId: session.clientId, ...ending });
  if (will !== undefined) core.wills.arm(session, will);
  if (core.profile.sharedRedistribution === 'on-disconnect') core.router.redistribute(session, 'connected');
  core.sessions.rest(session);
}
