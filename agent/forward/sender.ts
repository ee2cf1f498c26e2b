import type { PublishRateSnapshot } from '../observe/snapshot.ts';
import { AckBuffer, Packet } from './ack-buffer.ts';
import { countDropped, countForwarded, countRetried, type DropReason } from './counters.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { FrameStore } from './frame-store.ts';
import { HeldSources } from './held-sources.ts';
import { Line, type Load } from './line.ts';
import type { Flushable } from './outlet.ts';
import { Pace } from './pace.ts';
import { HIGHEST_PUBLISH_ID } from './packet-ids.ts';
import type { PublishView } from './publish-view.ts';
import type { Receiver } from './receiver.ts';
import { publishVerdict } from './refusal.ts';
import { fitFrame, isRetained, markDuplicate, stampId } from './resend.ts';
import type { SenderParts } from './sender-parts.ts';
import type { Passage } from './topic-table.ts';
import { giveTransit, type Transit, unownedTransit } from './transit.ts';
import { NO_LIMITS, QOS2_WINDOW_V3, takesTopic, type TargetLimits, type Window } from './window.ts';

/** Connections a broker may end over one message, sent alone, before the message counts as refused. */
const STRIKES = 3;
const QUOTA_EXCEEDED = 0x97;

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
  readonly #held = new HeldSources();
  readonly #pace: Pace | undefined;
  #limits: TargetLimits;
  #connected = false;
  #congested = false;
  #paused = false;
  #dirty = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? NO_LIMITS;
    this.#pace = parts.pacing && new Pace(parts.pacing, () => this.pump());
    this.#line = new Line(parts.window, parts.version === 4 ? QOS2_WINDOW_V3 : undefined);
    this.#encoder = new FrameEncoder(parts.version);
    this.#store = new FrameStore(parts.pool, parts.outlet);
    this.#acks = new AckBuffer(parts.outlet);
  }

  /** What has no outcome yet. */
  get load(): Load {
    return this.#line.load;
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

  /** How fast it publishes and may publish; undefined when nothing limits that. */
  get rates(): PublishRateSnapshot | undefined {
    return this.#pace?.rates(this.#parts.now());
  }

  /**
   * Forwards a QoS 0 message at once, or drops it when there is no connection: nobody would send it again. Only the
   * publish rate makes it wait, behind what waits already.
   */
  pass(view: PublishView, passage: Passage, now: number): void {
    const { counters } = passage.lane;
    if (!this.#connected) {
      countDropped(counters, 'target_unavailable');
      return;
    }
    const length = this.#encoder.fit(view, passage, 0, this.#limits);
    if (length > this.#limits.maximumPacketSize) return countDropped(counters, 'too_large');
    if (!takesTopic(this.#limits, passage.topic)) return countDropped(counters, 'topic_refused');
    if (this.#pace !== undefined) {
      if (this.#line.waiting > 0 || !this.#pace.admits(length, this.#encoder.retain, now)) {
        return this.#lineUp(view, passage, length, now);
      }
      this.#pace.spend(length, this.#encoder.retain, now);
    }
    const slab = this.#store.room(length);
    const start = slab.tail;
    this.#encoder.encode(view, slab);
    this.#store.queue(slab, start, slab.tail);
    this.#touch();
    countForwarded(counters, view.end - view.payloadStart, (this.#parts.now() - now) / 1000);
  }

  /** Takes a QoS 1 or 2 message: sends it when the window has room, otherwise keeps it in line. */
  submit(view: PublishView, passage: Passage, transit: Transit, now: number): void {
    const qos = Math.min(view.qos, passage.lane.route.qos) as 0 | 1 | 2;
    const length = this.#encoder.fit(view, passage, qos, this.#limits);
    this.#encoder.encodeKept(view, this.#store.room(length), transit);
    this.#line.number(transit);
    if (this.#line.waiting === 0 && this.#canSend(transit, now)) this.#transmit(transit, now);
    else this.#line.wait(transit);
  }

  /** Takes a ready frame, such as the copy of a refused message. */
  submitFrame(transit: Transit, frame: Buffer, at: { idAt: number; expiryAt: number }): void {
    this.#store.keep(transit, frame, at);
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
    this.#held.release();
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

  /** The broker ended the connection because publishes came too fast. */
  slowDown(): void {
    const now = this.#parts.now();
    this.#pace?.throttle('disconnected', now, now);
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
    // What the publish rate delays fills the line, with QoS 0 too.
    const paced = this.#pace !== undefined && this.#connected;
    const full = (qos > 0 || paced) && this.#overfull(1);
    if (!full && (qos > 0 || !this.#congested)) return false;
    this.#held.hold(receiver);
    return true;
  }

  /** Sends what waits while the window has room. */
  pump(): void {
    const now = this.#parts.now();
    for (let transit = this.#line.next; transit; transit = this.#line.next) {
      if (!this.#canSend(transit, now)) break;
      this.#line.leave(transit);
      this.#transmit(transit, now);
    }
    if (this.#held.any && !this.#congested && !this.#overfull(0.5)) this.#held.release();
  }

  /** The message has its outcome: frees its memory and lets the source be acknowledged. */
  settle(transit: Transit): void {
    this.#store.drop(transit);
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
    this.#store.drop(transit);
    const { original, receiver } = transit;
    if (original) {
      giveTransit(transit);
      return original.lane.target.#giveBack(original);
    }
    // Nobody would send a QoS 0 message again.
    countDropped(transit.lane.counters, transit.sourceQos === 0 ? 'target_unavailable' : 'returned');
    transit.phase = 'returned';
    if (receiver) receiver.returned(transit);
    else giveTransit(transit);
  }

  #transmit(transit: Transit, now: number): void {
    const limits = this.#limits;
    if (transit.targetId > 0 && transit.qos > limits.maximumQos) this.#abandonId(transit);
    const check = fitFrame(transit, limits, now);
    if (check === 'too_large' || check === 'topic_refused') {
      if (transit.targetId > 0) this.#abandonId(transit);
      this.#parts.refused(transit, check);
    } else if (check === 'expired') {
      countDropped(transit.lane.counters, 'expired');
      this.settle(transit);
    } else if (transit.qos === 0) {
      this.#queue(transit, now);
      this.#forwarded(transit, now);
    } else {
      const repeated = transit.targetId > 0;
      stampId(transit, this.#line.fly(transit, now));
      if (repeated) markDuplicate(transit);
      this.#queue(transit, now);
    }
  }

  /** Keeps a QoS 0 message until the publish rate allows it. */
  #lineUp(view: PublishView, passage: Passage, length: number, now: number): void {
    const transit = unownedTransit(passage, view, now);
    this.#encoder.encodeKept(view, this.#store.room(length), transit);
    this.#line.number(transit);
    this.#line.wait(transit);
  }

  #queue(transit: Transit, now: number): void {
    if (transit.slab) this.#store.queue(transit.slab, transit.start, transit.end);
    this.#pace?.spend(transit.end - transit.start, isRetained(transit), now);
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
    else if (this.#pace !== undefined && reasonCode === QUOTA_EXCEEDED) this.#throttled(transit);
    else if (verdict.kind === 'transient') this.repeat(transit, 'transient_refusal');
    else this.#parts.refused(transit, verdict.reason, reasonCode);
    if (this.#line.waiting > 0 || this.#held.any) this.pump();
  }

  /** The rate was too high, so the rate makes the message wait, not a pause. */
  #throttled(transit: Transit): void {
    countRetried(transit.lane.counters, 'throttled');
    this.#pace?.throttle('refused', transit.sentAt, this.#parts.now());
    this.#line.wait(transit);
  }

  #forwarded(transit: Transit, now: number): void {
    const { lane, payloadBytes, receivedAt, original } = transit;
    if (!original) countForwarded(lane.counters, payloadBytes, (now - receivedAt) / 1000);
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

  #canSend(transit: Transit, now: number): boolean {
    const length = transit.end - transit.start;
    if (!this.#connected || this.#congested || this.#paused || !this.#line.hasRoom(length, transit.qos)) return false;
    return this.#pace === undefined || this.#pace.admits(length, isRetained(transit), now);
  }

  #overfull(share: number): boolean {
    const { messages, bytes } = this.#parts.window;
    return this.#line.waitingBytes > bytes * share || this.#line.waiting > Math.max(messages, 1000) * share;
  }
}
