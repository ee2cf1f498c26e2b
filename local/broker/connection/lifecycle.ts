import type { IAuthPacket } from 'mqtt-packet';
import { encodeConnack, encodeControl } from '../codec/control.ts';
import type { SessionSummary } from '../hooks.ts';
import { ProtocolFault, reason, returnCodeOf } from '../reason.ts';
import { admit, watchCredentials } from './admit.ts';
import { askForVerdict, attemptOf } from './authenticate.ts';
import type { Connection } from './connection.ts';
import { cut, expel, finish } from './finish.ts';
import { step, type ConnectionEvent } from './machine.ts';

/** What an event is about. */
interface Occasion {
  readonly auth?: IAuthPacket | undefined;
  readonly detail?: string;
}

/** MQTT5 3.15.2.1: an AUTH that says success may leave everything out. */
const SHORT_SUCCESS = Buffer.from([0xf0, 0x00]);

/** Moves the machine and does what it says; true when the packet at hand is to be handled. */
export function happen(connection: Connection, event: ConnectionEvent, occasion: Occasion = {}): boolean {
  const { state, effect } = step(connection.state, event);
  connection.state = state;
  switch (effect.kind) {
    case 'none':
      break;
    case 'handle':
      return true;
    case 'authenticate': {
      const attempt = attemptOf(connection, occasion.auth, effect.again, effect.first);
      if (attempt !== undefined) askForVerdict(connection, attempt, (verdict) => decide(connection, verdict));
      break;
    }
    case 'challenge':
      sendAuth(connection, reason.continueAuthentication);
      break;
    case 'confirm':
      confirm(connection);
      break;
    case 'admit':
      admitOrRefuse(connection);
      break;
    case 'refuse':
      refuse(connection, effect.reasonCode);
      break;
    case 'expel':
      expel(connection, effect.reasonCode, occasion.detail ?? '');
      break;
    case 'close':
      cut(connection, { cause: 'protocol', reasonCode: reason.protocolError, detail: occasion.detail ?? '' });
      break;
  }
  return false;
}

function admitOrRefuse(connection: Connection): void {
  const { authenticationName, core, request } = connection;
  if (request === undefined) return;
  const sessions = (): SessionSummary[] =>
    [...core.sessions.all()].map((session) => ({
      clientId: session.clientId,
      authenticationName: session.authenticationName,
      connected: session.link !== undefined,
    }));
  const refusal = core.hooks.onAdmit?.({ request, authenticationName, sessions });
  if (refusal === undefined) admit(connection, request);
  else refuse(connection, refusal);
}

function confirm(connection: Connection): void {
  if (connection.core.profile.reauthenticationReply === 'short') connection.wire.write(SHORT_SUCCESS);
  else sendAuth(connection, reason.success);
  watchCredentials(connection);
  connection.core.events.emit('reauthenticated', { clientId: connection.request?.clientId ?? '' });
}

function decide(connection: Connection, verdict: NonNullable<Connection['verdict']>): void {
  connection.verdict = verdict;
  if (verdict.kind === 'accepted') {
    // A session keeps the name it was opened under, whatever credentials are renewed later.
    connection.authenticationName ??= verdict.authenticationName;
    happen(connection, { kind: 'accepted' });
  } else if (verdict.kind === 'continue') happen(connection, { kind: 'continue' });
  else happen(connection, { kind: 'refused', reasonCode: verdict.reasonCode });
  connection.resume();
}

function sendAuth(connection: Connection, reasonCode: number): void {
  const { verdict, request } = connection;
  const data = verdict === undefined || verdict.kind === 'refused' ? undefined : verdict.data;
  const properties = {
    authenticationMethod: request?.authenticationMethod ?? '',
    ...(data === undefined ? {} : { authenticationData: data }),
  };
  connection.wire.write(encodeControl({ cmd: 'auth', reasonCode, properties }, 5));
}

/** Answers a CONNECT with a reason code and closes. */
export function refuse(connection: Connection, reasonCode: number): void {
  const { core, version, wire } = connection;
  connection.state = { kind: 'closed' };
  core.events.emit('refused', { clientId: connection.request?.clientId ?? '', reasonCode });
  wire.write(encodeConnack(version, version === 5 ? reasonCode : returnCodeOf(reasonCode), false));
  wire.end();
  finish(connection);
}

/** Ends a connection for what was thrown while one of its packets was handled. */
export function fail(connection: Connection, error: unknown): void {
  const reasonCode = error instanceof ProtocolFault ? error.reasonCode : reason.unspecified;
  const detail = error instanceof Error ? error.message : String(error);
  connection.core.events.emit('fault', { clientId: connection.session?.clientId, reasonCode, detail });
  // A CONNECT whose version was read and whose rest is wrong gets its answer; everything else before it gets none.
  const answerable = connection.state.kind === 'opened' && connection.version === 5;
  if (answerable) refuse(connection, reasonCode);
  else happen(connection, { kind: 'fault', reasonCode }, { detail });
}
