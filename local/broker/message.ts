import { encodeUnaltered, type PublishProperties } from './codec/properties.ts';
import type { Qos } from './codec/publish.ts';
import type { EncodedPublish } from './codec/publish.ts';

/** A message inside the broker, shared by all its deliveries. */
export interface Message {
  readonly topic: string;
  readonly qos: Qos;
  /** As its publisher set it. */
  readonly retain: boolean;
  readonly payload: Buffer;
  /** Properties handed on unaltered, as bytes in their order. */
  readonly properties: Buffer;
  /** Milliseconds on the broker's clock; undefined never expires. */
  readonly expiresAt: number | undefined;
  /** Client identifier of its publisher, undefined for the broker itself. */
  readonly publisher: string | undefined;
  /** Frames already encoded, by version, QoS and flags, while no expiry makes them age. */
  readonly frames: Map<number, EncodedPublish>;
}

/** A message somebody hands to the broker. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos?: Qos;
  readonly retain?: boolean;
  readonly properties?: PublishProperties;
}

/** Milliseconds on the clock when a message of `expirySeconds` expires. */
export function expiryTime(expirySeconds: number | undefined, now: number): number | undefined {
  return expirySeconds === undefined ? undefined : now + expirySeconds * 1000;
}

/** The broker's own message, published at `now` on its clock. */
export function messageOf(message: BrokerMessage, now: number): Message {
  const { topic, payload, qos = 0, retain = false, properties = {} } = message;
  return {
    topic,
    qos,
    retain,
    payload: typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload),
    properties: encodeUnaltered(properties),
    expiresAt: expiryTime(properties.messageExpiryInterval, now),
    publisher: undefined,
    frames: new Map(),
  };
}

/** Whole seconds a message may still live at `now`, rounded up; undefined for ever, 0 when it is over. */
export function secondsLeft(message: Message, now: number): number | undefined {
  if (message.expiresAt === undefined) return undefined;
  return Math.max(0, Math.ceil((message.expiresAt - now) / 1000));
}
