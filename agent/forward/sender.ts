import { AckBuffer, Packet } from './ack-buffer.ts';
import { countDropped, countRetried, observeLatency, type DropReason } from './counters.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { FrameStore } from './frame-store.ts';
import { Line } from './line.ts';
import type { Flushable, FlushTurn, Outlet } from './outlet.ts';
import { HIGHEST_PUBLISH_ID } from './packet-ids.ts';
import type { PublishView } from './publish-view.ts';
import type { Receiver } from './receiver.ts';
import { publishVerdict } from './refusal.ts';
import { fitFrame, markDuplicate, stampId } from './resend.ts';
import type { SlabPool } from './slab.ts';
import type { Passage } from './topic-table.ts';
import { giveTransit, type Transit } from './transit.ts';
import { NO_LIMITS, QOS2_WINDOW_V3, type TargetLimits, type Window } from './window.ts';

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
  readonly #line: Line;
  readonly #encoder: FrameEncoder;
  readonly #held = new Set<Receiver>();
  #limits: TargetLimits = NO_LIMITS;
  #connected = false;
  #congested = false;
  #paused = false;
  #dirty = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#line = new Line(parts.window, parts.version === 4 ? QOS2_WINDOW_V3 : undefined);
    this.#encoder = new FrameEncoder(parts.version);
    this.#store = new FrameStore(parts.pool, parts.outlet);
    this.#acks = new AckBuffer(parts.outlet);
  }

  get inflight(): Window {
    return { messages: this.#line.flying, bytes: this.#line.flyingBytes };
  }

  /** QoS 1 and 2 messages without an outcome. */
  get pending(): number {
    return this.#line.flying + this.#line.waiting;
  }

  /** True when all that is left to do is to try refused messages again later. */
  get stuck(): boolean {
    return this.#paused && this.#line.flying === 0;
  }

  get window(): Window {
    return this.#line.window;
  }

  /** Forwards a QoS 0 message at once, or drops it when there is no connection: nobody would send it again. */
  pass(view: PublishView, passage: Passage, now: number): void {
    const { counters } = passage.lane;
    if (!this.#connected) {
      countDropped(counters, 'target_unavailable');
      return;
    }
    const length = this.#encoder.fit(view, passage, 0, this.#limits);
    if (length > this.#limits.maximumPacketSize) {
      countDropped(counters, 'too_large');
      return;
    }
    const slab = this.#store.room(length);
    const start = slab.tail;
    this.#encoder.encode(view, slab);
    this.#store.queue(slab, start, slab.tail);
    this.#touch();
    counters.forwarded++;
    counters.forwardedBytes += view.end - view.payloadStart;
    observeLatency(counters.latency, (this.#parts.now() - now) / 1000);
  }

  /** Takes a QoS 1 or 2 message: sends it when the window has room, otherwise keeps it in line. */
  submit(view: PublishView, passage: Passage, transit: Transit, now: number): void {
    const qos = Math.min(view.qos, passage.lane.route.qos) as 0 | 1 | 2;
    const length = this.#encoder.fit(view, passage, qos, this.#limits);
    this.#encoder.encodeKept(view, this.#store.room(length), transit);
    this.#line.number(transit);
    if (this.#line.waiting === 0 && this.#canSend(length, qos)) this.#transmit(transit, now);
    else this.#line.wait(transit);
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
    this.#line.number(transit);
    this.#line.wait(transit);
    this.pump();
  }

  /** Puts a message back in line, in its old place, and tries again after a pause. */
  repeat(transit: Transit, reason: 'transient_refusal' | 'blocked'): void {
    countRetried(transit.lane.counters, reason);
    transit.attempts++;
    this.#line.wait(transit);
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
    this.#line.window = { messages, bytes: configured.bytes };
    this.#connected = true;
    this.#congested = false;
    // What is in flight must not wait for the pause of a refused message.
    this.#paused = false;
    const now = this.#parts.now();
    this.#line.recall((transit) => {
      countRetried(transit.lane.counters, 'reconnect');
      return sessionPresent && transit.phase === 'released';
    });
    this.#line.eachFlying((transit) => {
      transit.sentAt = now;
      this.#release(transit.targetId);
    });
    if (!sessionPresent) this.#line.forgetIds();
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
    const { suspect } = this.#line;
    if (suspect && ++suspect.attempts >= STRIKES) {
      this.#line.land(suspect);
      this.#parts.refused(suspect, reason);
    } else this.#line.probe();
  }

  /** PUBACK (MQTT5 3.4). */
  puback(id: number, reasonCode: number): void {
    const transit = this.#line.find(id);
    if (transit?.phase === 'published' && transit.qos === 1) this.#answered(transit, reasonCode);
    else this.strayAcks++;
  }

  /** PUBREC (MQTT5 3.5): the broker has the message; PUBREL lets it deliver. */
  pubrec(id: number, reasonCode: number): void {
    const transit = this.#line.find(id);
    if (transit?.phase === 'published' && transit.qos === 2 && reasonCode >= 0x80) {
      this.#answered(transit, reasonCode);
      return;
    }
    if (transit?.qos === 2) {
      transit.phase = 'released';
      this.#line.renew(transit, this.#parts.now());
    } else this.strayAcks++;
    this.#release(id);
  }

  /** PUBCOMP (MQTT5 3.7). 0x92 means the broker had already completed it. */
  pubcomp(id: number): void {
    const transit = this.#line.find(id);
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
    const { oldest } = this.#line;
    return oldest && this.#connected ? now - oldest.sentAt : 0;
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
    for (let transit = this.#line.next; transit; transit = this.#line.next) {
      const length = transit.end - transit.start;
      if (!this.#canSend(length, transit.qos)) break;
      this.#line.leave(transit);
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
    this.#line.recall(() => false);
    this.#line.forgetIds();
    for (let transit = this.#line.next; transit; transit = this.#line.next) {
      this.#line.leave(transit);
      this.#giveBack(transit);
    }
  }

  flush(): void {
    this.#dirty = false;
    this.#acks.flush();
    if (this.#connected && !this.#store.flush()) this.#congested = true;
  }

  #giveBack(transit: Transit): void {
    if (transit.slab) this.#store.release(transit.slab);
    transit.slab = undefined;
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
      const repeated = transit.targetId > 0;
      stampId(transit, this.#line.fly(transit, now));
      if (repeated) markDuplicate(transit);
      this.#queue(transit);
    }
  }

  #queue(transit: Transit): void {
    if (transit.slab) this.#store.queue(transit.slab, transit.start, transit.end);
    this.#touch();
  }

  /** The message will not be finished under this identifier: what the broker may hold of it must be, nevertheless. */
  #abandonId(transit: Transit): void {
    if (transit.qos === 2) this.#release(transit.targetId);
    this.#line.freeId(transit);
  }

  #answered(transit: Transit, reasonCode: number): void {
    const verdict = publishVerdict(reasonCode);
    this.#line.land(transit);
    if (verdict.kind === 'accepted') this.#forwarded(transit, this.#parts.now());
    else if (verdict.kind === 'transient') this.repeat(transit, 'transient_refusal');
    else this.#parts.refused(transit, verdict.reason);
    if (this.#line.waiting > 0 || this.#held.size > 0) this.pump();
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

  #release(id: number): void {
    this.#acks.add(Packet.pubrel, id);
    this.#touch();
  }

  #touch(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#parts.turn.add(this);
  }

  #canSend(length: number, qos: 0 | 1 | 2): boolean {
    return this.#connected && !this.#congested && !this.#paused && this.#line.hasRoom(length, qos);
  }

  #overfull(share: number): boolean {
    const { messages, bytes } = this.#parts.window;
    return this.#line.waitingBytes > bytes * share || this.#line.waiting > Math.max(messages, 1000) * share;
  }

  #releaseHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const receiver of held) receiver.proceed();
  }
}
