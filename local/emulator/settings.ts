import { z } from 'zod';
import type { BrokerProfile } from '../broker/profile.ts';

const rate = (about: string) => z.number().positive().describe(about);
const count = (about: string) => z.int().nonnegative().describe(about);
const yes = (about: string) => z.boolean().describe(about);

/** Settings of the service beyond those of any broker: rates, quotas, and what the documents leave open. */
export const serviceSettingsSchema = z.strictObject({
  inboundMessagesPerSecond: rate('PUBLISH packets per second from one session'),
  inboundBytesPerSecond: rate('bytes of PUBLISH packets per second from one session'),
  outboundMessagesPerSecond: rate('PUBLISH packets per second to one session'),
  outboundBytesPerSecond: rate('payload bytes per second to one session'),
  throughputUnits: z
    .int()
    .min(1)
    .max(40)
    .describe('units that the limits of the namespace marked "per unit" are multiplied by'),
  namespaceInboundMessagesPerSecond: rate('PUBLISH packets per second from all sessions, per unit'),
  namespaceInboundBytesPerSecond: rate('bytes of PUBLISH packets per second from all sessions, per unit'),
  namespaceOutboundMessagesPerSecond: rate('PUBLISH packets per second to all sessions, per unit'),
  namespaceOutboundBytesPerSecond: rate('payload bytes per second to all sessions, per unit'),
  namespaceConnectsPerSecond: rate('CONNECT packets per second of all sessions, per unit'),
  namespaceSubscriptionPacketsPerSecond: rate('SUBSCRIBE and UNSUBSCRIBE packets per second of all sessions'),
  connectsPerSecond: rate('CONNECT packets per second of one session'),
  subscriptionPacketsPerSecond: rate('SUBSCRIBE and UNSUBSCRIBE packets per second of one session'),
  burstSeconds: rate('seconds of each rate that may come at once'),
  maximumInboundInflightBytes: count('bytes of payload one client may have unfinished'),
  retainedPublishCost: count('messages that a retained PUBLISH counts as'),
  whenThrottled: z.enum(['nack', 'disconnect']).describe('answer to a QoS 1 PUBLISH or a SUBSCRIBE beyond its rate'),
  throttleReasonCode: z.union([z.literal(0x97), z.literal(0x96)]).describe('reason code of DISCONNECT when throttled'),
  connectThrottleReasonCode: z
    .union([z.literal(0x97), z.literal(0x9f)])
    .describe('reason code of CONNACK for a CONNECT beyond its rate'),
  whenOutboundThrottled: z.enum(['wait', 'drop']).describe('what messages to a session do beyond its rate'),
  whenUnauthorized: z.enum(['nack', 'disconnect']).describe('answer to a QoS 1 PUBLISH without permission'),
  unknownMethodReasonCode: z
    .union([z.literal(0x8c), z.literal(0x87)])
    .describe('reason code of CONNACK for a method of authentication nobody takes'),
  whenTokenExpires: z.enum(['disconnect', 'nothing']).describe('what the end of a token does to its connection'),
  maximumClientSessionsPerAuthenticationName: count('sessions of one authentication name, with and without connection'),
  maximumSessions: count('sessions of the namespace, per unit'),
  maximumNamespaceSubscriptions: count('subscriptions of all sessions'),
  maximumSharedGroups: count('shared subscriptions of the namespace, those of one group and filter counted once'),
  maximumSharedGroupMembers: count('sessions that share one of them'),
  maximumAuthenticationNameBytes: count('UTF-8 bytes of an authentication name'),
  maximumAuthenticationDataBytes: count('bytes of the authentication data of CONNECT and AUTH'),
  maximumResponseTopicBytes: count('UTF-8 bytes of a response topic'),
  maximumContentTypeBytes: count('UTF-8 bytes of a content type'),
  maximumCorrelationDataBytes: count('bytes of correlation data'),
  maximumUserPropertyBytes: count('UTF-8 bytes of all names and values of user properties of a PUBLISH'),
  retainV3: z.enum(['allow', 'disconnect']).describe('what a retained PUBLISH of MQTT 3.1.1 does'),
  willAvailable: yes('whether CONNECT may carry a will'),
  customAuthenticationAvailable: yes('whether CUSTOM-JWT and the webhook are there'),
  assignedClientIdentifierAvailable: yes('whether an empty client identifier gets one'),
});

