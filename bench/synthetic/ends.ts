import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net from 'node:net';
import { packetType } from '../load/frames.ts';
import type { OpenCommand } from '../load/protocol.ts';
import { type Ends, type Wire, wireOf } from '../load/wire.ts';

/** Receive Maximum of a client that names none; a 3.1.1 client cannot (MQTT5 3.1.2.11.3). */
const unnamedReceiveMaximum = 60_000;

/**
 * Plays both brokers for one bridge with one route: accepts its two connections and speaks just enough MQTT that
 * PUBLISH frames can flow. The source end is the connection that subscribes. Calls `listening` once both ports accept.
 */
export async function openSynthetic(command: OpenCommand, listening: () => void): Promise<Ends> {
  const source = await listen(command.sourcePort);
  const target = await listen(command.targetPort);
  listening();
  const [producer, consumer] = await Promise.all([accept(source, 'source'), accept(target, 'target')]);
  const receiveMaximum = Math.min(producer.receiveMaximum, unnamedReceiveMaximum);
  return { producer: producer.wire, consumer: consumer.wire, receiveMaximum };
}

async function listen(port: number): Promise<net.Server> {
  const server = net.createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Accepted {
  readonly wire: Wire;
  readonly receiveMaximum: number;
}

/**
 * Resolves with the first connection that is ready: for the target end after CONNECT, for the source end after SUBSCRIBE
 * to a topic of the bench. Others (a bridge may keep a control connection) are only answered.
 */
function accept(server: net.Server, role: 'source' | 'target'): Promise<Accepted> {
  return new Promise((resolve) => {
    server.on('connection', (socket) => {
      const wire = answering(wireOf(socket));
      let receiveMaximum = unnamedReceiveMaximum;
      wire.receive(
        (buffer, start, body, end) => {
          const type = buffer[start] >> 4;
          if (type === packetType.connect) receiveMaximum = requestedReceiveMaximum(buffer, body);
          const ready =
            role === 'source'
              ? type === packetType.subscribe && buffer.subarray(body, end).includes('bench/')
              : type === packetType.connect;
          if (ready) resolve({ wire, receiveMaximum });
        },
        () => {},
      );
    });
  });
}

/** Answers CONNECT, SUBSCRIBE and PINGREQ before whoever else receives the frame. */
function answering(wire: Wire): Wire {
  let version = 4;
  return {
    ...wire,
    receive(frame, chunkEnd) {
      wire.receive((buffer, start, body, end) => {
        const type = buffer[start] >> 4;
        if (type === packetType.connect) {
          version = buffer[body + 6];
          wire.write(connack(version));
        } else if (type === packetType.subscribe) {
          wire.write(suback(version, buffer[body], buffer[body + 1], buffer[end - 1]));
        } else if (type === packetType.pingreq) {
          wire.write(Buffer.from([packetType.pingresp << 4, 0]));
        }
        frame(buffer, start, body, end);
      }, chunkEnd);
    },
  };
}

function connack(version: number): Buffer {
  return version === 5 ? Buffer.from([0x20, 3, 0, 0, 0]) : Buffer.from([0x20, 2, 0, 0]);
}

/** Grants the QoS asked for; the low bits of the v5 subscription options are the QoS (MQTT5 3.8.3.1). */
function suback(version: number, idHigh: number, idLow: number, options: number): Buffer {
  const body = version === 5 ? [idHigh, idLow, 0, options & 3] : [idHigh, idLow, options & 3];
  return Buffer.from([0x90, body.length, ...body]);
}

/** Sizes of the fixed-length properties a CONNECT may carry before Receive Maximum, by identifier (MQTT5 2.2.2.2). */
const propertySizes: Readonly<Record<number, number>> = { 0x11: 4, 0x17: 1, 0x19: 1, 0x21: 2, 0x22: 2, 0x27: 4 };

/** Receive Maximum (0x21) of a CONNECT body; 65 535 or unnamed count as unnamed. */
function requestedReceiveMaximum(buffer: Buffer, body: number): number {
  if (buffer[body + 6] !== 5) return unnamedReceiveMaximum;
  const length = buffer[body + 10];
  let at = body + 11;
  while (at < body + 11 + length) {
    const id = buffer[at];
    if (id === 0x21) return buffer.readUInt16BE(at + 1);
    const size = propertySizes[id];
    if (size === undefined) return unnamedReceiveMaximum;
    at += 1 + size;
  }
  return unnamedReceiveMaximum;
}
