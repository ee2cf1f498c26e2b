import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

/** The sending side of a socket: collects what one turn of the event loop writes and hands it over in one piece. */
export interface Wire {
  /** Queues bytes; `acknowledges` is the packet identifier of a client's message that they finish. */
  write(bytes: Buffer, acknowledges?: number): void;
  /** False while more is unsent than allowed; `WireContext.room` is called when that is over. */
  ready(): boolean;
  /** Hands over what is queued, then closes; what the peer still sends is thrown away. */
  end(): void;
  destroy(): void;
}

/** What a wire reports and obeys. */
export interface WireContext {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lingerMs: number;
  /** Bytes. */
  readonly maximumUnsentBytes: number;
  /** The acknowledgements of these packet identifiers were handed to the socket. */
  acknowledged(packetIds: readonly number[]): void;
  room(): void;
}

/** Pieces above this are written one by one: copying them together would cost more than it saves. */
const LARGEST_COPY = 256 * 1024;

/** A wire over any duplex stream (TCP, TLS or WebSocket). */
export function createWire(stream: Duplex, context: WireContext): Wire {
  let pieces: Buffer[] = [];
  let bytesQueued = 0;
  let packetIds: number[] = [];
  let scheduled = false;
  let starved = false;
  let stopLingering: (() => void) | undefined;

  const unsent = (): number => bytesQueued + stream.writableLength;

  function offerRoom(): void {
    if (!starved || unsent() >= context.maximumUnsentBytes) return;
    starved = false;
    context.room();
  }

  function handOver(): void {
    const out = pieces;
    const size = bytesQueued;
    pieces = [];
    bytesQueued = 0;
    if (out.length === 0 || !stream.writable) return;
    if (size <= LARGEST_COPY) {
      const [only] = out;
      stream.write(out.length === 1 && only !== undefined ? only : Buffer.concat(out, size));
      return;
    }
    stream.cork();
    for (const piece of out) stream.write(piece);
    stream.uncork();
  }

  function flush(): void {
    scheduled = false;
    const finished = packetIds;
    packetIds = [];
    handOver();
    if (finished.length > 0) context.acknowledged(finished);
    offerRoom();
  }

  stream.on('drain', offerRoom);
  stream.once('close', () => stopLingering?.());

  return {
    write(bytes, acknowledges) {
      pieces.push(bytes);
      bytesQueued += bytes.length;
      if (acknowledges !== undefined) packetIds.push(acknowledges);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    ready() {
      if (unsent() < context.maximumUnsentBytes) return true;
      starved = true;
      return false;
    },
    end() {
      handOver();
      if (stream.destroyed || stopLingering !== undefined) return;
      stream.end();
      // Read on and throw away: closing a socket with unread bytes resets it, and the peer would lose our last packet.
      stream.resume();
      stopLingering = context.clock.after(context.lingerMs, () => stream.destroy());
    },
    destroy() {
      stopLingering?.();
      stream.destroy();
    },
  };
}
