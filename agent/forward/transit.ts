import type { Lane } from './lane.ts';
import type { PublishView } from './publish-view.ts';
import type { Receiver } from './receiver.ts';
import type { Slab } from './slab.ts';
import type { Passage } from './topic-table.ts';

/**
 * How far a message has come at the target: `waiting` for room in the window, `published` and not acknowledged,
 * `released` (QoS 2: PUBREL sent, PUBCOMP awaited), `settled` with an outcome, or `returned`: given up here, never to
 * be acknowledged, for the source broker to send again.
 */
export type TransitPhase = 'waiting' | 'published' | 'released' | 'settled' | 'returned';

/** A message on its way: taken from the source, not yet acknowledged there. Objects are used again. */
export class Transit {
  lane!: Lane;
  phase: TransitPhase = 'waiting';
  /** Monotonic milliseconds. */
  receivedAt = 0;
  /** Monotonic milliseconds up to which the expiry in the frame is reduced. */
  heldSince = 0;
  payloadBytes = 0;
  /** Order in which this sender took its messages. */
  sequence = 0;

  /** Who owes the source an acknowledgement; undefined when nobody does any more. */
  receiver: Receiver | undefined;
  sourceId = 0;
  sourceQos: 0 | 1 | 2 = 0;
  sourceTopic = '';

  slab: Slab | undefined;
  start = 0;
  end = 0;
  idAt = -1;
  expiryAt = -1;
  qos: 0 | 1 | 2 = 0;
  targetId = 0;
  /** Monotonic milliseconds of the last PUBLISH or PUBREL. */
  sentAt = 0;
  attempts = 0;
  /** The copy of a refused message: its acknowledgement settles this one. */
  original: Transit | undefined;

  previous: Transit | undefined;
  next: Transit | undefined;
}

const free: Transit[] = [];
const KEPT = 4096;

/** A transit with nothing in it. */
export function takeTransit(): Transit {
  return free.pop() ?? new Transit();
}

/** A transit for a QoS 0 message: nobody owes its source an acknowledgement. */
export function unownedTransit({ lane, sourceTopic }: Passage, view: PublishView, now: number): Transit {
  const transit = takeTransit();
  transit.lane = lane;
  transit.receivedAt = now;
  transit.heldSince = now;
  transit.payloadBytes = view.end - view.payloadStart;
  transit.sourceTopic = sourceTopic;
  transit.sourceQos = 0;
  return transit;
}

/** Gives a transit back whose source and target are both done with it. */
export function giveTransit(transit: Transit): void {
  transit.receiver = undefined;
  transit.slab = undefined;
  transit.original = undefined;
  transit.attempts = 0;
  transit.sourceTopic = '';
  if (free.length < KEPT) free.push(transit);
}

/** Doubly linked list of transits; one transit is in at most one list. */
export class TransitList {
  first: Transit | undefined;
  last: Transit | undefined;
  size = 0;

  push(transit: Transit): void {
    transit.previous = this.last;
    transit.next = undefined;
    if (this.last) this.last.next = transit;
    else this.first = transit;
    this.last = transit;
    this.size++;
  }

  /** Inserts by sequence: new messages go to the end, repeated ones near the front. */
  insert(transit: Transit): void {
    if (!this.last || this.last.sequence < transit.sequence) {
      this.push(transit);
      return;
    }
    let after = this.first;
    while (after && after.sequence < transit.sequence) after = after.next;
    if (!after) {
      this.push(transit);
      return;
    }
    transit.next = after;
    transit.previous = after.previous;
    if (after.previous) after.previous.next = transit;
    else this.first = transit;
    after.previous = transit;
    this.size++;
  }

  remove(transit: Transit): void {
    if (transit.previous) transit.previous.next = transit.next;
    else this.first = transit.next;
    if (transit.next) transit.next.previous = transit.previous;
    else this.last = transit.previous;
    transit.previous = undefined;
    transit.next = undefined;
    this.size--;
  }
}
