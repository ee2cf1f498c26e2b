import { Buffer } from 'node:buffer';
import { createPublishRing, type MessageShape, packetType } from '../load/frames.ts';
import { openClient, subscribe, type Wire } from '../load/wire.ts';

/** A steady stream of QoS 1 messages over a few topics, from one broker to the other. */
export interface Stream {
  /** Resolves with the moment at which the first message sent from now on has arrived on every topic, in milliseconds. */
  allFlow(): Promise<number>;
  /** Stops sending, waits until what arrives has caught up or `patienceMs` are over, and tells how many are missing. */
  end(patienceMs: number): Promise<number>;
}

const shape: MessageShape = { version: 5, qos: 1, payloadBytes: 16, userProperties: 0 };
const pauseMs = 5;
const lastPacketId = 65_535;

interface Waiter {
  readonly since: number;
  readonly missing: Set<string>;
  readonly resolve: (at: number) => void;
}

/** Starts the stream; topics must be equally long. */
export async function startStream(sourcePort: number, targetPort: number, topics: readonly string[]): Promise<Stream> {
  const consumer = await openClient(targetPort, shape.version, 'bench-consumer');
  await subscribe(consumer, shape.version, '#', 1);
  const producer = await openClient(sourcePort, shape.version, 'bench-producer');
  const ring = createPublishRing(shape, topics, topics.length);
  const waiters = new Set<Waiter>();
  const seen = new Set<number>();
  let sent = 0;

  receive(consumer, (sequence) => {
    seen.add(sequence);
    for (const waiter of waiters) {
      if (sequence >= waiter.since) waiter.missing.delete(topics[sequence % topics.length] ?? '');
      if (waiter.missing.size > 0) continue;
      waiters.delete(waiter);
      waiter.resolve(performance.now());
    }
  });
  producer.receive(
    () => {},
    () => {},
  );

  const timer = setInterval(() => {
    for (const index of topics.keys()) {
      const frame = Buffer.from(ring.buffer.subarray(index * ring.stride, (index + 1) * ring.stride));
      frame.writeUInt16BE((sent % lastPacketId) + 1, ring.idOffset);
      frame.writeUInt32BE(sent++, ring.payloadOffset);
      producer.write(frame);
    }
  }, pauseMs);

  return {
    allFlow: () => new Promise((resolve) => waiters.add({ since: sent, missing: new Set(topics), resolve })),
    async end(patienceMs) {
      clearInterval(timer);
      const giveUp = performance.now() + patienceMs;
      while (seen.size < sent && performance.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 50));
      for (const wire of [producer, consumer]) wire.destroy();
      return sent - seen.size;
    },
  };
}

/** Acknowledges every message and hands its sequence number on. */
function receive(consumer: Wire, arrived: (sequence: number) => void): void {
  consumer.receive(
    (buffer, start, body, end) => {
      if (buffer[start] >> 4 !== packetType.publish) return;
      const idAt = body + 2 + buffer.readUInt16BE(body);
      consumer.write(Buffer.of(packetType.puback << 4, 2, buffer[idAt], buffer[idAt + 1]));
      arrived(buffer.readUInt32BE(end - shape.payloadBytes));
    },
    () => {},
  );
}
