/** What a broker allows and promises on a connection: CONNACK, or the defaults where it says nothing (MQTT5 3.2.2.3). */
export interface TargetLimits {
  readonly receiveMaximum: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
}

/** Limits of a broker that sets none. */
export const NO_LIMITS: TargetLimits = {
  receiveMaximum: 65_535,
  maximumPacketSize: 268_435_460,
  maximumQos: 2,
  retainAvailable: true,
};

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
