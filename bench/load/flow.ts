import { createAckWriter } from './acks.ts';
import { createPublishRing, type MessageShape, packetType } from './frames.ts';
import { payloadStart, publishId } from './scanner.ts';
import { createTally, type Tally } from './tally.ts';
import type { Wire } from './wire.ts';

/** Sequence number of a probe: never counted, its topic number follows in the payload. */
export const probeSequence = 0xffffffff;
/** Most messages of one run; sending stops there. */
const capacity = 1 << 25;

export interface FlowOptions {
  readonly shape: MessageShape;
  readonly topics: readonly string[];
  /** Unacknowledged QoS 1 messages the receiver of our PUBLISH allows. */
  readonly receiveMaximum: number;
  /** Frames laid out in advance; more than will ever be in flight. */
  readonly ringSlots: number;
}

/** Called once per read from either side, after its frames were counted: there may be room to send. */
export type ArrivalHandler = () => void;

/** Sends numbered messages on one wire and counts them on another. */
export interface Flow {
  readonly tally: Tally;
  readonly sent: number;
  /** How many more messages the receiver's Receive Maximum and the capacity of a run allow now. */
  readonly room: number;
  send(count: number): void;
  /** Unacknowledged messages that are ever allowed. */
  readonly receiveMaximum: number;
  onArrival(handler: ArrivalHandler): void;
  onProbe(handler: (topic: number) => void): void;
  /** Sent-to-received times in ms since the last call. */
  takeLatencies(): number[];
  keepLatencies(on: boolean): void;
}

export function createFlow(options: FlowOptions, producer: Wire, consumer: Wire): Flow {
  const tally = createTally(capacity);
  const sender = createSender(options, producer, () => arrived());
  const acks = createAckWriter(consumer);
  let latencies: number[] | undefined;
  let arrived: ArrivalHandler = () => {};
  let probed: (topic: number) => void = () => {};

  consumer.receive(
    (buffer, start, body) => {
      const first = buffer[start];
      if (first >> 4 !== packetType.publish) return;
      if ((first & 0x06) !== 0) acks.add(publishId(buffer, body));
      const payload = payloadStart(buffer, start, body, options.shape.version);
      const sequence = buffer.readUInt32BE(payload);
      if (sequence === probeSequence) return probed(buffer.readUInt32BE(payload + 4));
      tally.note(sequence);
      latencies?.push(performance.now() - buffer.readDoubleBE(payload + 4));
    },
    () => {
      acks.flush();
      arrived();
    },
  );

  return {
    tally,
    get sent() {
      return sender.sent;
    },
    get room() {
      return Math.min(options.receiveMaximum - sender.unacknowledged, capacity - sender.sent);
    },
    receiveMaximum: options.receiveMaximum,
    send: sender.send,
    onArrival(handler) {
      arrived = handler;
    },
    onProbe(handler) {
      probed = handler;
    },
    takeLatencies() {
      return latencies?.splice(0) ?? [];
    },
    keepLatencies(on) {
      latencies = on ? [] : undefined;
    },
  };
}

interface Sender {
  readonly sent: number;
  readonly unacknowledged: number;
  readonly send: (count: number) => void;
}

/** Writes runs of the ring in place: a slot comes round again only long after its bytes have left. */
function createSender(options: FlowOptions, producer: Wire, acknowledged: () => void): Sender {
  const { shape } = options;
  const ring = createPublishRing(shape, options.topics, options.ringSlots);
  let sent = 0;
  let unacknowledged = 0;
  producer.receive((buffer, start) => {
    if (buffer[start] >> 4 === packetType.puback) unacknowledged -= 1;
  }, acknowledged);

  function patch(slot: number, now: number): void {
    const at = slot * ring.stride;
    if (ring.idOffset > 0) ring.buffer.writeUInt16BE((sent % 65_000) + 1, at + ring.idOffset);
    ring.buffer.writeUInt32BE(sent, at + ring.payloadOffset);
    ring.buffer.writeDoubleBE(now, at + ring.payloadOffset + 4);
    sent += 1;
  }

  function sendRun(slot: number, count: number): void {
    const now = performance.now();
    for (let index = 0; index < count; index += 1) patch(slot + index, now);
    producer.write(ring.buffer.subarray(slot * ring.stride, (slot + count) * ring.stride));
  }

  return {
    get sent() {
      return sent;
    },
    get unacknowledged() {
      return unacknowledged;
    },
    send(count) {
      if (shape.qos === 1) unacknowledged += count;
      let left = count;
      while (left > 0) {
        const slot = sent % ring.slots;
        const run = Math.min(left, ring.slots - slot);
        sendRun(slot, run);
        left -= run;
      }
    },
  };
}
