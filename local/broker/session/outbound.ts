import type { DropCause } from '../events.ts';
import type { Message } from '../message.ts';
import type { BrokerProfile } from '../profile.ts';
import { reason } from '../reason.ts';
import type { ProtocolVersion, Qos } from '../codec/publish.ts';
import type { SharedGroup } from '../routing/shared.ts';
import { createQueue } from './queue.ts';

/** One message on its way to one session. */
export interface Delivery {
  readonly message: Message;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[];
  /** The shared subscription it came by, which may give it to another member. */
  readonly group: SharedGroup | undefined;
}

/** A delivery that was written and waits for its acknowledgement. */
interface Unfinished {
  readonly packetId: number;
  readonly delivery: Delivery;
  /** `released`: the receiver has the message (PUBREC came), PUBREL is out. */
  stage: 'sent' | 'released';
  /** Whether it counts against the window of the present connection. */
  counted: boolean;
}

/** The connection as a session uses it. */
export interface SessionLink {
  readonly version: ProtocolVersion;
  /** Unfinished messages the client takes at a time. */
  readonly receiveMaximum: number;
  /** False while the socket does not keep up. */
  ready(): boolean;
  /** False when the packet would be larger than the client allows. */
  sendPublish(delivery: Delivery, packetId: number, dup: boolean): boolean;
  sendPubrel(packetId: number, reasonCode: number): void;
  /** Ends the connection with an MQTT 5 reason code. */
  end(reasonCode: number): void;
}

/** What a session has yet to send or have acknowledged, in order. */
export interface Outbound {
  /** False when the bounds of the queue end the session. */
  add(delivery: Delivery): boolean;
  /** Sends again, in the original order, what the last connection left unfinished; then what waits. */
  attach(link: SessionLink): void;
  detach(): void;
  /** Sends while window and socket allow. */
  pump(): void;
  puback(packetId: number, reasonCode: number): boolean;
  pubrec(packetId: number, reasonCode: number): boolean;
  pubcomp(packetId: number): boolean;
  /** Gives up, in order, those wanted deliveries that the receiver has not acknowledged. */
  surrender(wanted: (delivery: Delivery) => boolean): Delivery[];
  readonly queued: number;
  readonly inflight: number;
}

type Bounds = Pick<
  BrokerProfile,
  | 'maximumInflightMessages'
  | 'maximumInflightBytes'
  | 'maximumQueuedMessages'
  | 'maximumQueuedBytes'
  | 'whenQueueFull'
  | 'queueQos0Offline'
>;

/** What an Outbound needs to know of its broker. */
export interface OutboundContext {
  readonly bounds: Bounds;
  now(): number;
  dropped(delivery: Delivery, cause: DropCause): void;
}

