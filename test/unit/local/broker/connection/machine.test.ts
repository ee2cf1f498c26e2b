import { describe, expect, test } from 'vitest';
import {
  step,
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
} from '../../../../../local/broker/connection/machine.ts';

const opened: ConnectionState = { kind: 'opened' };
const deciding: ConnectionState = { kind: 'authenticating', method: 'M', turn: 'broker' };
const asked: ConnectionState = { kind: 'authenticating', method: 'M', turn: 'client' };
const connected: ConnectionState = { kind: 'connected', method: 'M' };
const plain: ConnectionState = { kind: 'connected', method: undefined };
const renewing: ConnectionState = { kind: 'reauthenticating', method: 'M', turn: 'broker' };
const renewAsked: ConnectionState = { kind: 'reauthenticating', method: 'M', turn: 'client' };
const closed: ConnectionState = { kind: 'closed' };

const packet: ConnectionEvent = { kind: 'packet' };
const connect: ConnectionEvent = { kind: 'connect', method: 'M' };
const accepted: ConnectionEvent = { kind: 'accepted' };
const challenged: ConnectionEvent = { kind: 'continue' };
const refused: ConnectionEvent = { kind: 'refused', reasonCode: 0x87 };
const fault: ConnectionEvent = { kind: 'fault', reasonCode: 0x81 };
const lost: ConnectionEvent = { kind: 'lost' };
const auth = (reasonCode: number, method = 'M'): ConnectionEvent => ({ kind: 'auth', reasonCode, method });

const none: ConnectionEffect = { kind: 'none' };
const handle: ConnectionEffect = { kind: 'handle' };
const close: ConnectionEffect = { kind: 'close' };
const expel = (reasonCode: number): ConnectionEffect => ({ kind: 'expel', reasonCode });
const refuse = (reasonCode: number): ConnectionEffect => ({ kind: 'refuse', reasonCode });
const authenticate = (again: boolean, first: boolean): ConnectionEffect => ({ kind: 'authenticate', again, first });

type Row = readonly [name: string, ConnectionState, ConnectionEvent, ConnectionState, ConnectionEffect];

const rows: readonly Row[] = [
  ['CONNECT first is authenticated', opened, connect, deciding, authenticate(false, true)],
  ['another packet first is closed', opened, packet, closed, close],
  ['AUTH first is closed', opened, auth(0x19), closed, close],
  ['broken bytes first are closed', opened, fault, closed, close],
  ['accepted credentials are admitted', deciding, accepted, connected, { kind: 'admit' }],
  ['a challenge is sent', deciding, challenged, asked, { kind: 'challenge' }],
  ['refused credentials are refused', deciding, refused, closed, refuse(0x87)],
  ['the answer to a challenge is authenticated', asked, auth(0x18), deciding, authenticate(false, false)],
  ['an answer with another method is refused', asked, auth(0x18, 'N'), closed, refuse(0x82)],
  ['an answer nobody asked for is refused', deciding, auth(0x18), closed, refuse(0x82)],
  ['a renewal before CONNACK is refused', asked, auth(0x19), closed, refuse(0x82)],
  ['a packet before CONNACK is closed', asked, packet, closed, close],
  ['a second CONNECT before CONNACK is closed', asked, connect, closed, close],
  ['broken bytes before CONNACK are refused', asked, fault, closed, refuse(0x81)],
  ['a packet is handled', plain, packet, plain, handle],
  ['a second CONNECT is a protocol error', plain, connect, closed, expel(0x82)],
  ['broken bytes expel', plain, fault, closed, expel(0x81)],
  ['a renewal is authenticated', connected, auth(0x19), renewing, authenticate(true, true)],
  ['a renewal without a method at CONNECT is a protocol error', plain, auth(0x19), closed, expel(0x82)],
  ['a renewal with another method is a protocol error', connected, auth(0x19, 'N'), closed, expel(0x82)],
  ['an answer without a renewal is a protocol error', connected, auth(0x18), closed, expel(0x82)],
  ['a verdict that comes late changes nothing', connected, accepted, connected, none],
  ['a packet during a renewal is handled', renewing, packet, renewing, handle],
  ['a renewal is confirmed', renewing, accepted, connected, { kind: 'confirm' }],
  ['a renewal may take more steps', renewing, challenged, renewAsked, { kind: 'challenge' }],
  ['the next step of a renewal is authenticated', renewAsked, auth(0x18), renewing, authenticate(true, false)],
  ['a renewal while one runs is a protocol error', renewing, auth(0x19), closed, expel(0x82)],
  ['a refused renewal expels', renewing, refused, closed, expel(0x87)],
  [
    'a renewal that cannot be checked expels with what DISCONNECT has for it',
    renewing,
    { kind: 'refused', reasonCode: 0x88 },
    closed,
    expel(0x89),
  ],
  ['broken bytes during a renewal expel', renewing, fault, closed, expel(0x81)],
  ['a second CONNECT during a renewal is a protocol error', renewing, connect, closed, expel(0x82)],
  ['a lost socket closes', connected, lost, closed, close],
  ['a lost socket closes before CONNECT', opened, lost, closed, close],
  ['a lost socket closes while a verdict is awaited', deciding, lost, closed, close],
  ['a verdict after the end changes nothing', closed, accepted, closed, none],
  ['a packet after the end changes nothing', closed, packet, closed, none],
];

describe('a connection', () => {
  test.each(rows)('%s', (_name, state, event, next, effect) => {
    expect(step(state, event)).toEqual({ state: next, effect });
  });
});
