import { AckBuffer, Packet } from './ack-buffer.ts';
import { countDropped, countRetried, observeLatency, type DropReason } from './counters.ts';
import { encodePublish, remainingLengthOf, type EncodedAt, type PublishShape } from './encode.ts';
import { FrameStore } from './frame-store.ts';
import type { Flushable, FlushTurn, Outlet } from './outlet.ts';
import { HIGHEST_PUBLISH_ID, PacketIds } from './packet-ids.ts';
import type { PublishView } from './publish-view.ts';
import type { Receiver } from './receiver.ts';
import { publishVerdict } from './refusal.ts';
import { fitFrame, markDuplicate, stampId } from './resend.ts';
import type { SlabPool } from './slab.ts';
import type { Passage } from './topic-table.ts';
import { giveTransit, TransitList, type Transit } from './transit.ts';
import { varintLength } from './varint.ts';
import { hasRoom, NO_LIMITS, type TargetLimits, type Window } from './window.ts';

/** What a sender is given by its session. */
export interface SenderParts {
  readonly outlet: Outlet;
  readonly turn: FlushTurn;
  readonly pool: SlabPool;
  readonly version: 4 | 5;
  /** Window of the configuration; the broker may make it smaller. */
  readonly window: Window;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Runs `retry` after a pause that grows with `attempts`. */
  readonly retryLater: (attempts: number, retry: () => void) => void;
  /** Takes over a message that the target will never accept. */
  readonly refused: (transit: Transit, reason: DropReason) => void;
}

/** Connections a broker may end over one message, sent alone, before the message counts as refused. */
const STRIKES = 3;

/**
 * The target half of a session: encodes messages, keeps as many in flight as configuration and broker allow, in order,
 * and repeats them after a reconnect until the broker has acknowledged each (MQTT5 4.4, 4.9).
 */
