import type { Buffer } from 'node:buffer';
import net from 'node:net';
import { createScanner, type FrameHandler } from './scanner.ts';
import { encodeConnect, encodeSubscribe, type MqttVersion, packetType, type Qos } from './frames.ts';

/** A connected MQTT byte stream after its handshake. */
export interface Wire {
  write(bytes: Uint8Array): void;
  /** Replaces the receivers; `chunkEnd` follows the last frame of each read. */
  receive(frame: FrameHandler, chunkEnd: () => void): void;
  destroy(): void;
}

/** The two connections of a load process, ready to carry messages. */
export interface Ends {
  readonly producer: Wire;
  readonly consumer: Wire;
  /** QoS 1 messages that may be unacknowledged towards whoever reads from the producer. */
  readonly receiveMaximum: number;
}

/** Wraps a connected socket. */
export function wireOf(socket: net.Socket): Wire {
  let onFrame: FrameHandler = () => {};
  let onChunkEnd: () => void = () => {};
  const scan = createScanner((buffer, start, body, end) => onFrame(buffer, start, body, end));
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    scan(chunk);
    onChunkEnd();
  });
  return {
    write: (bytes) => void socket.write(bytes),
    receive(frame, chunkEnd) {
      onFrame = frame;
      onChunkEnd = chunkEnd;
    },
    destroy: () => void socket.destroy(),
  };
}

/** A TCP connection to a loopback port, tried again while nothing listens there, until `deadlineMs` have passed. */
export function dial(port: number, deadlineMs = 5000): Promise<net.Socket> {
  const giveUp = performance.now() + deadlineMs;
  return new Promise((resolve, reject) => {
    const attempt = () => {
      const socket = net.connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(socket));
      socket.once('error', (error) => {
        if (performance.now() > giveUp) reject(error);
        else setTimeout(attempt, 2);
      });
    };
    attempt();
  });
}

/** Connects as an MQTT client; rejects when the broker refuses. */
export async function openClient(port: number, version: MqttVersion, clientId: string): Promise<Wire> {
  const wire = wireOf(await dial(port));
  wire.write(encodeConnect(version, clientId));
  await expectFrame(wire, packetType.connack, (buffer, body) => buffer[body + 1] === 0);
  return wire;
}

/** Subscribes and waits for the SUBACK. */
export async function subscribe(wire: Wire, version: MqttVersion, filter: string, qos: Qos): Promise<void> {
  wire.write(encodeSubscribe(version, filter, qos));
  await expectFrame(wire, packetType.suback, (buffer, _body, end) => (buffer[end - 1] as number) < 0x80);
}

function expectFrame(
  wire: Wire,
  type: number,
  accepted: (buffer: Buffer, body: number, end: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    wire.receive(
      (buffer, start, body, end) => {
        if ((buffer[start] as number) >> 4 !== type) return;
        if (accepted(buffer, body, end)) resolve();
        else reject(new Error(`the broker refused packet type ${type}`));
      },
      () => {},
    );
  });
}
