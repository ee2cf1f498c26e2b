import { malformed, protocolError, ProtocolFault, reason } from '../reason.ts';
import { allowedProperties, property, walkProperties } from './properties.ts';
import { readByte, readerOf, readText, readUint16, readVarint, type ByteReader } from './reader.ts';

/** MQTT 3.1.1 is protocol level 4. */
export type ProtocolVersion = 4 | 5;
/** Quality of Service. */
export type Qos = 0 | 1 | 2;

/** A PUBLISH as a client sent it; its buffers are views of the packet. */
export interface IncomingPublish {
  /** Empty when only an alias was sent. */
  readonly topic: string;
  readonly topicAlias: number | undefined;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** Properties to hand on unaltered, byte for byte and in order. */
  readonly properties: Buffer;
  /** Seconds. */
  readonly expirySeconds: number | undefined;
  readonly payload: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Reads a whole PUBLISH packet; throws ProtocolFault with the reason code for the sender. */
export function decodePublish(frame: Buffer, version: ProtocolVersion): IncomingPublish {
  const flags = frame.readUInt8(0) & 0x0f;
  const qos = (flags >> 1) & 0x03;
  if (qos > 2) malformed('both QoS bits are set');
  const dup = (flags & 0x08) !== 0;
  if (dup && qos === 0) malformed('DUP is set at QoS 0');
  const reader = readerOf(frame, 1);
  readVarint(reader);
  const topic = readText(reader);
  checkTopicName(topic);
  const packetId = qos > 0 ? readUint16(reader) : 0;
  if (qos > 0 && packetId === 0) protocolError('packet identifier is 0');
  const properties = version === 5 ? readPublishProperties(reader) : NO_PROPERTIES;
  if (topic === '' && properties.topicAlias === undefined) protocolError('topic is empty and no alias is given');
  return {
    topic,
    qos: qos as Qos,
    dup,
    retain: (flags & 0x01) !== 0,
    packetId,
    payload: frame.subarray(reader.at),
    topicAlias: properties.topicAlias,
    expirySeconds: properties.expirySeconds,
    properties: properties.unaltered,
  };
}

/** Throws 0x90 for a name that holds a wildcard. */
export function checkTopicName(topic: string): void {
  if (topic.includes('#') || topic.includes('+')) {
    throw new ProtocolFault(reason.topicNameInvalid, 'topic name holds a wildcard');
  }
}

interface ReadProperties {
  topicAlias: number | undefined;
  expirySeconds: number | undefined;
  /** A will's; undefined for a PUBLISH. */
  delaySeconds: number | undefined;
  unaltered: Buffer;
}

const NO_PROPERTIES: Readonly<ReadProperties> = {
  topicAlias: undefined,
  expirySeconds: undefined,
  delaySeconds: undefined,
  unaltered: EMPTY,
};

/** Reads the properties of a PUBLISH or of a will and keeps the unaltered ones as bytes. */
export function readPublishProperties(
  reader: ByteReader,
  allowed: ReadonlySet<number> = allowedProperties.publish,
): Readonly<ReadProperties> {
  if (reader.bytes[reader.at] === 0 && reader.at < reader.end) {
    readByte(reader);
    return NO_PROPERTIES;
  }
  const result: ReadProperties = { ...NO_PROPERTIES };
  const kept: Buffer[] = [];
  let runStart = -1;
  let runEnd = -1;
  walkProperties(reader, allowed, ({ id, from, to, number }) => {
    if (id === property.topicAlias) result.topicAlias = number;
    else if (id === property.messageExpiryInterval) result.expirySeconds = number;
    else if (id === property.willDelayInterval) result.delaySeconds = number;
    else if (runEnd === from) runEnd = to;
    else {
      if (runStart >= 0) kept.push(reader.bytes.subarray(runStart, runEnd));
      runStart = from;
      runEnd = to;
    }
  });
  if (runStart >= 0) kept.push(reader.bytes.subarray(runStart, runEnd));
  const [only] = kept;
  result.unaltered = kept.length === 1 && only !== undefined ? only : Buffer.concat(kept);
  return result;
}

/** A PUBLISH to be sent. */
export interface OutgoingPublish {
  readonly version: ProtocolVersion;
  /** Empty when the alias stands for it. */
  readonly topic: string;
  readonly topicAlias?: number | undefined;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup?: boolean;
  readonly packetId?: number;
  readonly properties: Buffer;
  /** Seconds. */
  readonly expirySeconds?: number | undefined;
  readonly subscriptionIds?: readonly number[];
  readonly payload: Buffer;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

function writeVarint(bytes: Buffer, value: number, at: number): number {
  let rest = value;
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}

function propertiesSize(publish: OutgoingPublish): number {
  let size = publish.properties.length;
  if (publish.expirySeconds !== undefined) size += 5;
  if (publish.topicAlias !== undefined) size += 3;
  for (const id of publish.subscriptionIds ?? []) size += 1 + varintSize(id);
  return size;
}

/** The bytes of a PUBLISH and where its packet identifier lies (0 at QoS 0). */
export interface EncodedPublish {
  readonly frame: Buffer;
  readonly packetIdAt: number;
}

/** Encodes a PUBLISH; the packet identifier may be patched afterwards at `packetIdAt`. */
export function encodePublish(publish: OutgoingPublish): EncodedPublish {
  const topicSize = Buffer.byteLength(publish.topic, 'utf8');
  const blockSize = publish.version === 5 ? propertiesSize(publish) : 0;
  const prefixSize = publish.version === 5 ? varintSize(blockSize) : 0;
  const remaining = 2 + topicSize + (publish.qos > 0 ? 2 : 0) + prefixSize + blockSize + publish.payload.length;
  const frame = Buffer.allocUnsafe(1 + varintSize(remaining) + remaining);
  frame[0] = 0x30 | (publish.dup === true ? 0x08 : 0) | (publish.qos << 1) | (publish.retain ? 1 : 0);
  let at = writeVarint(frame, remaining, 1);
  at = frame.writeUInt16BE(topicSize, at);
  at += frame.write(publish.topic, at, 'utf8');
  const packetIdAt = publish.qos > 0 ? at : 0;
  if (publish.qos > 0) at = frame.writeUInt16BE(publish.packetId ?? 0, at);
  if (publish.version === 5) at = writeProperties(frame, publish, blockSize, at);
  publish.payload.copy(frame, at);
  return { frame, packetIdAt };
}

function writeProperties(frame: Buffer, publish: OutgoingPublish, size: number, from: number): number {
  let at = writeVarint(frame, size, from);
  if (publish.topicAlias !== undefined) {
    at = frame.writeUInt8(property.topicAlias, at);
    at = frame.writeUInt16BE(publish.topicAlias, at);
  }
  if (publish.expirySeconds !== undefined) {
    at = frame.writeUInt8(property.messageExpiryInterval, at);
    at = frame.writeUInt32BE(publish.expirySeconds, at);
  }
  for (const id of publish.subscriptionIds ?? []) {
    at = frame.writeUInt8(property.subscriptionIdentifier, at);
    at = writeVarint(frame, id, at);
  }
  publish.properties.copy(frame, at);
  return at + publish.properties.length;
}
