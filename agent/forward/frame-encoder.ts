import { encodePublish, remainingLengthOf, type EncodedAt, type PublishShape } from './encode.ts';
import type { PublishView } from './publish-view.ts';
import { raiseZeroExpiry } from './resend.ts';
import type { Slab } from './slab.ts';
import type { Passage } from './topic-table.ts';
import type { Transit } from './transit.ts';
import { varintLength } from './varint.ts';
import type { TargetLimits } from './window.ts';

/** Turns received messages into frames for one target; `fit` first, then the encoding of the same message. */
export class FrameEncoder {
  readonly #shape: { -readonly [K in keyof PublishShape]: PublishShape[K] };
  readonly #at: EncodedAt = { end: 0, idAt: -1, expiryAt: -1 };
  #remaining = 0;
  #zeroExpiryIsNever = false;

  constructor(version: 4 | 5) {
    this.#shape = { version, topic: NO_TOPIC, qos: 0, retain: false, hops: 0 };
  }

  /** Decides about the form of the message; returns the bytes its frame will take. */
  fit(view: PublishView, passage: Passage, qos: 0 | 1 | 2, limits: TargetLimits): number {
    const { lane } = passage;
    const shape = this.#shape;
    shape.topic = passage.topic;
    shape.qos = qos;
    shape.retain = view.retain && lane.route.retain === 'Keep';
    if (shape.retain && !limits.retainAvailable) {
      shape.retain = false;
      lane.counters.retainCleared++;
    }
    shape.hops = lane.maxHops > 0 && shape.version === 5 ? view.hops + 1 : 0;
    const remaining = remainingLengthOf(view, shape);
    this.#remaining = remaining;
    this.#zeroExpiryIsNever = limits.zeroExpiryIsNever;
    return 1 + varintLength(remaining) + remaining;
  }

  /** Whether the frame of the last `fit` is to be retained by the target. */
  get retain(): boolean {
    return this.#shape.retain;
  }

  /** Writes the frame at the tail of the slab. */
  encode(view: PublishView, slab: Slab): void {
    encodePublish(view, this.#shape, this.#remaining, slab.bytes, slab.tail, this.#at);
    slab.tail = this.#at.end;
    if (this.#zeroExpiryIsNever) raiseZeroExpiry(slab.bytes, this.#at.expiryAt);
  }

  /** Writes the frame of a message that must be kept until it has an outcome. */
  encodeKept(view: PublishView, slab: Slab, transit: Transit): void {
    const start = slab.tail;
    this.encode(view, slab);
    const at = this.#at;
    slab.holds++;
    transit.slab = slab;
    transit.start = start;
    transit.end = at.end;
    transit.idAt = at.idAt;
    transit.expiryAt = at.expiryAt;
    transit.qos = this.#shape.qos;
  }
}

const NO_TOPIC = Buffer.alloc(0);
