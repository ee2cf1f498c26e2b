import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { createFrameSplitter, type Frame } from './frames.ts';

/** An MQTT byte stream, cut into packets. */
export interface Wire {
  /** Writes bytes as they are; those of one turn of the event loop leave together. */
  readonly send: (bytes: Buffer) => void;
  /** Bytes written and not yet taken by the kernel. */
  readonly unsent: () => number;
  /** Stops or resumes reading: the peer's window fills. */
  readonly setReading: (on: boolean) => void;
  /** Half-closes after what was written. */
  readonly end: () => void;
  /** Resets the connection (TCP) or drops it (TLS). */
  readonly drop: () => void;
  readonly open: () => boolean;
  /** Resolves when the connection is over, with the socket's error if it had one. */
  readonly closed: Promise<Error | undefined>;
}

/** Where to connect; with `tls` (an empty object will do) over TLS. */
export interface Endpoint {
  readonly port: number;
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  readonly tls?: ConnectionOptions;
}

/** Opens a TCP or TLS connection, or rejects with the socket's error. */
export function dial({ host = '127.0.0.1', port, tls }: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ host, port, ...tls }) : connectTcp({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Reads packets from a socket; a stream that is no MQTT is dropped. */
export function createWire(socket: Socket, onFrame: (frame: Frame) => void): Wire {
  const split = createFrameSplitter();
  let failure: Error | undefined;
  socket.on('error', (error) => (failure ??= error));
  const closed = new Promise<Error | undefined>((resolve) => socket.once('close', () => resolve(failure)));
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of split(chunk)) onFrame(frame);
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  const uncork = () => socket.uncork();
  return {
    closed,
    send(bytes) {
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(uncork);
      }
      socket.write(bytes);
    },
    unsent: () => socket.writableLength,
    setReading: (on) => void (on ? socket.resume() : socket.pause()),
    end: () => void socket.end(),
    // Node cannot reset a connection under TLS.
    drop: () => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
    open: () => !socket.destroyed && !socket.readableEnded,
  };
}
