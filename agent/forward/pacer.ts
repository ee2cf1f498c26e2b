import type { PublishLimit } from '../../shared/remote-profile.ts';
import type { PublishRateSnapshot } from '../observe/snapshot.ts';
import { OPEN, recovered, shareAt, THROTTLE_RULES, throttled, type ThrottleSignal } from './throttle.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a pacer is made of. */
export interface PacerParts {
  readonly limit: PublishLimit;
  /** How many messages a retained one counts as. */
  readonly retainedCost: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/**
 * Steady part of the limit; the rest may come as a burst. Together they keep every span of one second within the limit,
 * however the broker counts.
 */
const STEADY = 0.97;
/** Fewest messages that may gather: a retained one counts twice. */
const LEAST_BURST = 2;
/** Span over which the used rate is measured, in milliseconds. */
const METER_MS = 1000;
const LEAST_METER_MS = 100;

/** Keeps the publishes of a session within a rate, which it lowers when the broker throttles and raises again later. */
export class Pacer {
  readonly retainedCost: number;
  readonly #limit: PublishLimit;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  #state = OPEN;
  #share = 1;
  #throttled = 0;
  #meterAt: number;
  #metered: PublishLimit = { messages: 0, bytes: 0 };
  #inMeter = { messages: 0, bytes: 0 };

  constructor({ limit, retainedCost, now }: PacerParts) {
    this.retainedCost = retainedCost;
    this.#limit = limit;
    this.#messages = new TokenBucket(limit.messages * STEADY, burst(limit.messages, 1), now);
    this.#bytes = new TokenBucket(limit.bytes * STEADY, burst(limit.bytes, 1), now);
    this.#meterAt = now;
  }

  /** Milliseconds until a frame of `bytes` that counts as `messages` may be sent; 0 when it may be now. */
  wait(bytes: number, messages: number, now: number): number {
    if (this.#state.kind === 'slowed') this.#adapt(now);
    return Math.max(this.#messages.wait(messages, now), this.#bytes.wait(bytes, now));
  }

  /** A frame was sent. */
  spend(bytes: number, messages: number, now: number): void {
    this.#messages.spend(messages, now);
    this.#bytes.spend(bytes, now);
    if (now - this.#meterAt >= METER_MS) this.#turnMeter(now);
    this.#inMeter.messages += messages;
    this.#inMeter.bytes += bytes;
  }

  /**
   * The broker refused a publish, or ended the connection, because of the rate.
   * @param sentAt when what it refused was sent: what left before the last cut says nothing about the rate after it.
   */
  throttle(kind: ThrottleSignal, sentAt: number, now: number): void {
    this.#throttled++;
    if (this.#state.kind === 'slowed' && sentAt < this.#state.since) return;
    const used = this.#shareInUse(now);
    this.#state = throttled(this.#state, { kind, used, now }, THROTTLE_RULES);
    this.#adapt(now);
    this.#messages.drain(now);
    this.#bytes.drain(now);
  }

  /** Used and allowed at this moment. */
  rates(now: number): PublishRateSnapshot {
    if (this.#state.kind === 'slowed') this.#adapt(now);
    const { messages, bytes } = this.#used(now);
    return {
      usedMessages: Math.round(messages),
      allowedMessages: Math.round(this.#limit.messages * STEADY * this.#share),
      usedBytes: Math.round(bytes),
      allowedBytes: Math.round(this.#limit.bytes * STEADY * this.#share),
      throttled: this.#throttled,
    };
  }

  #adapt(now: number): void {
    const share = shareAt(this.#state, now, THROTTLE_RULES);
    this.#state = recovered(this.#state, now, THROTTLE_RULES);
    if (share === this.#share) return;
    this.#share = share;
    const { messages, bytes } = this.#limit;
    this.#messages.change(messages * STEADY * share, burst(messages, share), now);
    this.#bytes.change(bytes * STEADY * share, burst(bytes, share), now);
  }

  /** Part of the limit in use, judged by the last moments too: a broker may refuse after a few messages. */
  #shareInUse(now: number): number {
    const { messages, bytes } = this.#used(now);
    const seconds = Math.max(now - this.#meterAt, LEAST_METER_MS) / 1000;
    const latest = this.#inMeter;
    return Math.max(
      Math.max(messages, latest.messages / seconds) / this.#limit.messages,
      Math.max(bytes, latest.bytes / seconds) / this.#limit.bytes,
    );
  }

  #used(now: number): PublishLimit {
    if (now - this.#meterAt >= METER_MS) this.#turnMeter(now);
    const { messages, bytes } = this.#inMeter;
    return {
      messages: Math.max(this.#metered.messages, messages),
      bytes: Math.max(this.#metered.bytes, bytes),
    };
  }

  #turnMeter(now: number): void {
    const seconds = (now - this.#meterAt) / 1000;
    this.#metered = { messages: this.#inMeter.messages / seconds, bytes: this.#inMeter.bytes / seconds };
    this.#inMeter = { messages: 0, bytes: 0 };
    this.#meterAt = now;
  }
}

function burst(limit: number, share: number): number {
  return Math.max(LEAST_BURST, limit * share * (1 - STEADY));
}