/** An empty outbound side of a session. */
export function createOutbound({ bounds, now, dropped }: OutboundContext): Outbound {
  const queue = createQueue<Delivery>();
  const unfinished = new Map<number, Unfinished>();
  let again: Unfinished[] = [];
  let queuedBytes = 0;
  let counted = 0;
  let countedBytes = 0;
  let lastPacketId = 0;
  let link: SessionLink | undefined;

  const sizeOf = (delivery: Delivery): number => delivery.message.payload.length;
  const expired = ({ message }: Delivery): boolean => message.expiresAt !== undefined && message.expiresAt <= now();

  function windowOpen(to: SessionLink): boolean {
    const window = Math.min(bounds.maximumInflightMessages, to.receiveMaximum);
    return counted < window && (counted === 0 || countedBytes < bounds.maximumInflightBytes);
  }

  function count(item: Unfinished): void {
    item.counted = true;
    counted += 1;
    countedBytes += sizeOf(item.delivery);
  }

  function finish(item: Unfinished): void {
    unfinished.delete(item.packetId);
    if (!item.counted) return;
    counted -= 1;
    countedBytes -= sizeOf(item.delivery);
  }

  function freePacketId(): number {
    do lastPacketId = lastPacketId === 0xffff ? 1 : lastPacketId + 1;
    while (unfinished.has(lastPacketId));
    return lastPacketId;
  }

  function takeQueued(): void {
    const delivery = queue.shift();
    if (delivery !== undefined) queuedBytes -= sizeOf(delivery);
  }

  function resendOne(to: SessionLink): boolean {
    const [item] = again;
    if (item === undefined || !windowOpen(to)) return false;
    again.shift();
    // It may have been given to another member of its group meanwhile.
    if (unfinished.get(item.packetId) !== item) return true;
    count(item);
    if (item.stage === 'released') to.sendPubrel(item.packetId, reason.success);
    else if (!to.sendPublish(item.delivery, item.packetId, true)) tooLarge(item);
    return true;
  }

  function tooLarge(item: Unfinished): void {
    // MQTT5 3.1.2.11.4: discarded, then as if its delivery were complete.
    finish(item);
    dropped(item.delivery, 'too-large');
  }

  function sendOne(to: SessionLink): boolean {
    const delivery = queue.peek();
    if (delivery === undefined) return false;
    if (expired(delivery)) {
      takeQueued();
      dropped(delivery, 'expired');
      return true;
    }
    if (delivery.qos === 0) {
      takeQueued();
      if (!to.sendPublish(delivery, 0, false)) dropped(delivery, 'too-large');
      return true;
    }
    if (!windowOpen(to) || unfinished.size >= 0xffff) return false;
    takeQueued();
    const item: Unfinished = { packetId: freePacketId(), delivery, stage: 'sent', counted: false };
    unfinished.set(item.packetId, item);
    count(item);
    if (!to.sendPublish(delivery, item.packetId, false)) tooLarge(item);
    return true;
  }

  function pump(): void {
    while (link?.ready() === true) {
      if (again.length > 0 ? !resendOne(link) : !sendOne(link)) return;
    }
  }

  function makeRoom(delivery: Delivery): 'room' | 'none' | 'end' {
    const fits = (): boolean =>
      queue.size < bounds.maximumQueuedMessages && queuedBytes + sizeOf(delivery) <= bounds.maximumQueuedBytes;
    if (fits()) return 'room';
    if (bounds.whenQueueFull === 'end-session') return 'end';
    if (bounds.whenQueueFull === 'drop-newest') return 'none';
    while (!fits()) {
      const oldest = queue.peek();
      if (oldest === undefined) return 'none';
      takeQueued();
      dropped(oldest, 'queue-full');
    }
    return 'room';
  }

  return {
    add(delivery) {
      if (link === undefined && delivery.qos === 0 && !bounds.queueQos0Offline) {
        dropped(delivery, 'offline');
        return true;
      }
      const room = makeRoom(delivery);
      if (room !== 'room') {
        dropped(delivery, 'queue-full');
        return room !== 'end';
      }
      queue.push(delivery);
      queuedBytes += sizeOf(delivery);
      pump();
      return true;
    },
    attach(to) {
      link = to;
      counted = 0;
      countedBytes = 0;
      for (const item of unfinished.values()) item.counted = false;
      again = [...unfinished.values()];
    },
    detach() {
      link = undefined;
    },
    pump,
    puback(packetId, _reasonCode) {
      const item = unfinished.get(packetId);
      if (item?.delivery.qos !== 1 || !item.counted) return false;
      finish(item);
      pump();
      return true;
    },
    pubrec(packetId, reasonCode) {
      const item = unfinished.get(packetId);
      if (item?.delivery.qos !== 2 || !item.counted) {
        link?.sendPubrel(packetId, reason.packetIdentifierNotFound);
        return false;
      }
      if (reasonCode >= reason.unspecified) {
        finish(item);
        pump();
        return true;
      }
      item.stage = 'released';
      link?.sendPubrel(packetId, reason.success);
      return true;
    },
    pubcomp(packetId) {
      const item = unfinished.get(packetId);
      if (item?.stage !== 'released') return false;
      finish(item);
      pump();
      return true;
    },
    surrender(wanted) {
      // MQTT5 4.8.2: a QoS 2 message stays with its receiver once it was sent.
      const sent = [...unfinished.values()].filter((item) => item.delivery.qos === 1 && wanted(item.delivery));
      for (const item of sent) finish(item);
      const waiting = queue.extract(wanted);
      for (const delivery of waiting) queuedBytes -= sizeOf(delivery);
      return [...sent.map((item) => item.delivery), ...waiting];
    },
    get queued() {
      return queue.size;
    },
    get inflight() {
      return unfinished.size;
    },
  };
}
