import { genericProfile } from '../broker/profile.ts';
import type { EventGridSettings } from './settings.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const HOUR_S = 3_600;
const YEAR_S = 31_536_000;

/** Event Grid as documented in 2026. */
export const eventGrid2026: EventGridSettings = {
  ...genericProfile,
  name: 'eventgrid-2026',
  maximumPacketSize: 512 * KIB,
  maximumQos: 1,
  receiveMaximum: 1_000,
  topicAliasMaximum: 10,
  maximumKeepAlive: 1_160,
  maximumSessionExpiry: HOUR_S,
  sessionExpiryV3: HOUR_S,
  sharedSubscriptionV3: 'disconnect',
  sharedSelection: 'random',
  sharedRedistribution: 'on-session-end',
  maximumInflightMessages: 100,
  maximumInflightBytes: 64 * KIB,
  maximumQueuedMessages: 100,
  maximumQueuedBytes: MIB,
  whenQueueFull: 'end-session',
  maximumTopicBytes: 256,
  maximumTopicLevels: 15,
  maximumFiltersPerSubscribe: 10,
  maximumSubscriptions: 50,
  maximumSharedSubscriptions: 10,
  maximumRetainedMessages: 10_000,
  maximumRetainedBytes: 64 * KIB,
  maximumRetainedTotalBytes: 640 * MIB,
  maximumRetainedExpiry: YEAR_S,
  maximumClientIdBytes: 128,
  userPropertiesOutsidePublish: 'refuse',
  errorAckFromClient: 'disconnect',
  zeroExpiryIsNever: true,
  inboundMessagesPerSecond: 1_000,
  inboundBytesPerSecond: MIB,
  outboundMessagesPerSecond: 100,
  outboundBytesPerSecond: MIB,
  throughputUnits: 1,
  namespaceInboundMessagesPerSecond: 1_000,
  namespaceInboundBytesPerSecond: MIB,
  namespaceOutboundMessagesPerSecond: 1_000,
  namespaceOutboundBytesPerSecond: MIB,
  namespaceConnectsPerSecond: 200,
  namespaceSubscriptionPacketsPerSecond: 200,
  connectsPerSecond: 1,
  subscriptionPacketsPerSecond: 5,
  burstSeconds: 1,
  maximumInboundInflightBytes: 64 * KIB,
  retainedPublishCost: 2,
  whenThrottled: 'nack',
  throttleReasonCode: 0x97,
  connectThrottleReasonCode: 0x97,
  whenOutboundThrottled: 'wait',
  whenUnauthorized: 'nack',
  unknownMethodReasonCode: 0x8c,
  whenTokenExpires: 'disconnect',
  maximumClientSessionsPerAuthenticationName: 1,
  maximumSessions: 10_000,
  maximumNamespaceSubscriptions: 1_000_000,
  maximumSharedGroups: 100,
  maximumSharedGroupMembers: 100,
  maximumAuthenticationNameBytes: 128,
  maximumAuthenticationDataBytes: 8 * KIB,
  maximumResponseTopicBytes: 256,
  maximumContentTypeBytes: 256,
  maximumCorrelationDataBytes: 256,
  maximumUserPropertyBytes: 32 * KIB,
  retainV3: 'allow',
  willAvailable: true,
  customAuthenticationAvailable: true,
  assignedClientIdentifierAvailable: true,
};

/** Event Grid as its first public documents of 2023 describe it. */
export const eventGrid2023: EventGridSettings = {
  ...eventGrid2026,
  name: 'eventgrid-2023',
  retainAvailable: false,
  subscriptionIdentifiersAvailable: false,
  sharedSubscriptionAvailable: false,
  maximumInflightMessages: 16,
  maximumTopicLevels: 8,
  inboundMessagesPerSecond: 100,
  willAvailable: false,
  customAuthenticationAvailable: false,
  assignedClientIdentifierAvailable: false,
};

/** The emulator's profiles by name; the one without a date is the newest. */
export const eventGridProfiles = {
  eventgrid: eventGrid2026,
  'eventgrid-2026': eventGrid2026,
  'eventgrid-2023': eventGrid2023,
} as const satisfies Record<string, EventGridSettings>;

/** The name of a profile. */
export type EventGridProfileName = keyof typeof eventGridProfiles;
