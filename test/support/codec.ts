import { generate, type Packet, parser, type QoS } from 'mqtt-packet';
import { type Frame, packetId } from './frames.ts';
import { decodeProperties, encodeProperties, encodeString, encodeVarint, type Property } from './properties.ts';

/** MQTT 3.1.1 or 5, as their CONNECT numbers them. */
export type Version = 4 | 5;

/** What a test says of a message to publish; QoS 0, not retained and without properties unless told. */
export interface OutgoingPublish {
  /** Bytes instead of text send what is no UTF-8. */
  readonly topic: string | Buffer;
  readonly payload: string | Buffer;
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly dup?: boolean;
  /** MQTT 5 only; in this order. */
  readonly properties?: readonly Property[];
}

/** A PUBLISH as it came; `packetId` is 0 at QoS 0, `properties` is empty in MQTT 3.1.1. */
export interface IncomingPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly packetId: number;
  readonly properties: readonly Property[];
}

/** Encodes a PUBLISH exactly as told, also a wrong one. */
export function encodePublish(version: Version, message: OutgoingPublish, id = 0): Buffer {
  const { topic, payload, qos = 0, retain = false, dup = false, properties = [] } = message;
  const parts = [encodeString(topic)];
  if (qos > 0) parts.push(Buffer.from([id >> 8, id & 0xff]));
  if (version === 5) parts.push(encodeProperties(properties));
  parts.push(Buffer.from(payload as string));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return Buffer.concat([Buffer.from([0x30 | flags]), encodeVarint(length), ...parts]);
}

/** Reads a PUBLISH frame. */
export function decodePublish(version: Version, frame: Frame): IncomingPublish {
  const { bytes, start } = frame;
  const topicEnd = start + 2 + bytes.readUInt16BE(start);
  const qos = ((bytes[0] >> 1) & 3) as QoS;
  const idEnd = topicEnd + (qos > 0 ? 2 : 0);
  const { properties, end } = version === 5 ? decodeProperties(bytes, idEnd) : { properties: [], end: idEnd };
  return {
    topic: bytes.toString('utf8', start + 2, topicEnd),
    payload: bytes.subarray(end),
    qos,
    retain: (bytes[0] & 1) !== 0,
    dup: (bytes[0] & 8) !== 0,
    packetId: packetId(frame),
    properties,
  };
}

/** Encodes any packet by mqtt-packet. */
export function encodePacket(version: Version, packet: Packet): Buffer {
  return generate(packet, { protocolVersion: version });
}

const parsers = { 4: parser({ protocolVersion: 4 }), 5: parser({ protocolVersion: 5 }) };

/** Decodes one whole packet by mqtt-packet; throws its error for what it calls malformed. */
export function decodePacket(version: Version, bytes: Buffer): Packet {
  let result: Packet | Error | undefined;
  const keep = (found: Packet | Error) => void (result ??= found);
  const used = parsers[version];
  used.on('packet', keep).on('error', keep);
  used.parse(bytes);
  used.removeAllListeners();
  if (result && !(result instanceof Error)) return result;
  // After an error mqtt-packet's parser misreads what comes next.
  parsers[version] = parser({ protocolVersion: version });
  throw result ?? new Error('incomplete packet');
}

/** Encodes PUBACK, PUBREC, PUBREL or PUBCOMP without reason code (success). */
export function encodeAck(command: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', id: number): Buffer {
  const first = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 }[command];
  return Buffer.from([first, 2, id >> 8, id & 0xff]);
}
