import { PacketIds } from './packet-ids.ts';
import { TransitList, type Transit } from './transit.ts';
import type { Window } from './window.ts';

/** The messages of a sender that have no outcome yet. */
export interface Load {
  readonly inflight: Window;
  /** Messages that wait for room in the window, for the publish rate or for a connection. */
  readonly waiting: number;
  /** When the oldest of them all was received, in monotonic milliseconds; undefined when there is none. */
  readonly oldestReceivedAt: number | undefined;
}

/**
 * The messages of a sender without an outcome: those that wait, in order, and those in flight, each under its packet
 * identifier. A message that waits may keep the identifier of its last flight, to be repeated under it.
 */
export class Line {
  /** How much may be in flight. */
  window: Window;
  /** How many QoS 2 messages may be in flight. */
  readonly #qos2Window: number;
  readonly #ids = new PacketIds();
  readonly #flying = new TransitList();
  readonly #waiting = new TransitList();
  #flyingBytes = 0;
  #flyingQos2 = 0;
  #waitingBytes = 0;
  #sequence = 0;
  /** While messages up to this sequence are unsettled they go one at a time, to find the one the broker chokes on. */
  #probeThrough = -1;

  constructor(window: Window, qos2Window = Number.POSITIVE_INFINITY) {
    this.window = window;
    this.#qos2Window = qos2Window;
  }

  get flying(): number {
    return this.#flying.size;
  }

  get flyingBytes(): number {
    return this.#flyingBytes;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Looks at every message in flight: for snapshots, not for each message. */
  get load(): Load {
    let oldest = this.#waiting.first?.receivedAt;
    this.eachFlying(({ receivedAt }) => {
      oldest = Math.min(oldest ?? receivedAt, receivedAt);
    });
    const inflight = { messages: this.#flying.size, bytes: this.#flyingBytes };
    return { inflight, waiting: this.#waiting.size, oldestReceivedAt: oldest };
  }

  /** The message that has been in flight longest. */
  get oldest(): Transit | undefined {
    return this.#flying.first;
  }

  /** The message whose turn it is. */
  get next(): Transit | undefined {
    return this.#waiting.first;
  }

  /** The message in flight under this identifier. */
  find(id: number): Transit | undefined {
    const transit = this.#ids.find(id);
    return transit?.phase === 'waiting' ? undefined : transit;
  }

  /** Gives a new message its place in the order. */
  number(transit: Transit): void {
    transit.sequence = this.#sequence++;
  }

  /** True when one more frame of `bytes` fits the window. A frame larger than the whole window may go alone. */
  hasRoom(bytes: number, qos: 0 | 1 | 2 = 1): boolean {
    const { size } = this.#flying;
    if (size === 0) return true;
    if (qos === 2 && this.#flyingQos2 >= this.#qos2Window) return false;
    if (size >= this.window.messages || this.#flyingBytes + bytes > this.window.bytes) return false;
    return this.#probeThrough < 0 || !this.#probing();
  }

  /** Puts a message in line, in the order of its number. */
  wait(transit: Transit): void {
    transit.phase = 'waiting';
    this.#waitingBytes += transit.end - transit.start;
    this.#waiting.insert(transit);
  }

  /** Takes a message out of the line. */
  leave(transit: Transit): void {
    this.#waiting.remove(transit);
    this.#waitingBytes -= transit.end - transit.start;
  }

  /** Puts a message in flight; returns the identifier it has or gets. */
  fly(transit: Transit, now: number): number {
    transit.phase = 'published';
    transit.sentAt = now;
    this.#flying.push(transit);
    this.#flyingBytes += transit.end - transit.start;
    if (transit.qos === 2) this.#flyingQos2++;
    return transit.targetId > 0 ? transit.targetId : this.#ids.take(transit);
  }

  /** Ends a flight and frees its identifier. */
  land(transit: Transit): void {
    this.#remove(transit);
    this.freeId(transit);
  }

  /** Makes a message the latest in flight: it got an answer and waits for another one. */
  renew(transit: Transit, now: number): void {
    transit.sentAt = now;
    this.#flying.remove(transit);
    this.#flying.push(transit);
  }

  /** Puts what is in flight back in line, with its identifiers, except what stays. */
  recall(stays: (transit: Transit) => boolean): void {
    // From the latest on, so that each finds its place at the front.
    for (let transit = this.#flying.last; transit; ) {
      const { previous } = transit;
      if (!stays(transit)) {
        this.#remove(transit);
        this.wait(transit);
      }
      transit = previous;
    }
  }

  /** Calls `visit` for each message in flight, in order; it must leave them there. */
  eachFlying(visit: (transit: Transit) => void): void {
    for (let transit = this.#flying.first; transit; transit = transit.next) visit(transit);
  }

  freeId(transit: Transit): void {
    this.#ids.free(transit.targetId);
    transit.targetId = 0;
  }

  /** The broker has forgotten the session and with it the identifiers of what waits. */
  forgetIds(): void {
    for (let transit = this.#waiting.first; transit; transit = transit.next) {
      if (transit.targetId > 0) this.freeId(transit);
    }
  }

  /** From now on what is in flight goes one at a time. */
  probe(): void {
    this.eachFlying(({ sequence }) => {
      this.#probeThrough = Math.max(this.#probeThrough, sequence);
    });
  }

  /** The message in flight, when it is there alone because of `probe`. */
  get suspect(): Transit | undefined {
    const { first, size } = this.#flying;
    return first && size === 1 && first.sequence <= this.#probeThrough ? first : undefined;
  }

  #remove(transit: Transit): void {
    this.#flying.remove(transit);
    this.#flyingBytes -= transit.end - transit.start;
    if (transit.qos === 2) this.#flyingQos2--;
  }

  #probing(): boolean {
    let earliest = this.#waiting.first?.sequence ?? Number.POSITIVE_INFINITY;
    this.eachFlying(({ sequence }) => {
      earliest = Math.min(earliest, sequence);
    });
    if (earliest <= this.#probeThrough) return true;
    this.#probeThrough = -1;
    return false;
  }
}
