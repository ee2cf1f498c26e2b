import { ReasonCode } from '../session/reason-code.ts';
import { AckBuffer, Packet } from './ack-buffer.ts';
import { countDropped, type DropReason } from './counters.ts';
import type { Lane } from './lane.ts';
import type { Flushable, FlushTurn, Outlet } from './outlet.ts';
import { parsePublish, PublishView } from './publish-view.ts';
import { TopicTable, type Passage } from './topic-table.ts';
import { giveTransit, takeTransit, type Transit } from './transit.ts';
import { textFault } from './utf8.ts';

/** What a receiver is given by its session. */
export interface ReceiverParts {
  readonly outlet: Outlet;
  readonly turn: FlushTurn;
  readonly version: 4 | 5;
  /** Largest Topic Alias the broker was told it may use. */
  readonly topicAliasMaximum: number;
  /** Whether hops are counted; without it the hop property of others is passed on untouched. */
  readonly countHops?: boolean;
  /** Whether this broker means "never" by a message expiry of 0 seconds. */
  readonly zeroExpiryIsNever?: boolean;
  /** Lets the session read on after `publish` asked it to hold. */
  readonly proceed: () => void;
  /** A target gave up a message of this connection: only on another one will the broker send it again. */
  readonly returned?: () => void;
}

/**
 * The source half of a session: takes PUBLISH packets, hands them to the lanes' targets, and acknowledges each one in
 * order of receipt (MQTT5 4.6), but only after its target did. What was not acknowledged when a connection ends is
 * matched with its redelivery on the next one, so that it is not forwarded twice.
 */
