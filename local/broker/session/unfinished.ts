import type { Delivery } from './outbound.ts';

/** A delivery that was written and waits for its acknowledgement. */
export interface Unfinished {
  readonly packetId: number;
  readonly delivery: Delivery;
  /** `released`: the receiver has the message (PUBREC came), PUBREL is out. */
  stage: 'sent' | 'released';
  /** Whether it was written on the present connection, and so counts against its window. */
  counted: boolean;
}

/** Unfinished deliveries in the order they were first sent, and how much of the client's window they take. */
export interface UnfinishedList {
  begin(delivery: Delivery): Unfinished;
  get(packetId: number): Unfinished | undefined;
  /** Written again on a new connection. */
  count(item: Unfinished): void;
  finish(item: Unfinished): void;
  /** A new connection: nothing counts yet; the answer lists what is to be written again, in order. */
  restart(): Unfinished[];
  all(): Unfinished[];
  /** Whether one more of so many bytes may be written; one always may, or what is larger than the bounds would wait for ever. */
  open(window: number, maximumBytes: number, next: number): boolean;
  readonly size: number;
}

/** Packet identifiers are 16 bits and not 0. */
const LAST_PACKET_ID = 0xffff;

/** An empty list. */
export function createUnfinishedList(): UnfinishedList {
  const items = new Map<number, Unfinished>();
  let counted = 0;
  let bytes = 0;
  let lastPacketId = 0;

  function count(item: Unfinished): void {
    item.counted = true;
    counted += 1;
    bytes += item.delivery.message.payload.length;
  }

  function freePacketId(): number {
    do lastPacketId = lastPacketId === LAST_PACKET_ID ? 1 : lastPacketId + 1;
    while (items.has(lastPacketId));
    return lastPacketId;
  }

  return {
    begin(delivery) {
      const item: Unfinished = { packetId: freePacketId(), delivery, stage: 'sent', counted: false };
      items.set(item.packetId, item);
      count(item);
      return item;
    },
    get: (packetId) => items.get(packetId),
    count,
    finish(item) {
      if (!items.delete(item.packetId) || !item.counted) return;
      counted -= 1;
      bytes -= item.delivery.message.payload.length;
    },
    restart() {
      counted = 0;
      bytes = 0;
      for (const item of items.values()) item.counted = false;
      return [...items.values()];
    },
    all: () => [...items.values()],
    open: (window, maximumBytes, next) =>
      counted < window && items.size < LAST_PACKET_ID && (counted === 0 || bytes + next <= maximumBytes),
    get size() {
      return items.size;
    },
  };
}