export class Sender implements Flushable {
  /** Acknowledgements that belong to no message in flight. */
  strayAcks = 0;
  readonly #parts: SenderParts;
  readonly #store: FrameStore;
  readonly #acks: AckBuffer;
  readonly #ids = new PacketIds();
  readonly #inflight = new TransitList();
  readonly #waiting = new TransitList();
  readonly #held = new Set<Receiver>();
  readonly #shape: { -readonly [K in keyof PublishShape]: PublishShape[K] };
  readonly #at: EncodedAt = { end: 0, idAt: -1, expiryAt: -1 };
  #window: Window;
  #limits: TargetLimits = NO_LIMITS;
  #inflightBytes = 0;
  #waitingBytes = 0;
  #sequence = 0;
  #connected = false;
  #congested = false;
  #paused = false;
  #dirty = false;
  /** While messages up to this sequence are unsettled they go one at a time, to find the one the broker chokes on. */
  #probeThrough = -1;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#window = parts.window;
    this.#store = new FrameStore(parts.pool, parts.outlet);
    this.#acks = new AckBuffer(parts.outlet);
    this.#shape = { version: parts.version, topic: NO_TOPIC, qos: 0, retain: false, hops: 0 };
  }

  get inflight(): Window {
    return { messages: this.#inflight.size, bytes: this.#inflightBytes };
  }

  /** QoS 1 and 2 messages without an outcome. */
  get pending(): number {
    return this.#inflight.size + this.#waiting.size;
  }

  get window(): Window {
    return this.#window;
  }

  /** Forwards a QoS 0 message at once, or drops it when there is no connection: nobody would send it again. */
  pass(view: PublishView, passage: Passage, now: number): void {
    const { counters } = passage.lane;
    if (!this.#connected) {
      countDropped(counters, 'target_unavailable');
      return;
    }
    const remaining = this.#fit(view, passage, 0);
    const length = 1 + varintLength(remaining) + remaining;
    if (length > this.#limits.maximumPacketSize) {
      countDropped(counters, 'too_large');
      return;
    }
    const slab = this.#store.room(length);
    const start = slab.tail;
    encodePublish(view, this.#shape, remaining, slab.bytes, start, this.#at);
    slab.tail = this.#at.end;
    this.#store.queue(slab, start, slab.tail);
    this.#touch();
    counters.forwarded++;
    counters.forwardedBytes += view.end - view.payloadStart;
    observeLatency(counters.latency, (this.#parts.now() - now) / 1000);
  }

  /** Takes a QoS 1 or 2 message: sends it when the window has room, otherwise keeps it in line. */
  submit(view: PublishView, passage: Passage, transit: Transit, now: number): void {
    const { lane } = passage;
    const qos = Math.min(view.qos, lane.route.qos) as 0 | 1 | 2;
    const remaining = this.#fit(view, passage, qos);
    const length = 1 + varintLength(remaining) + remaining;
    this.#encode(view, transit, remaining, length);
    transit.qos = qos;
    transit.sequence = this.#sequence++;
    if (this.#waiting.size === 0 && this.#canSend(length)) this.#transmit(transit, now);
    else this.#wait(transit);
  }

  /** Takes a ready frame, such as the copy of a refused message. */
  submitFrame(transit: Transit, frame: Buffer, at: { idAt: number; expiryAt: number }): void {
    const slab = this.#store.room(frame.length);
    transit.slab = slab;
    slab.holds++;
    transit.start = slab.tail;
    transit.idAt = slab.tail + at.idAt;
    transit.expiryAt = at.expiryAt < 0 ? -1 : slab.tail + at.expiryAt;
    frame.copy(slab.bytes, slab.tail);
    slab.tail += frame.length;
    transit.end = slab.tail;
    transit.sequence = this.#sequence++;
    this.#wait(transit);
    this.pump();
  }

  /** Puts a message back in line, in its old place, and tries again after a pause. */
  repeat(transit: Transit, reason: 'transient_refusal' | 'blocked'): void {
    countRetried(transit.lane.counters, reason);
    transit.attempts++;
    this.#wait(transit);
    if (this.#paused) return;
    this.#paused = true;
    this.#parts.retryLater(transit.attempts, () => {
      this.#paused = false;
      this.pump();
    });
  }

  /** A connection is up: repeats what is in flight, in order and within its limits, then goes on with what waits. */
  begin(limits: TargetLimits, sessionPresent: boolean): void {
    const configured = this.#parts.window;
    this.#limits = limits;
    const messages = Math.min(configured.messages, limits.receiveMaximum, HIGHEST_PUBLISH_ID);
    this.#window = { messages, bytes: configured.bytes };
    this.#connected = true;
    this.#congested = false;
    const now = this.#parts.now();
    if (sessionPresent) this.#releaseAgain(now);
    for (let transit = this.#inflight.last; transit; ) {
      const { previous } = transit;
      countRetried(transit.lane.counters, 'reconnect');
      if (!sessionPresent || transit.phase !== 'released') this.#recall(transit);
      transit = previous;
    }
    if (!sessionPresent) this.#forgetIds();
    this.pump();
  }

  /** The connection is gone; everything in flight stays for the next one. */
  end(): void {
    this.#connected = false;
    this.#congested = false;
    this.#acks.clear();
    this.#store.abandonWrites();
    this.#releaseHeld();
  }

  /**
   * The broker ended the connection with a reason code that speaks of a packet. One of the messages in flight is the
   * cause: they are sent one by one, and the one that ends the connection again and again is refused.
   */
  blame(reason: DropReason): void {
    const suspect = this.#inflight.first;
    if (!suspect) return;
    if (this.#inflight.size === 1 && suspect.sequence <= this.#probeThrough && ++suspect.attempts >= STRIKES) {
      this.#leaveFlight(suspect);
      this.#parts.refused(suspect, reason);
      return;
    }
    this.#probeThrough = Math.max(this.#probeThrough, this.#inflight.last?.sequence ?? -1);
  }

  /** PUBACK (MQTT5 3.4). */
  puback(id: number, reasonCode: number): void {
    const transit = this.#ids.find(id);
    if (transit?.phase === 'published' && transit.qos === 1) this.#answered(transit, reasonCode);
    else this.strayAcks++;
  }

  /** PUBREC (MQTT5 3.5): the broker has the message; PUBREL lets it deliver. */
  pubrec(id: number, reasonCode: number): void {
    const transit = this.#ids.find(id);
    if (transit?.phase === 'published' && transit.qos === 2 && reasonCode >= 0x80) {
      this.#answered(transit, reasonCode);
      return;
    }
    if (transit?.qos === 2) {
      transit.phase = 'released';
      transit.sentAt = this.#parts.now();
    } else this.strayAcks++;
    this.#release(id);
  }

  /** PUBCOMP (MQTT5 3.7). 0x92 means the broker had already completed it. */
  pubcomp(id: number): void {
    const transit = this.#ids.find(id);
    if (transit?.phase === 'released') this.#answered(transit, 0);
    else this.strayAcks++;
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#congested = false;
    this.#store.settleWrites();
    this.pump();
  }

  /** Milliseconds the oldest message has been waiting for its acknowledgement; 0 when none is in flight. */
  oldestUnanswered(now: number): number {
    const { first } = this.#inflight;
    return first && this.#connected ? now - first.sentAt : 0;
  }

  /** True when the source must wait: QoS 0 has no window, and some brokers send beyond theirs. */
  mustHold(receiver: Receiver, qos: 0 | 1 | 2): boolean {
    if (qos === 0 ? !this.#congested : !this.#overfull(1)) return false;
    this.#held.add(receiver);
    return true;
  }

  /** Sends what waits while the window has room. */
  pump(): void {
    const now = this.#parts.now();
    for (let transit = this.#waiting.first; transit; transit = this.#waiting.first) {
      const length = transit.end - transit.start;
      if (!this.#canSend(length)) break;
      this.#leaveLine(transit);
      this.#transmit(transit, now);
    }
    if (this.#held.size > 0 && !this.#congested && !this.#overfull(0.5)) this.#releaseHeld();
  }

  /** The message has its outcome: frees its memory and lets the source be acknowledged. */
  settle(transit: Transit): void {
    if (transit.slab) this.#store.release(transit.slab);
    transit.slab = undefined;
    transit.phase = 'settled';
    const { receiver, original } = transit;
    if (original) {
      countDropped(original.lane.counters, 'dead_lettered');
      original.lane.target.settle(original);
    }
    if (receiver) receiver.settled(transit);
    else giveTransit(transit);
  }

  /** Gives up what has no outcome: it was never acknowledged, so the source broker still has it. */
  discard(): void {
    this.end();
    for (const list of [this.#inflight, this.#waiting]) {
      for (let transit = list.first; transit; transit = list.first) {
        if (list === this.#inflight) this.#leaveFlight(transit);
        else this.#leaveLine(transit);
        this.#giveBack(transit);
      }
    }
  }

  flush(): void {
    this.#dirty = false;
    this.#acks.flush();
    if (this.#connected && !this.#store.flush()) this.#congested = true;
  }

  #fit(view: PublishView, passage: Passage, qos: 0 | 1 | 2): number {
    const { lane } = passage;
    const shape = this.#shape;
    shape.topic = passage.topic;
    shape.qos = qos;
    shape.retain = view.retain && lane.route.retain === 'Keep';
    if (shape.retain && !this.#limits.retainAvailable) {
      shape.retain = false;
      lane.counters.retainCleared++;
    }
    shape.hops = lane.maxHops > 0 && shape.version === 5 ? view.hops + 1 : 0;
    return remainingLengthOf(view, shape);
  }

  #encode(view: PublishView, transit: Transit, remaining: number, length: number): void {
    const slab = this.#store.room(length);
    const at = this.#at;
    encodePublish(view, this.#shape, remaining, slab.bytes, slab.tail, at);
    slab.holds++;
    transit.slab = slab;
    transit.start = slab.tail;
    transit.end = at.end;
    transit.idAt = at.idAt;
    transit.expiryAt = at.expiryAt;
    slab.tail = at.end;
  }

  #wait(transit: Transit): void {
    transit.phase = 'waiting';
    this.#waitingBytes += transit.end - transit.start;
    this.#waiting.insert(transit);
  }

  #giveBack(transit: Transit): void {
    if (transit.slab) this.#store.release(transit.slab);
    transit.slab = undefined;
    if (transit.targetId > 0) this.#freeId(transit);
    const { original } = transit;
    if (original) {
      giveTransit(transit);
      original.lane.target.#giveBack(original);
      return;
    }
    countDropped(transit.lane.counters, 'returned');
    transit.phase = 'returned';
    if (!transit.receiver) giveTransit(transit);
  }

  #leaveLine(transit: Transit): void {
    this.#waiting.remove(transit);
    this.#waitingBytes -= transit.end - transit.start;
  }

  #transmit(transit: Transit, now: number): void {
    const limits = this.#limits;
    if (transit.targetId > 0 && transit.qos > limits.maximumQos) this.#abandonId(transit);
    const check = fitFrame(transit, limits, now);
    if (check === 'too_large') {
      if (transit.targetId > 0) this.#abandonId(transit);
      this.#parts.refused(transit, 'too_large');
    } else if (check === 'expired') {
      countDropped(transit.lane.counters, 'expired');
      this.settle(transit);
    } else if (transit.qos === 0) {
      this.#queue(transit);
      this.#forwarded(transit, now);
    } else {
      if (transit.targetId > 0) markDuplicate(transit);
      else stampId(transit, this.#ids.take(transit));
      transit.phase = 'published';
      transit.sentAt = now;
      this.#inflight.push(transit);
      this.#inflightBytes += transit.end - transit.start;
      this.#queue(transit);
    }
  }

  #queue(transit: Transit): void {
    if (transit.slab) this.#store.queue(transit.slab, transit.start, transit.end);
    this.#touch();
  }

  /**
   * Back in line with its identifier, so that it goes again under the same one as soon as this connection has room:
   * the broker may have it already (MQTT5 4.4), and nothing but a repeat may use the identifier then (MQTT5 4.3.3).
   */
  #recall(transit: Transit): void {
    this.#inflight.remove(transit);
    this.#inflightBytes -= transit.end - transit.start;
    this.#wait(transit);
  }

  /** The broker has forgotten the session and with it the identifiers. */
  #forgetIds(): void {
    for (let transit = this.#waiting.first; transit; transit = transit.next) {
      if (transit.targetId > 0) this.#freeId(transit);
    }
  }

  /** The message will not be finished under this identifier: what the broker may hold of it must be, nevertheless. */
  #abandonId(transit: Transit): void {
    if (transit.qos === 2) this.#release(transit.targetId);
    this.#freeId(transit);
  }

  #freeId(transit: Transit): void {
    this.#ids.free(transit.targetId);
    transit.targetId = 0;
  }

  #leaveFlight(transit: Transit): void {
    this.#inflight.remove(transit);
    this.#inflightBytes -= transit.end - transit.start;
    this.#freeId(transit);
  }

  #answered(transit: Transit, reasonCode: number): void {
    const verdict = publishVerdict(reasonCode);
    this.#leaveFlight(transit);
    if (verdict.kind === 'accepted') this.#forwarded(transit, this.#parts.now());
    else if (verdict.kind === 'transient') this.repeat(transit, 'transient_refusal');
    else this.#parts.refused(transit, verdict.reason);
    if (this.#waiting.size > 0 || this.#held.size > 0) this.pump();
  }

  #forwarded(transit: Transit, now: number): void {
    if (!transit.original) {
      const { counters } = transit.lane;
      counters.forwarded++;
      counters.forwardedBytes += transit.payloadBytes;
      observeLatency(counters.latency, (now - transit.receivedAt) / 1000);
    }
    this.settle(transit);
  }

  /** PUBREL goes out in the order of the PUBRECs it answers (MQTT5 4.6). */
  #releaseAgain(now: number): void {
    for (let transit = this.#inflight.first; transit; transit = transit.next) {
      if (transit.phase !== 'released') continue;
      transit.sentAt = now;
      this.#release(transit.targetId);
    }
  }

  #release(id: number): void {
    this.#acks.add(Packet.pubrel, id);
    this.#touch();
  }

  #touch(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#parts.turn.add(this);
  }

  #allowedMessages(): number {
    const probing = (this.#inflight.first ?? this.#waiting.first)?.sequence ?? Number.POSITIVE_INFINITY;
    return probing <= this.#probeThrough ? 1 : this.#window.messages;
  }

  #canSend(length: number): boolean {
    if (!this.#connected || this.#congested || this.#paused) return false;
    const window = this.#probeThrough < 0 ? this.#window : { ...this.#window, messages: this.#allowedMessages() };
    return hasRoom(window, this.inflight, length);
  }

  #overfull(share: number): boolean {
    const { messages, bytes } = this.#parts.window;
    return this.#waitingBytes > bytes * share || this.#waiting.size > Math.max(messages, 1000) * share;
  }

  #releaseHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const receiver of held) receiver.proceed();
  }
}

const NO_TOPIC = Buffer.alloc(0);
