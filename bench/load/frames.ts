import { Buffer } from 'node:buffer';

/** MQTT protocol level as CONNECT carries it: 4 is 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;
export type Qos = 0 | 1;

/** First-byte types (high nibble) of the control packets the load generator and the synthetic peers know. */
export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
  pingresp: 13,
} as const;

/** One fixed-size PUBLISH after another, ready to be written; only packet ID and payload head are patched per send. */
export interface PublishRing {
  readonly buffer: Buffer;
  /** Bytes of one frame; all frames of a ring have the same size. */
  readonly stride: number;
  readonly slots: number;
  /** Offset of the packet ID inside a frame, -1 at QoS 0. */
  readonly idOffset: number;
  /** Offset of the payload inside a frame. */
  readonly payloadOffset: number;
}

/** What every message of one run looks like. */
export interface MessageShape {
  readonly version: MqttVersion;
  readonly qos: Qos;
  readonly payloadBytes: number;
  /** Number of user properties on each PUBLISH (MQTT 5 only). */
  readonly userProperties: number;
}

/** MQTT variable byte integer. */
function encodeLength(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function frame(first: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([first]), encodeLength(body.length), body]);
}

/** CONNECT with a clean session and keep alive off. */
export function encodeConnect(version: MqttVersion, clientId: string): Buffer {
  const head = Buffer.from([version, 0x02, 0, 0]);
  const properties = version === 5 ? Buffer.from([0]) : Buffer.alloc(0);
  return frame(packetType.connect << 4, text('MQTT'), head, properties, text(clientId));
}

/** SUBSCRIBE (packet ID 1) to one filter. */
export function encodeSubscribe(version: MqttVersion, filter: string, qos: Qos): Buffer {
  const properties = version === 5 ? [Buffer.from([0])] : [];
  return frame((packetType.subscribe << 4) | 2, Buffer.from([0, 1]), ...properties, text(filter), Buffer.from([qos]));
}

/** One PUBLISH with packet ID 0 to be patched; `payload` is copied in. */
export function encodePublish(shape: MessageShape, topic: string, payload: Buffer): Buffer {
  const id = shape.qos === 0 ? [] : [Buffer.from([0, 0])];
  const properties = shape.version === 5 ? [encodeUserProperties(shape.userProperties)] : [];
  return frame((packetType.publish << 4) | (shape.qos << 1), text(topic), ...id, ...properties, payload);
}

function encodeUserProperties(count: number): Buffer {
  const pairs = Array.from({ length: count }, (_, index) =>
    Buffer.concat([Buffer.from([0x26]), text(`source-${index}`), text(`furnace line ${index}`)]),
  );
  const body = Buffer.concat(pairs);
  return Buffer.concat([encodeLength(body.length), body]);
}

/** Lays out `slots` frames over the topics in turn; the topics must be equally long so that all frames are too. */
export function createPublishRing(shape: MessageShape, topics: readonly string[], slots: number): PublishRing {
  const payload = Buffer.alloc(shape.payloadBytes, 0x61);
  const templates = topics.map((topic) => encodePublish(shape, topic, payload));
  const stride = templates[0]?.length ?? 0;
  if (templates.some((template) => template.length !== stride)) throw new Error('topics of one ring differ in length');
  const rounded = Math.ceil(slots / topics.length) * topics.length;
  const buffer = Buffer.concat(Array.from({ length: rounded }, (_, slot) => templates[slot % topics.length]));
  const payloadOffset = stride - shape.payloadBytes;
  const topicEnd = headerBytes(buffer) + 2 + Buffer.byteLength(topics[0] ?? '');
  return { buffer, stride, slots: rounded, idOffset: shape.qos === 0 ? -1 : topicEnd, payloadOffset };
}

function headerBytes(buffer: Buffer): number {
  let at = 1;
  while (buffer[at] >= 0x80) at += 1;
  return at + 1;
}

/** The topics of `routes` routes, equally long. */
export function routeTopics(routes: number): string[] {
  return Array.from({ length: routes }, (_, index) => `bench/${String(index).padStart(5, '0')}/data`);
}
