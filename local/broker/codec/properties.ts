import { malformed, protocolError } from '../reason.ts';
import { readBinary, readByte, readText, readUint16, readUint32, readVarint, type ByteReader } from './reader.ts';

/** Property identifiers of MQTT 5 (table 2-4) the broker itself looks at. */
export const property = {
  payloadFormatIndicator: 0x01,
  messageExpiryInterval: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  willDelayInterval: 0x18,
  topicAlias: 0x23,
  userProperty: 0x26,
} as const;

type Shape = 'byte' | 'uint16' | 'uint32' | 'varint' | 'text' | 'binary' | 'pair';

const shapes: readonly (Shape | undefined)[] = tableOfShapes({
  byte: [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a],
  uint16: [0x13, 0x21, 0x22, 0x23],
  uint32: [0x02, 0x11, 0x18, 0x27],
  varint: [0x0b],
  text: [0x03, 0x08, 0x12, 0x15, 0x1a, 0x1c, 0x1f],
  binary: [0x09, 0x16],
  pair: [0x26],
});

function tableOfShapes(byShape: Record<Shape, readonly number[]>): (Shape | undefined)[] {
  const table: (Shape | undefined)[] = Array.from({ length: 0x2b });
  for (const [shape, ids] of Object.entries(byShape)) {
    for (const id of ids) table[id] = shape as Shape;
  }
  return table;
}

/** Properties each packet from a client may carry (table 2-4). */
export const allowedProperties = {
  connect: new Set([0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27]),
  will: new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26]),
  publish: new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26]),
  acknowledgement: new Set([0x1f, 0x26]),
  subscribe: new Set([0x0b, 0x26]),
  unsubscribe: new Set([0x26]),
  disconnect: new Set([0x11, 0x1f, 0x26]),
  auth: new Set([0x15, 0x16, 0x1f, 0x26]),
} as const satisfies Record<string, ReadonlySet<number>>;

/** One property as it lies in a packet: bytes `from` to `to`, identifier included; `number` where it has a numeric value. */
export interface PropertyAt {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly number: number;
}

/**
 * Walks one property block, length included, and leaves the reader behind it. Faults: 0x81 for broken or unknown
 * properties, 0x82 for one that is repeated or does not belong into this packet.
 */
export function walkProperties(
  reader: ByteReader,
  allowed: ReadonlySet<number>,
  visit: (property: PropertyAt) => void,
): void {
  const length = readVarint(reader);
  const end = reader.at + length;
  if (end > reader.end) malformed('property length passes the end of the packet');
  const block: ByteReader = { bytes: reader.bytes, at: reader.at, end };
  const seen = new Set<number>();
  while (block.at < end) {
    const from = block.at;
    const id = readByte(block);
    const shape = shapes[id] ?? malformed(`unknown property 0x${id.toString(16)}`);
    if (!allowed.has(id)) protocolError(`property 0x${id.toString(16)} does not belong here`);
    if (id !== property.userProperty && seen.has(id)) protocolError(`property 0x${id.toString(16)} is repeated`);
    seen.add(id);
    const number = readValue[shape](block);
    visit({ id, from, to: block.at, number });
  }
  reader.at = end;
}

/** Reads a value of each shape; what has no number is read for its form alone. */
const readValue: Record<Shape, (reader: ByteReader) => number> = {
  byte(reader) {
    const value = readByte(reader);
    // Every single-byte property a client may send is a yes or no.
    return value > 1 ? protocolError(`property value ${value} is neither 0 nor 1`) : value;
  },
  uint16: readUint16,
  uint32: readUint32,
  varint: readVarint,
  text(reader) {
    readText(reader);
    return 0;
  },
  binary(reader) {
    readBinary(reader);
    return 0;
  },
  pair(reader) {
    readText(reader);
    readText(reader);
    return 0;
  },
};

/** What a publisher says about a message, in the order the specification lists it. */
export interface PublishProperties {
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** Order and duplicates are kept. */
  readonly userProperties?: readonly (readonly [name: string, value: string])[];
}

function sized(bytes: Uint8Array): Buffer {
  const prefix = Buffer.allocUnsafe(2);
  prefix.writeUInt16BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}

function text(value: string): Buffer {
  return sized(Buffer.from(value, 'utf8'));
}

/** The bytes of those properties that travel unaltered from publisher to subscriber: all but the expiry, without the block length. */
export function encodeUnaltered(properties: PublishProperties): Buffer {
  const parts: Buffer[] = [];
  const add = (id: number, ...values: Buffer[]): number => parts.push(Buffer.from([id]), ...values);
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  if (payloadFormatIndicator !== undefined) add(property.payloadFormatIndicator, Buffer.from([payloadFormatIndicator]));
  if (contentType !== undefined) add(property.contentType, text(contentType));
  if (responseTopic !== undefined) add(property.responseTopic, text(responseTopic));
  if (correlationData !== undefined) add(property.correlationData, sized(correlationData));
  for (const [name, value] of userProperties ?? []) add(property.userProperty, text(name), text(value));
  return Buffer.concat(parts);
}
