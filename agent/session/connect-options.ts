import type { RemoteProfile } from '../../shared/remote-profile.ts';
import { NO_LIMITS, type TargetLimits, type Window } from '../forward/window.ts';
import type { Pacing } from '../forward/pace.ts';
import { Pacer } from '../forward/pacer.ts';
import type { ConnectionMaterial } from './credentials/credentials.ts';
import type { Connack, ControlOptions } from './mqtt-client.ts';
import type { SessionParts } from './session-parts.ts';

/** Largest topic alias a broker may use towards us. */
export const TOPIC_ALIAS_MAXIMUM = 32;

/**
 * What CONNECT says.
 * @param cleanStart whether to begin a new session. A publisher that has forgotten its packet identifiers must not meet
 * them again at the broker: it would take a new QoS 2 message for the old one under the same identifier and drop it
 * (MQTT5 4.3.3).
 */
export function connectOptions(
  { plan, limits, version, timing }: Pick<SessionParts, 'plan' | 'limits' | 'version' | 'timing'>,
  { username, password, enhanced }: ConnectionMaterial,
  cleanStart: boolean,
): ControlOptions {
  return {
    clientId: plan.clientId,
    version,
    keepAlive: limits.keepAliveSeconds,
    cleanStart,
    sessionExpiry: limits.expirySeconds,
    receiveMaximum: limits.maxInflightMessages,
    maximumPacketSize: limits.maxPacketBytes,
    topicAliasMaximum: TOPIC_ALIAS_MAXIMUM,
    connackTimeoutMs: timing.connectTimeoutMs,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(enhanced === undefined ? {} : { enhanced }),
  };
}

/**
 * The limits a broker set in CONNACK, and the defaults of MQTT 5 where it set none (3.2.2.3); none wider than its
 * profile.
 */
export function limitsOf(connack: Connack | undefined, profile: RemoteProfile): TargetLimits {
  return {
    receiveMaximum: connack?.receiveMaximum ?? NO_LIMITS.receiveMaximum,
    maximumPacketSize: Math.min(connack?.maximumPacketSize ?? NO_LIMITS.maximumPacketSize, profile.maximumPacketSize),
    maximumQos: connack?.maximumQos ?? profile.maximumQos,
    retainAvailable: connack?.retainAvailable ?? NO_LIMITS.retainAvailable,
    maximumTopicBytes: Math.min(NO_LIMITS.maximumTopicBytes, profile.topicBytes),
    maximumTopicLevels: Math.min(NO_LIMITS.maximumTopicLevels, profile.topicLevels),
    zeroExpiryIsNever: profile.zeroExpiryIsNever,
  };
}

/** How much may be in flight to a broker of this profile. */
export function windowOf({ limits, profile }: SessionParts): Window {
  return {
    messages: Math.min(limits.maxInflightMessages, profile.inflightMessages),
    bytes: Math.min(limits.maxInflightBytes, profile.inflightBytes),
  };
}

/** The publish rate a profile sets, if it sets one. */
export function pacingOf({ profile, now }: SessionParts): Pacing | undefined {
  const { publish, retainedCost } = profile;
  if (publish === undefined) return undefined;
  return {
    pacer: new Pacer({ limit: publish, retainedCost, now: now() }),
    wakeAfter: (ms, wake) => void setTimeout(wake, ms).unref(),
  };
}
