import type { ReceivedPublish } from '../broker/hooks.ts';
import type { ThrottleType } from './life-cycle.ts';
import type { ServiceSettings } from './settings.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** The rates of one session; what is refused takes nothing. Times are milliseconds on the broker's clock. */
export interface SessionRates {
  /** The limit a message from the client exceeds, or undefined when it was counted. */
  publish(publish: ReceivedPublish, now: number): ThrottleType | undefined;
  /** Whether one more SUBSCRIBE or UNSUBSCRIBE was counted. */
  subscription(now: number): boolean;
  /** Milliseconds a message of so many bytes has to wait; 0 when it was counted. */
  deliver(bytes: number, now: number): number;
}

/** Full buckets. */
export function createSessionRates(settings: ServiceSettings): SessionRates {
  const bucket = (perSecond: number): TokenBucket => createTokenBucket(perSecond, settings.burstSeconds);
  const inboundMessages = bucket(settings.inboundMessagesPerSecond);
  const inboundBytes = bucket(settings.inboundBytesPerSecond);
  const outboundMessages = bucket(settings.outboundMessagesPerSecond);
  const outboundBytes = bucket(settings.outboundBytesPerSecond);
  const subscriptions = bucket(settings.subscriptionPacketsPerSecond);
  return {
    publish({ payload, retain, size, unfinishedBytes }, now) {
      const messages = retain ? settings.retainedPublishCost : 1;
      if (inboundMessages.wait(now, messages) > 0) return 'IncomingPublishPacketsPerConnection';
      if (inboundBytes.wait(now, size) > 0) return 'InboundBandwidthPerConnection';
      // One message always goes: a payload may be larger than the window.
      const alone = unfinishedBytes <= payload.length;
      if (!alone && unfinishedBytes > settings.maximumInboundInflightBytes) return 'InboundInflightPerConnection';
      inboundMessages.take(now, messages);
      inboundBytes.take(now, size);
      return undefined;
    },
    subscription(now) {
      if (subscriptions.wait(now, 1) > 0) return false;
      subscriptions.take(now, 1);
      return true;
    },
    deliver(bytes, now) {
      const wait = Math.max(outboundMessages.wait(now, 1), outboundBytes.wait(now, bytes));
      if (wait > 0) return wait;
      outboundMessages.take(now, 1);
      outboundBytes.take(now, bytes);
      return 0;
    },
  };
}

/** Counts CONNECT packets by session name, whether or not a session comes of them. */
export interface ConnectRates {
  /** False when this one comes too soon. */
  connect(clientId: string, now: number): boolean;
}

/** Session names a `ConnectRates` remembers at most. */
const MAXIMUM_NAMES = 20_000;

/** Nobody has connected yet. */
export function createConnectRates({ connectsPerSecond, burstSeconds }: ServiceSettings): ConnectRates {
  const buckets = new Map<string, TokenBucket>();

  function makeRoom(now: number): void {
    for (const [name, bucket] of buckets) if (bucket.full(now)) buckets.delete(name);
    const [oldest] = buckets.keys();
    if (buckets.size >= MAXIMUM_NAMES && oldest !== undefined) buckets.delete(oldest);
  }

  return {
    connect(clientId, now) {
      if (buckets.size >= MAXIMUM_NAMES) makeRoom(now);
      const bucket = buckets.get(clientId) ?? createTokenBucket(connectsPerSecond, burstSeconds);
      buckets.set(clientId, bucket);
      if (bucket.wait(now, 1) > 0) return false;
      bucket.take(now, 1);
      return true;
    },
  };
}
