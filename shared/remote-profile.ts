import { parseEndpoint } from './endpoint.ts';
import { EVENT_GRID_TOPIC, eventGridHost } from './event-grid.ts';
import type { Connector } from './resources/connector.ts';

/** How fast one session may publish. */
export interface PublishLimit {
  /** Messages per second. */
  readonly messages: number;
  /** Bytes of whole packets per second. */
  readonly bytes: number;
}

/** What a kind of remote broker allows one session, where CONNACK does not say it. Infinity is no limit. */
export interface RemoteProfile {
  readonly name: 'eventgrid' | 'generic';
  /** Messages without acknowledgement. */
  readonly inflightMessages: number;
  /** Bytes without acknowledgement. */
  readonly inflightBytes: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize: number;
  readonly maximumQos: 1 | 2;
  /** UTF-8 bytes of a published topic. */
  readonly topicBytes: number;
  readonly topicLevels: number;
  /** Absent: as fast as window and socket allow. */
  readonly publish?: PublishLimit;
  /** How many publishes a retained one counts as. */
  readonly retainedCost: number;
  readonly filtersPerSubscribe: number;
  /** SUBSCRIBE and UNSUBSCRIBE packets together. */
  readonly subscribesPerSecond: number;
  /** Milliseconds from one CONNECT of a client ID to the next. */
  readonly connectSpacingMs: number;
  /** Whether a message expiry of 0 seconds means "never", against MQTT5 3.3.2.3.3. */
  readonly zeroExpiryIsNever: boolean;
}

/** A broker that keeps to MQTT and states its limits in CONNACK. */
export const GENERIC_PROFILE: RemoteProfile = {
  name: 'generic',
  inflightMessages: Number.POSITIVE_INFINITY,
  inflightBytes: Number.POSITIVE_INFINITY,
  maximumPacketSize: Number.POSITIVE_INFINITY,
  maximumQos: 2,
  topicBytes: Number.POSITIVE_INFINITY,
  topicLevels: Number.POSITIVE_INFINITY,
  retainedCost: 1,
  filtersPerSubscribe: 1,
  subscribesPerSecond: Number.POSITIVE_INFINITY,
  connectSpacingMs: 0,
  zeroExpiryIsNever: false,
};

/** Event Grid's documented limits of one session (its "quotas and limits" page of 2026). */
export const EVENT_GRID_PROFILE: RemoteProfile = {
  name: 'eventgrid',
  inflightMessages: 1_000,
  inflightBytes: 64 * 1024,
  maximumPacketSize: 512 * 1024,
  maximumQos: 1,
  topicBytes: EVENT_GRID_TOPIC.maxBytes,
  topicLevels: EVENT_GRID_TOPIC.maxLevels,
  publish: { messages: 1_000, bytes: 1_000_000 },
  retainedCost: 2,
  filtersPerSubscribe: 10,
  subscribesPerSecond: 5,
  connectSpacingMs: 1_000,
  zeroExpiryIsNever: true,
};

/** The profile the connector names, or else the one its remote host name tells. */
export function remoteProfileOf({ spec }: Connector): RemoteProfile {
  const { profile, endpoint } = spec.remoteBrokerConnection;
  const address = parseEndpoint(endpoint);
  const byHost = address.ok && eventGridHost(address.host) !== undefined ? 'eventgrid' : 'generic';
  return (profile ?? byHost) === 'eventgrid' ? EVENT_GRID_PROFILE : GENERIC_PROFILE;
}