/** Settings of the service beyond those of any broker. */
export type ServiceSettings = Readonly<z.infer<typeof serviceSettingsSchema>>;

/** Everything that can be set of the emulator. */
export type EventGridSettings = BrokerProfile & ServiceSettings;

const qos = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** Those settings of the broker itself that a file may change. */
const brokerSettingsSchema = z.strictObject({
  connectTimeoutMs: count('milliseconds from the open socket to a whole CONNECT'),
  maximumPacketSize: count('bytes of the largest PUBLISH'),
  maximumQos: qos.describe('of publishes and subscriptions'),
  retainAvailable: yes('whether messages may be retained'),
  receiveMaximum: z.int().min(1).max(65_535).describe('QoS 1 messages a client may have unfinished'),
  topicAliasMaximum: z.int().min(0).max(65_535).describe('topic aliases a client may set up'),
  maximumKeepAlive: count('seconds'),
  maximumSessionExpiry: z
    .int()
    .min(0)
    .max(28_800)
    .describe('seconds a session outlives its connection at most; up to 8 hours'),
  maximumWillDelay: count('seconds of a will delay at most'),
  sessionExpiryV3: count('seconds a session of MQTT 3.1.1 with clean session 0 outlives its connection'),
  subscriptionIdentifiersAvailable: yes('whether SUBSCRIBE may carry an identifier'),
  sharedSubscriptionAvailable: yes('whether $share/… may be subscribed'),
  sharedSubscriptionV3: z.enum(['allow', 'disconnect']).describe('what $share/… from MQTT 3.1.1 does'),
  sharedSelection: z.enum(['round-robin', 'random']).describe('how a member of a group is chosen'),
  sharedRedistribution: z
    .enum(['on-disconnect', 'on-session-end'])
    .describe('when unacknowledged messages go to another member'),
  maximumInflightMessages: count('messages sent to one client and not acknowledged'),
  maximumInflightBytes: count('bytes of their payload'),
  maximumQueuedMessages: count('messages waiting for one session'),
  maximumQueuedBytes: count('bytes of their payload'),
  whenQueueFull: z.enum(['drop-newest', 'drop-oldest', 'end-session']).describe('what a full queue does'),
  maximumTopicBytes: count('UTF-8 bytes of a topic name or filter'),
  maximumTopicLevels: count('levels of a topic name or filter'),
  maximumFiltersPerSubscribe: count('filters in one SUBSCRIBE'),
  maximumSubscriptions: count('subscriptions of one session'),
  maximumSharedSubscriptions: count('shared ones among them'),
  maximumRetainedMessages: count('messages retained, per unit'),
  maximumRetainedBytes: count('bytes of one retained payload'),
  maximumRetainedTotalBytes: count('bytes of all retained payloads, per unit'),
  maximumRetainedExpiry: count('seconds a retained message is kept at most'),
  maximumClientIdBytes: count('UTF-8 bytes of a client identifier'),
  userPropertiesOutsidePublish: z.enum(['accept', 'refuse']).describe('what user properties outside PUBLISH do'),
  errorAckFromClient: z.enum(['accept', 'disconnect']).describe('what an error PUBACK from a client does'),
  reauthenticationReply: z.enum(['full', 'short']).describe('form of the AUTH that says success'),
  zeroExpiryIsNever: yes('whether a message expiry of 0 means never'),
});

/** Every setting a file may change, all of them optional. */
export const settingsSchema = brokerSettingsSchema.extend(serviceSettingsSchema.shape).partial();