export class Receiver implements Flushable {
  /** Why the last PUBLISH was refused. */
  fault = '';
  readonly #parts: ReceiverParts;
  readonly #acks: AckBuffer;
  readonly #view: PublishView;
  readonly #topics = new TopicTable();
  readonly #aliases = new Map<number, Buffer>();
  #lanes: readonly Lane[] = [];
  /** Unacknowledged messages of this connection, in order of receipt; the first `#head` are gone. */
  #ledger: Transit[] = [];
  #head = 0;
  /** Unacknowledged messages of earlier connections, by packet identifier. */
  readonly #orphans = new Map<number, Transit>();
  /** QoS 2 identifiers of this connection's ledger. */
  readonly #heldQos2 = new Set<number>();
  /** QoS 2 identifiers whose PUBREC was sent and whose PUBREL has not come (MQTT5 4.3.3). */
  readonly #awaitingRelease = new Set<number>();
  #connected = false;
  #draining = false;
  /** Messages taken since start. */
  #taken = 0;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#view = new PublishView(parts.countHops, parts.zeroExpiryIsNever);
    this.#acks = new AckBuffer(parts.outlet);
  }

  get taken(): number {
    return this.#taken;
  }

  /** Messages taken and not yet acknowledged. */
  get unacknowledged(): number {
    return this.#ledger.length - this.#head;
  }

  /** Sets the lanes in order of preference: a message goes to the first that matches. */
  setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    this.#topics.clear();
  }

  /** A connection is up. Without the old session at the broker nothing will be redelivered. */
  begin(sessionPresent: boolean): void {
    this.#connected = true;
    this.#draining = false;
    if (sessionPresent) return;
    for (const orphan of this.#orphans.values()) this.#abandon(orphan);
    this.#orphans.clear();
    this.#awaitingRelease.clear();
  }

  /** The connection is gone; acknowledgements wait for redelivery. */
  end(): void {
    this.#connected = false;
    this.#acks.clear();
    this.#aliases.clear();
    this.#heldQos2.clear();
    for (let i = this.#head; i < this.#ledger.length; i++) {
      const transit = this.#ledger[i];
      this.#orphans.set(transit.sourceId, transit);
    }
    this.#ledger = [];
    this.#head = 0;
  }

  /** Until the next connection leaves QoS 1 and 2 messages to the broker, which will send them again there. */
  drain(): void {
    this.#draining = true;
  }

  /**
   * Takes the PUBLISH at bytes[start, end).
   * @returns 0 to go on, -1 to hold the stream until `proceed`, or the reason code to close the connection with.
   */
  publish(bytes: Buffer, start: number, body: number, end: number, now: number): number {
    // The connection ended over an earlier packet of the same read: nobody could acknowledge this one.
    if (!this.#connected) return 0;
    const view = this.#view;
    const refused = parsePublish(view, bytes, start, body, end, this.#parts.version);
    if (refused !== 0) return this.#refuse(refused, view.fault);
    const passage = this.#find(view);
    if (typeof passage === 'number') return passage;
    if (view.qos > 0 && (this.#draining || this.#isKnown(view))) return 0;
    const { lane } = passage;
    const { counters } = lane;
    counters.received++;
    lane.taken++;
    this.#taken++;
    counters.receivedBytes += view.end - view.payloadStart;
    if (view.dup) counters.redelivered++;
    const drop = passage.drop ?? (lane.maxHops > 0 && view.hops >= lane.maxHops ? 'loop' : undefined);
    if (drop !== undefined) return this.#drop(lane, drop, now);
    if (view.qos === 0) lane.target.pass(view, passage, now);
    else lane.target.submit(view, passage, this.#enter(lane, now, passage.sourceTopic), now);
    return lane.target.mustHold(this, view.qos) ? -1 : 0;
  }

  /** Answers PUBREL, also for an identifier from before this process (MQTT5 4.3.3). */
  pubrel(id: number): void {
    this.#awaitingRelease.delete(id);
    this.#acknowledge(Packet.pubcomp, id);
  }

  /** A message this receiver took has its outcome at the target. */
  settled(transit: Transit): void {
    if (transit === this.#ledger[this.#head]) this.#advance();
  }

  /** A message this receiver took will have no outcome, and holds up the acknowledgements of all behind it. */
  returned(transit: Transit): void {
    if (this.#connected && this.#orphans.get(transit.sourceId) !== transit) this.#parts.returned?.();
  }

  /** Lets the session read on. */
  proceed(): void {
    this.#parts.proceed();
  }

  flush(): void {
    this.#acks.flush();
  }

  /** Repeats of messages that are still on their way, or already past PUBREC, are not taken again. */
  #isKnown(view: PublishView): boolean {
    const id = view.packetId;
    if (view.qos === 2) {
      if (this.#awaitingRelease.has(id)) {
        this.#acknowledge(Packet.pubrec, id);
        return true;
      }
      if (this.#heldQos2.has(id)) return true;
    }
    const orphan = this.#orphans.size > 0 ? this.#orphans.get(id) : undefined;
    if (!orphan) return false;
    this.#orphans.delete(id);
    // Without DUP the broker has given up the old message and uses its identifier for another (MQTT5 2.2.1).
    if (!view.dup || orphan.sourceQos !== view.qos || orphan.phase === 'returned') {
      this.#abandon(orphan);
      return false;
    }
    this.#ledger.push(orphan);
    if (view.qos === 2) this.#heldQos2.add(id);
    this.#advance();
    return true;
  }

  #abandon(orphan: Transit): void {
    orphan.receiver = undefined;
    if (orphan.phase === 'settled' || orphan.phase === 'returned') giveTransit(orphan);
  }

  #enter(lane: Lane, now: number, sourceTopic: string): Transit {
    const transit = takeTransit();
    transit.lane = lane;
    transit.receivedAt = now;
    transit.heldSince = now;
    transit.payloadBytes = this.#view.end - this.#view.payloadStart;
    transit.phase = 'waiting';
    transit.receiver = this;
    transit.sourceTopic = sourceTopic;
    transit.sourceId = this.#view.packetId;
    transit.sourceQos = this.#view.qos;
    if (transit.sourceQos === 2) this.#heldQos2.add(transit.sourceId);
    this.#ledger.push(transit);
    return transit;
  }

  #drop(lane: Lane, reason: DropReason, now: number): number {
    countDropped(lane.counters, reason);
    if (this.#view.qos === 0) return 0;
    this.#enter(lane, now, '').phase = 'settled';
    this.#advance();
    return 0;
  }

  /** Acknowledges every settled message that has no unsettled one before it. */
  #advance(): void {
    const ledger = this.#ledger;
    while (this.#head < ledger.length && ledger[this.#head].phase === 'settled') {
      const transit = ledger[this.#head++];
      if (transit.sourceQos === 2) {
        this.#heldQos2.delete(transit.sourceId);
        this.#awaitingRelease.add(transit.sourceId);
        this.#acknowledge(Packet.pubrec, transit.sourceId);
      } else this.#acknowledge(Packet.puback, transit.sourceId);
      giveTransit(transit);
    }
    if (this.#head === ledger.length) {
      ledger.length = 0;
      this.#head = 0;
    } else if (this.#head > 4096) {
      ledger.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #acknowledge(packet: number, id: number): void {
    if (!this.#connected) return;
    if (this.#acks.add(packet, id)) this.#parts.turn.add(this);
  }

  #find(view: PublishView): Passage | number {
    if (view.alias > 0) return this.#findByAlias(view);
    const { bytes, topicStart, topicEnd } = view;
    return this.#topics.find(bytes, topicStart, topicEnd) ?? this.#decide(bytes, topicStart, topicEnd);
  }

  #findByAlias(view: PublishView): Passage | number {
    const { bytes, topicStart, topicEnd, alias } = view;
    if (alias > this.#parts.topicAliasMaximum) {
      return this.#refuse(ReasonCode.topicAliasInvalid, `topic alias ${alias} above the maximum`);
    }
    if (topicEnd > topicStart) this.#aliases.set(alias, Buffer.from(bytes.subarray(topicStart, topicEnd)));
    const topic = this.#aliases.get(alias);
    // MQTT5 3.3.2.3.4: an alias without a mapping is a protocol error.
    if (!topic) return this.#refuse(ReasonCode.protocolError, `topic alias ${alias} is unknown`);
    return this.#topics.find(topic, 0, topic.length) ?? this.#decide(topic, 0, topic.length);
  }

  /** Decides about a topic seen for the first time. */
  #decide(bytes: Buffer, start: number, end: number): Passage | number {
    const fault = textFault(bytes, start, end);
    if (fault) return this.#refuse(ReasonCode.topicNameInvalid, `topic: ${fault}`);
    const topic = bytes.toString('utf8', start, end);
    if (topic.includes('#') || topic.includes('+')) {
      return this.#refuse(ReasonCode.topicNameInvalid, 'wildcard in a topic name');
    }
    const lane = this.#lanes.find((candidate) => candidate.matches(topic));
    const mapped = lane ? lane.map(topic) : { drop: 'no_match' as const };
    const owner = lane ?? this.#lanes[0];
    if (!owner) return this.#refuse(ReasonCode.protocolError, 'a message without a subscription');
    const passage: Passage = {
      lane: owner,
      sourceTopic: topic,
      topic: 'topic' in mapped ? mapped.topic : NO_TOPIC,
      drop: 'drop' in mapped ? mapped.drop : undefined,
    };
    this.#topics.remember(bytes, start, end, passage);
    return passage;
  }

  #refuse(reasonCode: number, fault: string): number {
    this.fault = fault;
    return reasonCode;
  }
}

const NO_TOPIC = Buffer.alloc(0);
