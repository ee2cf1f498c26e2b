import type { QoS } from 'mqtt-packet';
import type { IncomingPublish, OutgoingPublish } from '../support/codec.ts';
import { hashPayload } from '../support/payload.ts';
import { PROPERTY, type Property } from '../support/properties.ts';
import type { End, Scenario } from './scenario.ts';

/** A message as it arrived, with nothing in it that may differ from run to run. */
export interface Arrival {
  readonly end: End;
  readonly topic: string;
  /** The text, or length and fingerprint of a long one. */
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: readonly Property[];
}

/** Writes down a message that arrived at `end`. */
export function arrivalOf(end: End, message: IncomingPublish): Arrival {
  const { topic, payload, qos, retain, properties } = message;
  return { end, topic, payload: payloadText(payload), qos, retain, properties: properties.map(steady) };
}

/** What a bridge that loses and changes nothing delivers. */
export function idealArrivals({ steps }: Scenario): readonly Arrival[] {
  const crossing = (end: End, messages: readonly OutgoingPublish[] = []) =>
    messages.map(({ topic, payload, qos = 0, retain = false, properties = [] }) => {
      const message = { topic: String(topic), payload: Buffer.from(payload as string), qos, retain, properties };
      return arrivalOf(end, { ...message, dup: false, packetId: 0 });
    });
  return steps.flatMap((step) =>
    step.kind === 'publish' ? [...crossing('remote', step.local), ...crossing('local', step.remote)] : [],
  );
}

const SHORT = 64;
const MINUTE = 60;

function payloadText(payload: Buffer): string {
  if (payload.length <= SHORT) return payload.toString();
  return `${payload.length} bytes, crc ${hashPayload(payload).toString(16)}`;
}

/** Brokers and bridges take off the seconds a message waited (MQTT5 3.3.2.3.3), so expiry counts in begun minutes. */
function steady(property: Property): Property {
  const [id, value] = property;
  if (id !== PROPERTY.messageExpiryInterval) return property;
  return [id, Math.ceil(Number(value) / MINUTE) * MINUTE];
}
