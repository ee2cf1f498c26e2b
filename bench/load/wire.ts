import { Buffer } from 'node:buffer';
import net from 'node:net';
import { createScanner, type FrameHandler } from './scanner.ts';
import { encodeConnect, encodeSubscribe, type MqttVersion, packetType, type Qos } from './frames.ts';

/** A connected MQTT byte stream after its handshake. */
export interface Wire {
  write(bytes: Uint8Array): void;
  /** Replaces the receivers; `chunkEnd` follows the last frame of each read. */
  receive(frame: FrameHandler, chunkEnd: () => void): void;
  /** Reads at most once per `ms` from now on, so that a peer's small writes do not cost a read each. 0 reads at once. */
  coalesce(ms: number): void;
  destroy(): void;
}

/** The two connections of a load process, ready to carry messages. */
export interface Ends {
  readonly producer: Wire;
  readonly consumer: Wire;
  /** QoS 1 messages that may be unacknowledged towards whoever reads from the producer. */
  readonly receiveMaximum: number;
}

/** Wraps a socket that a server accepted. */
export function wireOf(socket: net.Socket): Wire {
  const scan = createReceiver();
  socket.on('data', scan.read);
  return wireOn(socket, scan, () => {});
}

const readBytes = 1 << 18;

/** Dials a broker; only a dialled socket can read into one buffer of ours and so be paused between reads. */
async function dialWire(port: number): Promise<Wire> {
  const scan = createReceiver();
  let betweenReadsMs = 0;
  const socket = await dial(port, {
    buffer: Buffer.allocUnsafe(readBytes),
    callback(bytes, buffer) {
      scan.read((buffer as Buffer).subarray(0, bytes));
      if (betweenReadsMs === 0) return true;
      setTimeout(() => socket.resume(), betweenReadsMs);
      return false;
    },
  });
  return wireOn(socket, scan, (ms) => {
    betweenReadsMs = ms;
  });
}

interface Receiver {
  readonly read: (chunk: Uint8Array) => void;
  readonly receive: Wire['receive'];
}

function createReceiver(): Receiver {
  let onFrame: FrameHandler = () => {};
  let onChunkEnd: () => void = () => {};
  const scan = createScanner((buffer, start, body, end) => onFrame(buffer, start, body, end));
  return {
    read(chunk) {
      scan(chunk);
      onChunkEnd();
    },
    receive(frame, chunkEnd) {
      onFrame = frame;
      onChunkEnd = chunkEnd;
    },
  };
}

function wireOn(socket: net.Socket, receiver: Receiver, coalesce: Wire['coalesce']): Wire {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  return {
    write: (bytes) => void socket.write(bytes),
    receive: receiver.receive,
    coalesce,
    destroy: () => void socket.destroy(),
  };
}

const dialDeadlineMs = 5000;

/** A TCP connection to a loopback port, tried again while nothing listens there, for at most five seconds. */
export function dial(port: number, onread?: net.OnReadOpts): Promise<net.Socket> {
  const giveUp = performance.now() + dialDeadlineMs;
  return new Promise((resolve, reject) => {
    const attempt = () => {
      const socket = net.connect({ host: '127.0.0.1', port, ...(onread ? { onread } : {}) });
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
  const wire = await dialWire(port);
  wire.write(encodeConnect(version, clientId));
  await expectFrame(wire, packetType.connack, (buffer, body) => buffer[body + 1] === 0);
  return wire;
}

/** Subscribes and waits for the SUBACK. */
export async function subscribe(wire: Wire, version: MqttVersion, filter: string, qos: Qos): Promise<void> {
  wire.write(encodeSubscribe(version, filter, qos));
  await expectFrame(wire, packetType.suback, (buffer, _body, end) => buffer[end - 1] < 0x80);
}

function expectFrame(
  wire: Wire,
  type: number,
  accepted: (buffer: Buffer, body: number, end: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    wire.receive(
      (buffer, start, body, end) => {
        if (buffer[start] >> 4 !== type) return;
        if (accepted(buffer, body, end)) resolve();
        else reject(new Error(`the broker refused packet type ${type}`));
      },
      () => {},
    );
  });
}
