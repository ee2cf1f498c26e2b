import type { IDisconnectPacket } from 'mqtt-packet';
import { checkControl } from '../codec/control.ts';
import { protocolError, reason } from '../reason.ts';
import type { Connection } from './connection.ts';
import { expel, finish } from './finish.ts';
import { happen, refuse } from './lifecycle.ts';
import { receiveAcknowledgement, receivePublish } from './receive-publish.ts';
import { receiveSubscribe, receiveUnsubscribe } from './receive-subscribe.ts';
import { checkUserProperties, readConnectRequest } from './request.ts';

const PINGRESP = Buffer.from([0xd0, 0x00]);

function receiveConnect(connection: Connection, frame: Buffer): void {
  if (connection.state.kind !== 'opened') {
    happen(connection, { kind: 'connect', method: undefined }, { detail: 'second CONNECT' });
    return;
  }
  const read = readConnectRequest(connection, frame);
  if (read.kind === 'refused') {
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
  checkUserProperties(connection.core.profile, checkControl(frame, connection.version).userProperties);
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
  if (connection.version === 4) protocolError('AUTH before CONNECT, or with MQTT 3.1.1, which has none');
  checkUserProperties(connection.core.profile, checkControl(frame, connection.version).userProperties);
  const packet = connection.parser.parse(frame);
  if (packet.cmd !== 'auth') return;
  const event = {
    kind: 'auth',
    reasonCode: packet.reasonCode,
    method: packet.properties?.authenticationMethod,
  } as const;
  happen(connection, event, { auth: packet, detail: 'AUTH out of place' });
}

/** Handles one whole packet; throws ProtocolFault for what ends its connection. */
export function receive(connection: Connection, frame: Buffer): void {
  const type = frame.readUInt8(0) >> 4;
  switch (type) {
    case 1:
      return receiveConnect(connection, frame);
    case 15:
      return receiveAuth(connection, frame);
    // Reserved, or sent by servers only: CONNACK, SUBACK, UNSUBACK, PINGRESP.
    case 0:
    case 2:
    case 9:
    case 11:
    case 13:
      return protocolError(`packet type ${type} from a client`);
    default:
      if (happen(connection, { kind: 'packet' }, { detail: `packet type ${type} before CONNECT was accepted` })) {
        handle(connection, frame);
      }
  }
}
