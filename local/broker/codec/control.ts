import {
  generate,
  parser as createParser,
  type IAuthPacket,
  type IConnackPacket,
  type IConnectPacket,
  type IDisconnectPacket,
  type IPingreqPacket,
  type ISubscribePacket,
  type IUnsubscribePacket,
  type Packet,
} from 'mqtt-packet';
import { malformed, ProtocolFault, reason } from '../reason.ts';
import { allowedProperties, property, walkProperties } from './properties.ts';
import { readPublishProperties, type ProtocolVersion, type Qos } from './publish.ts';
import { readBinary, readByte, readerOf, readText, readUint16, readVarint, type ByteReader } from './reader.ts';

/** Control packets of a client as mqtt-packet reads them. */
export type ControlPacket =
  | IConnectPacket
  | ISubscribePacket
  | IUnsubscribePacket
  | IPingreqPacket
  | IDisconnectPacket
  | IAuthPacket;

/** Reads control packets of one connection; it keeps the version that CONNECT named. */
export interface ControlParser {
  /** Parses exactly one whole packet; throws ProtocolFault 0x81 for anything else. */
  parse(frame: Buffer): ControlPacket;
}

/** A reader of control packets around mqtt-packet, which reports by events and may throw. */
export function createControlParser(): ControlParser {
  const parser = createParser();
  let packet: Packet | undefined;
  let fault: unknown;
  parser.on('packet', (parsed) => {
    packet = parsed;
  });
  parser.on('error', (error: unknown) => {
    fault = error;
  });
  return {
    parse(frame) {
      packet = undefined;
      fault = undefined;
      try {
        parser.parse(frame);
      } catch (error) {
        fault = error;
      }
      if (fault !== undefined || packet === undefined) {
        return malformed(fault instanceof Error ? fault.message : 'packet is incomplete');
      }
      return packet;
    },
  };
}

/** Encodes a control packet for one protocol version. */
export function encodeControl(packet: Packet, version: ProtocolVersion): Buffer {
  return generate(packet, { protocolVersion: version });
}

/** Encodes a CONNACK; `reasonCode` is a return code for MQTT 3.1.1. */
export function encodeConnack(
  version: ProtocolVersion,
  code: number,
  sessionPresent: boolean,
  properties: IConnackPacket['properties'] = {},
): Buffer {
  const packet: IConnackPacket =
    version === 5
      ? { cmd: 'connack', reasonCode: code, sessionPresent, properties }
      : { cmd: 'connack', returnCode: code, sessionPresent };
  return encodeControl(packet, version);
}

/** A will as the CONNECT packet states it. */
export interface Will {
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly payload: Buffer;
  readonly properties: Buffer;
  /** Seconds. */
  readonly expirySeconds: number | undefined;
  /** Seconds. */
  readonly delaySeconds: number;
}

/** What our own reading of a CONNECT finds beyond mqtt-packet: ordered will properties, the number of user properties. */
export interface ConnectLayout {
  /** How many CONNECT itself carries, those of the will not counted. */
  readonly userProperties: number;
  readonly will: Will | undefined;
}

function readLevel(reader: ByteReader): number {
  readVarint(reader);
  const protocol = readText(reader);
  // The highest bit is the bridge bit of Mosquitto.
  const level = readByte(reader) & 0x7f;
  return protocol === 'MQTT' ? level : 0;
}

/** The version a CONNECT asks for, undefined for one the broker does not speak. */
export function versionOf(frame: Buffer): ProtocolVersion | undefined {
  if ((frame.readUInt8(0) & 0x0f) !== 0) malformed('reserved flags of CONNECT are set');
  const level = readLevel(readerOf(frame, 1));
  return level === 4 || level === 5 ? level : undefined;
}

/** Reads a CONNECT of a version we speak at byte level, which keeps the order of a will's user properties and rejects ill-formed text. */
export function readConnect(frame: Buffer): ConnectLayout {
  const reader = readerOf(frame, 1);
  const level = readLevel(reader);
  const flags = readByte(reader);
  readUint16(reader);
  let userProperties = 0;
  if (level === 5) {
    walkProperties(reader, allowedProperties.connect, ({ id }) => {
      if (id === property.userProperty) userProperties += 1;
    });
  }
  readText(reader);
  let will: Will | undefined;
  if ((flags & 0x04) !== 0) {
    const properties = level === 5 ? readPublishProperties(reader, allowedProperties.will) : undefined;
    const qos = (flags >> 3) & 0x03;
    if (qos > 2) malformed('both QoS bits of the will are set');
    will = {
      qos: qos as Qos,
      retain: (flags & 0x20) !== 0,
      properties: Buffer.from(properties?.unaltered ?? []),
      expirySeconds: properties?.expirySeconds,
      delaySeconds: properties?.delaySeconds ?? 0,
      topic: readText(reader),
      payload: Buffer.from(readBinary(reader)),
    };
  }
  if ((flags & 0x80) !== 0) readText(reader);
  if ((flags & 0x40) !== 0) readBinary(reader);
  if (reader.at !== reader.end) malformed('bytes behind the last field of CONNECT');
  return { userProperties, will };
}

/** What our own reading of a later control packet finds: mqtt-packet does not report order, repetition or ill-formed text. */
export interface ControlLayout {
  /** How many. */
  readonly userProperties: number;
}

/** Checks the properties and texts of SUBSCRIBE (8), UNSUBSCRIBE (10), DISCONNECT (14) or AUTH (15); throws ProtocolFault. */
export function checkControl(frame: Buffer, version: ProtocolVersion): ControlLayout {
  const type = frame.readUInt8(0) >> 4;
  const reader = readerOf(frame, 1);
  readVarint(reader);
  let userProperties = 0;
  const walk = (allowed: ReadonlySet<number>): void =>
    walkProperties(reader, allowed, ({ id, number }) => {
      if (id === property.userProperty) userProperties += 1;
      if (id === property.subscriptionIdentifier && number === 0) {
        throw new ProtocolFault(reason.protocolError, 'subscription identifier is 0');
      }
    });
  if (type === 8 || type === 10) {
    readUint16(reader);
    if (version === 5) walk(type === 8 ? allowedProperties.subscribe : allowedProperties.unsubscribe);
    while (reader.at < reader.end) {
      readText(reader);
      if (type === 8) readByte(reader);
    }
    return { userProperties };
  }
  // DISCONNECT and AUTH may leave out the properties, or all of it.
  if (reader.end - reader.at > 1) {
    readByte(reader);
    walk(type === 14 ? allowedProperties.disconnect : allowedProperties.auth);
  }
  return { userProperties };
}
