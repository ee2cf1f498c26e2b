import type { Qos } from './codec/publish.ts';

/** Everything about a broker's behaviour that is a number or a choice. Absent optional fields mean "no limit". */
export interface BrokerProfile {
  readonly name: string;
  /** Milliseconds from the opened socket to a whole CONNECT. */
  readonly connectTimeoutMs: number;
  /** Milliseconds a closing connection may still take to read what it was told. */
  readonly lingerMs: number;
  /** Bytes of the largest packet other than PUBLISH. */
  readonly maximumControlPacketSize: number;
  /** User properties in one packet other than PUBLISH. */
  readonly maximumControlUserProperties: number;
  /** Bytes of the largest PUBLISH a client may send; stated in CONNACK. */
  readonly maximumPacketSize: number;
  /** Highest QoS of a PUBLISH from a client and of a subscription. */
  readonly maximumQos: Qos;
  readonly retainAvailable: boolean;
  /** Unfinished QoS 1 and 2 messages a client may send (MQTT 5); 1 to 65,535. */
  readonly receiveMaximum: number;
  /** Topic aliases a client may set up; 0 to 65,535. */
  readonly topicAliasMaximum: number;
  /** Whether the broker sets up aliases towards clients that allow it. */
  readonly outgoingTopicAliases: boolean;
  /** Seconds; replaces the keep-alive an MQTT 5 client asked for. */
  readonly serverKeepAlive?: number;
  /** Seconds; a client asking for more, or for none, gets this. */
  readonly maximumKeepAlive?: number;
  /** Seconds; caps a client's session expiry. */
  readonly maximumSessionExpiry?: number;
  /** Seconds; caps the delay of a will, which the end of its session cuts short anyway. */
  readonly maximumWillDelay?: number;
  /** Seconds a session of MQTT 3.1.1 with clean session 0 outlives its connection; 0xFFFFFFFF is for ever. */
  readonly sessionExpiryV3: number;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  /** What `$share/…` from an MQTT 3.1.1 client does; that version has no shared subscriptions. */
  readonly sharedSubscriptionV3: 'allow' | 'disconnect';
  readonly sharedSelection: 'round-robin' | 'random';
  /** When what a member of a shared subscription has not acknowledged goes to another member. */
  readonly sharedRedistribution: 'on-disconnect' | 'on-session-end';
  /** How often a session gets a message that several of its subscriptions match. */
  readonly overlappingSubscriptions: 'once' | 'each';
  /** Unfinished QoS 1 and 2 messages sent to one client; its own Receive Maximum lowers this. */
  readonly maximumInflightMessages: number;
  /** Bytes of payload of unfinished messages sent to one client; one message always goes. */
  readonly maximumInflightBytes: number;
  /** Messages waiting for one session. */
  readonly maximumQueuedMessages: number;
  /** Bytes of payload waiting for one session. */
  readonly maximumQueuedBytes: number;
  readonly whenQueueFull: 'drop-newest' | 'drop-oldest' | 'end-session';
  /** Whether QoS 0 messages wait for a session without connection. */
  readonly queueQos0Offline: boolean;
  /** Bytes written to one socket but not taken by it, beyond which messages wait in the session's queue. */
  readonly maximumUnsentBytes: number;
  /** UTF-8 bytes of a topic name or filter. */
  readonly maximumTopicBytes: number;
  /** Levels of a topic name or filter. */
  readonly maximumTopicLevels: number;
  /** Filters in one SUBSCRIBE. */
  readonly maximumFiltersPerSubscribe: number;
  /** Subscriptions of one session. */
  readonly maximumSubscriptions: number;
  /** Shared subscriptions of one session, which also count as subscriptions. */
  readonly maximumSharedSubscriptions: number;
  readonly maximumRetainedMessages: number;
  /** Bytes of one retained payload. */
  readonly maximumRetainedBytes: number;
  /** Bytes of all retained payloads together. */
  readonly maximumRetainedTotalBytes: number;
  /** Seconds a retained message is kept at most; also the expiry of one that states none. */
  readonly maximumRetainedExpiry?: number;
  /** UTF-8 bytes of a client identifier. */
  readonly maximumClientIdBytes: number;
  /** What user properties outside PUBLISH and wills do. */
  readonly userPropertiesOutsidePublish: 'accept' | 'refuse';
  /** What a PUBACK or PUBREC with an error code from a client does. */
  readonly errorAckFromClient: 'accept' | 'disconnect';
  /** The AUTH that confirms renewed credentials: with method and data, or the two bytes the specification allows for success. */
  readonly reauthenticationReply: 'full' | 'short';
  /** Whether a message expiry of 0 seconds means "never" (against the specification). */
  readonly zeroExpiryIsNever: boolean;
}

/** A broker without a vendor's limits: what the specification allows, bounded only to protect its process. */
export const genericProfile: BrokerProfile = {
  name: 'generic',
  connectTimeoutMs: 10_000,
  lingerMs: 1_000,
  maximumControlPacketSize: 256 * 1024,
  maximumControlUserProperties: 1_000,
  maximumPacketSize: 16 * 1024 * 1024,
  maximumQos: 2,
  retainAvailable: true,
  receiveMaximum: 65_535,
  topicAliasMaximum: 100,
  outgoingTopicAliases: false,
  sessionExpiryV3: 0xffff_ffff,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifiersAvailable: true,
  sharedSubscriptionAvailable: true,
  sharedSubscriptionV3: 'allow',
  sharedSelection: 'round-robin',
  sharedRedistribution: 'on-disconnect',
  overlappingSubscriptions: 'once',
  maximumInflightMessages: 1_000,
  maximumInflightBytes: 64 * 1024 * 1024,
  maximumQueuedMessages: 100_000,
  maximumQueuedBytes: 64 * 1024 * 1024,
  whenQueueFull: 'drop-newest',
  queueQos0Offline: false,
  maximumUnsentBytes: 1024 * 1024,
  maximumTopicBytes: 65_535,
  maximumTopicLevels: 128,
  maximumFiltersPerSubscribe: 1_000,
  maximumSubscriptions: 10_000,
  maximumSharedSubscriptions: 10_000,
  maximumRetainedMessages: 100_000,
  maximumRetainedBytes: 16 * 1024 * 1024,
  maximumRetainedTotalBytes: 1024 * 1024 * 1024,
  maximumClientIdBytes: 65_535,
  userPropertiesOutsidePublish: 'accept',
  errorAckFromClient: 'accept',
  reauthenticationReply: 'full',
  zeroExpiryIsNever: false,
};
