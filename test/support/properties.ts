/** An MQTT 5 property as it is on the wire: identifier and value, in order and with duplicates. */
export type Property =
  | readonly [id: number, value: number | string | Buffer]
  | readonly [id: typeof PROPERTY.userProperty, name: string, value: string];

/** Identifiers of the properties a PUBLISH may carry, MQTT5 2.2.2.2. */
export const PROPERTY = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  subscriptionIdentifier: 11,
  topicAlias: 35,
  userProperty: 38,
} as const;

type Kind = 'byte' | 'two' | 'four' | 'varint' | 'text' | 'binary' | 'pair';

const KINDS: Readonly<Record<number, Kind>> = {
  [PROPERTY.payloadFormatIndicator]: 'byte',
  [PROPERTY.messageExpiryInterval]: 'four',
  [PROPERTY.contentType]: 'text',
  [PROPERTY.responseTopic]: 'text',
  [PROPERTY.correlationData]: 'binary',
  [PROPERTY.subscriptionIdentifier]: 'varint',
  [PROPERTY.topicAlias]: 'two',
  [PROPERTY.userProperty]: 'pair',
};

/** Encodes a PUBLISH's properties with their length; nothing is checked, so that a test may break the rules. */
export function encodeProperties(properties: readonly Property[]): Buffer {
  const body = Buffer.concat(properties.map(encodeProperty));
  return Buffer.concat([encodeVarint(body.length), body]);
}

function encodeProperty([id, value, second]: Property): Buffer {
  const head = Buffer.from([id]);
  switch (KINDS[id]) {
    case 'byte':
      return Buffer.from([id, Number(value)]);
    case 'two':
      return Buffer.from([id, Number(value) >> 8, Number(value) & 0xff]);
    case 'four': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(Number(value));
      return Buffer.concat([head, bytes]);
    }
    case 'varint':
      return Buffer.concat([head, encodeVarint(Number(value))]);
    case 'pair':
      return Buffer.concat([head, encodeString(String(value)), encodeString(String(second))]);
    case 'text':
    case 'binary':
      return Buffer.concat([head, encodeString(value as string | Buffer)]);
    default:
      throw new Error(`no PUBLISH property ${id}`);
  }
}

/** Reads the properties that start at `offset`, and says where they end. */
export function decodeProperties(bytes: Buffer, offset: number): { properties: Property[]; end: number } {
  const length = decodeVarint(bytes, offset);
  const end = length.end + length.value;
  const properties: Property[] = [];
  for (let position = length.end; position < end; ) {
    const property = decodeProperty(bytes, position);
    properties.push(property.property);
    position = property.end;
  }
  return { properties, end };
}

function decodeProperty(bytes: Buffer, offset: number): { property: Property; end: number } {
  const id = bytes[offset];
  const start = offset + 1;
  switch (KINDS[id]) {
    case 'byte':
      return { property: [id, bytes[start]], end: start + 1 };
    case 'two':
      return { property: [id, bytes.readUInt16BE(start)], end: start + 2 };
    case 'four':
      return { property: [id, bytes.readUInt32BE(start)], end: start + 4 };
    case 'varint': {
      const { value, end } = decodeVarint(bytes, start);
      return { property: [id, value], end };
    }
    case 'pair': {
      const name = decodeString(bytes, start);
      const value = decodeString(bytes, name.end);
      return { property: [PROPERTY.userProperty, name.value.toString(), value.value.toString()], end: value.end };
    }
    case 'text': {
      const { value, end } = decodeString(bytes, start);
      return { property: [id, value.toString()], end };
    }
    case 'binary': {
      const { value, end } = decodeString(bytes, start);
      return { property: [id, value], end };
    }
    default:
      throw new Error(`no PUBLISH property ${id}`);
  }
}

/** Encodes text or bytes behind their two-byte length. */
export function encodeString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** Encodes a variable byte integer, MQTT5 1.5.5. */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(bytes);
}

function decodeVarint(bytes: Buffer, offset: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; ; i++) {
    const digit = bytes[offset + i];
    value += (digit & 0x7f) * 128 ** i;
    if (digit < 0x80) return { value, end: offset + i + 1 };
  }
}

function decodeString(bytes: Buffer, offset: number): { value: Buffer; end: number } {
  const end = offset + 2 + bytes.readUInt16BE(offset);
  return { value: bytes.subarray(offset + 2, end), end };
}
