/**
 * What a broker allows and promises on a connection: CONNACK, or the defaults where it says nothing (MQTT5 3.2.2.3), and
 * what its profile knows beyond that.
 */
export interface TargetLimits {
  readonly receiveMaximum: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** UTF-8 bytes of a topic. */
  readonly maximumTopicBytes: number;
  readonly maximumTopicLevels: number;
  /** Whether a message expiry of 0 seconds would never expire there. */
  readonly zeroExpiryIsNever: boolean;
}

/** Limits of a broker that sets none. */
export const NO_LIMITS: TargetLimits = {
  receiveMaximum: 65_535,
  maximumPacketSize: 268_435_460,
  maximumQos: 2,
  retainAvailable: true,
  maximumTopicBytes: 65_535,
  maximumTopicLevels: 65_536,
  zeroExpiryIsNever: false,
};

/** True when the broker takes the topic bytes[start, end). */
export function takesTopic(limits: TargetLimits, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  if (!restrictsTopics(limits)) return true;
  if (end - start > limits.maximumTopicBytes) return false;
  let levels = 1;
  for (let at = start; at < end; at++) if (bytes[at] === SLASH) levels++;
  return levels <= limits.maximumTopicLevels;
}

/** True when not every topic that MQTT allows fits. */
export function restrictsTopics({ maximumTopicBytes, maximumTopicLevels }: TargetLimits): boolean {
  return maximumTopicBytes < NO_LIMITS.maximumTopicBytes || maximumTopicLevels < NO_LIMITS.maximumTopicLevels;
}

const SLASH = 0x2f;

/** How much may be in flight: the smaller of what is configured and what the broker allows. */
export interface Window {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * QoS 2 messages in flight to a 3.1.1 broker, which cannot say how many it takes. Mosquitto takes 20 messages unless told
 * otherwise, answers further ones without keeping them, and with 20 of QoS 2 unfinished ends the connection over the
 * next one of QoS 1: so one place stays free.
 */
export const QOS2_WINDOW_V3 = 19;
