import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import type { IAuthPacket, IDisconnectPacket } from 'mqtt-packet';
import { checkControl, createControlParser, encodeConnack, encodeControl } from '../codec/control.ts';
import { createFrameGuard } from '../codec/framing.ts';
import type { Core } from '../core.ts';
import { ProtocolFault, protocolError, reason, returnCodeOf } from '../reason.ts';
import { admit, watchCredentials } from './admit.ts';
import { askForVerdict, attemptOf } from './authenticate.ts';
import { setTimer, type Connection } from './connection.ts';
import { cut, expel, finish } from './finish.ts';
import { step, type ConnectionEvent } from './machine.ts';
import { receiveAcknowledgement, receivePublish } from './receive-publish.ts';
import { receiveSubscribe, receiveUnsubscribe } from './receive-subscribe.ts';
import { readConnectRequest } from './request.ts';
import { createWire } from './wire.ts';

const PINGRESP = Buffer.from([0xd0, 0x00]);

/** The packet an effect is about. */
interface Occasion {
  readonly frame?: Buffer;
  readonly auth?: IAuthPacket | undefined;
  readonly detail?: string;
}

/** Moves the machine and does what it says. */
function happen(connection: Connection, event: ConnectionEvent, occasion: Occasion = {}): void {
  const { state, effect } = step(connection.state, event);
  connection.state = state;
  switch (effect.kind) {
    case 'none':
      return;
    case 'handle':
      if (occasion.frame !== undefined) handle(connection, occasion.frame);
      return;
    case 'authenticate': {
      const attempt = attemptOf(connection, occasion.auth, effect.again, effect.first);
      if (attempt !== undefined) askForVerdict(connection, attempt, (verdict) => decide(connection, verdict));
      return;
    }
    case 'challenge':
      return sendAuth(connection, reason.continueAuthentication);
    case 'confirm':
      sendAuth(connection, reason.success);
      watchCredentials(connection);
      connection.core.events.emit('reauthenticated', { clientId: connection.request?.clientId ?? '' });
      return;
    case 'admit':
      return admit(connection);
    case 'refuse':
      return refuse(connection, effect.reasonCode);
    case 'expel':
      return expel(connection, effect.reasonCode, occasion.detail ?? '');
    case 'close':
      return cut(connection, { cause: 'protocol', reasonCode: reason.protocolError, detail: occasion.detail ?? '' });
  }
}

