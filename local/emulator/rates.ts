import type { ReceivedPublish } from '../broker/hooks.ts';
import type { ThrottleType } from './life-cycle.ts';
import type { ServiceSettings } from './settings.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Why a message to a client has to wait, and how long. */
export interface Delay {
  /** Milliseconds. */
  readonly wait: number;
  readonly throttleType: ThrottleType;
}

/** The rates of one session inside those of its namespace; what is refused takes nothing of either. Times are milliseconds on the broker's clock. */
export interface SessionRates {
  /** The limit a message from the client exceeds, or undefined when it was counted. */
  publish(publish: ReceivedPublish, now: number): ThrottleType | undefined;
  /** The limit one more SUBSCRIBE or UNSUBSCRIBE exceeds, or undefined when it was counted. */
  subscription(now: number): ThrottleType | undefined;
  /** What a message of so many bytes has to wait for; undefined when it was counted. */
  deliver(bytes: number, now: number): Delay | undefined;
}

/** A bucket and the word for what empties it. */
interface Meter {
  readonly bucket: TokenBucket;
  readonly throttleType: ThrottleType;
}

/** Meters of one kind: those of a session and those of its namespace. */
interface Charge {
  readonly meters: readonly Meter[];
  readonly tokens: number;
}

function longestOf(charges: readonly Charge[], now: number): Delay | undefined {
  let longest: Delay | undefined;
  for (const { meters, tokens } of charges) {
    for (const { bucket, throttleType } of meters) {
      const wait = bucket.wait(now, tokens);
      if (wait > (longest?.wait ?? 0)) longest = { wait, throttleType };
    }
  }
  return longest;
}

/** Takes all charges, or none and says what to wait for longest. */
function charge(charges: readonly Charge[], now: number): Delay | undefined {
  const longest = longestOf(charges, now);
  if (longest !== undefined) return longest;
  for (const { meters, tokens } of charges) for (const { bucket } of meters) bucket.take(now, tokens);
  return undefined;
}

type Buckets = (perSecond: number, throttleType: ThrottleType) => Meter;

function bucketsOf({ burstSeconds }: ServiceSettings): Buckets {
  return (perSecond, throttleType) => ({ bucket: createTokenBucket(perSecond, burstSeconds), throttleType });
}

/** The meters all sessions of a namespace share. */
interface NamespaceMeters {
  readonly inboundMessages: Meter;
  readonly inboundBytes: Meter;
  readonly outboundMessages: Meter;
  readonly outboundBytes: Meter;
  readonly subscriptions: Meter;
}

function namespaceMeters(settings: ServiceSettings): NamespaceMeters {
  const meter = bucketsOf(settings);
  const { throughputUnits: units } = settings;
  return {
    inboundMessages: meter(settings.namespaceInboundMessagesPerSecond * units, 'IncomingPublishPacketsPerNamespace'),
    inboundBytes: meter(settings.namespaceInboundBytesPerSecond * units, 'InboundBandwidthPerNamespace'),
    outboundMessages: meter(settings.namespaceOutboundMessagesPerSecond * units, 'OutboundPublishPacketsPerNamespace'),
    outboundBytes: meter(settings.namespaceOutboundBytesPerSecond * units, 'OutboundBandwidthPerNamespace'),
    subscriptions: meter(settings.namespaceSubscriptionPacketsPerSecond, 'SubscribeOperationsPerNamespace'),
  };
}

/** Whether a client has more unfinished than one may have; one message always goes, it may be larger than the window. */
function overInflight(settings: ServiceSettings & Inflight, publish: ReceivedPublish): boolean {
  const { payload, unfinishedBytes, unfinishedMessages, version } = publish;
  if (unfinishedBytes > payload.length && unfinishedBytes > settings.maximumInboundInflightBytes) return true;
  // MQTT 5 clients are told the number in CONNACK, and the broker ends their connection beyond it.
  return version === 4 && unfinishedMessages > settings.receiveMaximum;
}

/** The broker's own setting that matters here. */
export interface Inflight {
  readonly receiveMaximum: number;
}

/** Full buckets for a namespace; each call of the answer makes those of one session. */
export function createRates(settings: ServiceSettings & Inflight): () => SessionRates {
  const namespace = namespaceMeters(settings);
  const meter = bucketsOf(settings);
  return () => {
    const inboundMessages = [
      meter(settings.inboundMessagesPerSecond, 'IncomingPublishPacketsPerConnection'),
      namespace.inboundMessages,
    ];
    const inboundBytes = [
      meter(settings.inboundBytesPerSecond, 'InboundBandwidthPerConnection'),
      namespace.inboundBytes,
    ];
    const outboundMessages = [
      meter(settings.outboundMessagesPerSecond, 'OutboundPublishPacketsPerConnection'),
      namespace.outboundMessages,
    ];
    const outboundBytes = [
      meter(settings.outboundBytesPerSecond, 'OutboundBandwidthPerConnection'),
      namespace.outboundBytes,
    ];
    const subscriptions = [
      meter(settings.subscriptionPacketsPerSecond, 'SubscribeOperationsPerConnection'),
      namespace.subscriptions,
    ];
    return {
      publish(publish, now) {
        if (overInflight(settings, publish)) return 'InboundInflightPerConnection';
        const messages = { meters: inboundMessages, tokens: publish.retain ? settings.retainedPublishCost : 1 };
        return charge([messages, { meters: inboundBytes, tokens: publish.size }], now)?.throttleType;
      },
      subscription: (now) => charge([{ meters: subscriptions, tokens: 1 }], now)?.throttleType,
      deliver(bytes, now) {
        return charge(
          [
            { meters: outboundMessages, tokens: 1 },
            { meters: outboundBytes, tokens: bytes },
          ],
          now,
        );
      },
    };
  };
}

/** Counts CONNECT packets by session name and in all, whether or not a session comes of them. */
export interface ConnectRates {
  /** The limit this one exceeds, or undefined when it was counted. */
  connect(clientId: string, now: number): ThrottleType | undefined;
}

/** Session names a `ConnectRates` remembers at most. */
const MAXIMUM_NAMES = 20_000;

/** Nobody has connected yet. */
export function createConnectRates(settings: ServiceSettings): ConnectRates {
  const { connectsPerSecond, namespaceConnectsPerSecond, throughputUnits } = settings;
  const meter = bucketsOf(settings);
  const ofAll = meter(namespaceConnectsPerSecond * throughputUnits, 'ConnectPacketsPerNamespace');
  const byName = new Map<string, Meter>();

  function makeRoom(now: number): void {
    for (const [name, { bucket }] of byName) if (bucket.full(now)) byName.delete(name);
    const [oldest] = byName.keys();
    if (byName.size >= MAXIMUM_NAMES && oldest !== undefined) byName.delete(oldest);
  }

  return {
    connect(clientId, now) {
      if (byName.size >= MAXIMUM_NAMES) makeRoom(now);
      const ofSession = byName.get(clientId) ?? meter(connectsPerSecond, 'ConnectPacketsPerSession');
      byName.set(clientId, ofSession);
      return charge([{ meters: [ofSession, ofAll], tokens: 1 }], now)?.throttleType;
    },
  };
}