function decide(connection: Connection, verdict: NonNullable<Connection['verdict']>): void {
  connection.verdict = verdict;
  if (verdict.kind === 'accepted') {
    // MQTT5 4.12.1 lets only the credentials change: a session keeps the name it was opened under.
    connection.authenticationName ??= verdict.authenticationName;
    happen(connection, { kind: 'accepted' });
  } else if (verdict.kind === 'continue') happen(connection, { kind: 'continue' });
  else happen(connection, { kind: 'refused', reasonCode: verdict.reasonCode });
  takePackets(connection);
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

function refuse(connection: Connection, reasonCode: number): void {
  const { core, version, wire } = connection;
  core.events.emit('refused', { clientId: connection.request?.clientId ?? '', reasonCode });
  wire.write(encodeConnack(version, version === 5 ? reasonCode : returnCodeOf(reasonCode), false));
  wire.end();
  finish(connection);
}

function receiveConnect(connection: Connection, frame: Buffer): void {
  if (connection.state.kind !== 'opened') {
    happen(connection, { kind: 'connect', method: undefined }, { detail: 'second CONNECT' });
    return;
  }
  const read = readConnectRequest(connection, frame);
  if (read.kind === 'refused') {
    connection.state = { kind: 'closed' };
    refuse(connection, read.reasonCode);
    return;
  }
  connection.request = read.request;
  connection.will = read.will;
  const refusal = connection.core.hooks.onConnect?.(read.request);
  if (refusal === undefined) {
    happen(connection, { kind: 'connect', method: read.request.authenticationMethod });
    return;
  }
  connection.state = { kind: 'closed' };
  refuse(connection, refusal);
}

function receiveDisconnect(connection: Connection, packet: IDisconnectPacket): void {
  const { session, request } = connection;
  const expiry = packet.properties?.sessionExpiryInterval;
  if (session !== undefined && expiry !== undefined) {
    // MQTT5 3.14.2.2.2: a session that was to end with its connection cannot be kept afterwards.
    if (request?.sessionExpiry === 0 && expiry !== 0) {
      expel(connection, reason.protocolError, 'session expiry raised from 0');
      return;
    }
    session.expirySeconds = Math.min(expiry, connection.core.profile.maximumSessionExpiry ?? expiry);
  }
  const reasonCode = packet.reasonCode ?? reason.success;
  if (reasonCode === reason.success) connection.will = undefined;
  connection.ending = { cause: 'client', reasonCode, detail: 'DISCONNECT' };
  connection.wire.end();
  finish(connection);
}

/** A whole packet of a connected client. */
function handle(connection: Connection, frame: Buffer): void {
  const type = frame.readUInt8(0) >> 4;
  switch (type) {
    case 3:
      return receivePublish(connection, frame);
    case 4:
    case 5:
    case 6:
    case 7:
      return receiveAcknowledgement(connection, frame);
    case 12:
      if (frame.length !== 2 || frame[0] !== 0xc0) protocolError('PINGREQ with flags or a body');
      return connection.wire.write(PINGRESP);
    default:
      return handleControl(connection, frame);
  }
}

function handleControl(connection: Connection, frame: Buffer): void {
  const { userProperties } = checkControl(frame, connection.version);
  if (userProperties && connection.core.profile.userPropertiesOutsidePublish === 'refuse') {
    throw new ProtocolFault(reason.implementationSpecific, 'user properties outside PUBLISH');
  }
  const packet = connection.parser.parse(frame);
  switch (packet.cmd) {
    case 'subscribe':
      return receiveSubscribe(connection, packet);
    case 'unsubscribe':
      return receiveUnsubscribe(connection, packet);
    case 'disconnect':
      return receiveDisconnect(connection, packet);
    case 'auth':
    case 'connect':
    case 'pingreq':
      return protocolError('packet out of place');
  }
}

function receiveAuth(connection: Connection, frame: Buffer): void {
  if (connection.version === 4) protocolError('MQTT 3.1.1 has no AUTH');
  checkControl(frame, connection.version);
  const packet = connection.parser.parse(frame);
  if (packet.cmd !== 'auth') return;
  const event = {
    kind: 'auth',
    reasonCode: packet.reasonCode,
    method: packet.properties?.authenticationMethod,
  } as const;
  happen(connection, event, { auth: packet, detail: 'AUTH out of place' });
}

function receive(connection: Connection, frame: Buffer): void {
  const type = frame.readUInt8(0) >> 4;
  switch (type) {
    case 1:
      return receiveConnect(connection, frame);
    case 15:
      return connection.state.kind === 'opened'
        ? happen(connection, { kind: 'packet' })
        : receiveAuth(connection, frame);
    case 14:
      return happen(connection, { kind: 'disconnect' }, { frame });
    // Reserved, or sent by servers only: CONNACK, SUBACK, UNSUBACK, PINGRESP.
    case 0:
    case 2:
    case 9:
    case 11:
    case 13:
      return protocolError(`packet type ${type} from a client`);
    default:
      return happen(
        connection,
        { kind: 'packet' },
        { frame, detail: `packet type ${type} before CONNECT was accepted` },
      );
  }
}

function fail(connection: Connection, error: unknown): void {
  const known = error instanceof ProtocolFault;
  const reasonCode = known ? error.reasonCode : reason.unspecified;
  const detail = error instanceof Error ? error.message : String(error);
  connection.core.events.emit('fault', { clientId: connection.session?.clientId, reasonCode, detail });
  // A CONNECT whose version was read and whose rest is wrong gets its answer; everything else before it gets none.
  if (connection.state.kind === 'opened' && connection.version === 5 && connection.request === undefined) {
    connection.state = { kind: 'closed' };
    refuse(connection, reasonCode);
    return;
  }
  happen(connection, { kind: 'fault', reasonCode }, { detail });
}

/** Works off whole packets; while the broker makes up its mind about a CONNECT, what the client sends behind it waits. */
function takePackets(connection: Connection): void {
  const { guard, stream } = connection;
  try {
    for (;;) {
      const { state } = connection;
      if (state.kind === 'closed') return;
      if (state.kind === 'authenticating' && state.turn === 'broker') {
        stream.pause();
        return;
      }
      const frame = guard.next();
      if (frame === undefined) break;
      connection.lastHeard = connection.core.clock.now();
      receive(connection, frame);
    }
  } catch (error) {
    fail(connection, error);
  }
  if (stream.isPaused()) stream.resume();
}

/** Serves one network connection until it ends. */
export function serve(core: Core, stream: Duplex, certificate: () => PeerCertificate | undefined): Connection {
  const { clock, profile } = core;
  const connection: Connection = {
    core,
    stream,
    certificate,
    wire: createWire(stream, {
      clock,
      lingerMs: profile.lingerMs,
      maximumUnsentBytes: profile.maximumUnsentBytes,
      acknowledged: (packetIds) => {
        for (const packetId of packetIds) connection.open.delete(packetId);
      },
      room: () => connection.session?.outbound.pump(),
    }),
    guard: createFrameGuard(Math.min(profile.maximumConnectSize, profile.maximumPacketSize)),
    parser: createControlParser(),
    state: { kind: 'opened' },
    version: 4,
    request: undefined,
    will: undefined,
    session: undefined,
    authenticationName: undefined,
    round: 0,
    verdict: undefined,
    aliases: new Map(),
    open: new Set(),
    lastHeard: clock.now(),
    timers: new Map(),
    ending: undefined,
  };
  setTimer(connection, 'connect', profile.connectTimeoutMs, () => {
    core.events.emit('fault', { clientId: undefined, reasonCode: reason.unspecified, detail: 'no CONNECT in time' });
    cut(connection, { cause: 'protocol', reasonCode: reason.unspecified, detail: 'no CONNECT in time' });
  });
  stream.on('data', (chunk: Buffer) => {
    if (connection.state.kind === 'closed') return;
    connection.guard.push(chunk);
    takePackets(connection);
  });
  // The close that follows an error does the rest.
  stream.on('error', () => {});
  stream.on('end', () => stream.end());
  stream.once('close', () => finish(connection));
  return connection;
}
