import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

/** The sending side of a socket: collects what one turn of the event loop writes and hands it over in one piece. */
export interface Wire {
  /** Queues bytes; `acknowledges` is the packet identifier of a client's message that they finish. */
  write(bytes: Buffer, acknowledges?: number): void;
  /** False while more is unsent than allowed; `WireContext.room` is called when that is over. */
  ready(): boolean;
  /** True when so much is unsent that even answers pile up; `WireContext.room` is called when that is over. */
  congested(): boolean;
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
  readonly acknowledged: (packetIds: readonly number[]) => void;
  readonly room: () => void;
}

/** Above this many bytes pieces are written one by one: copying them together would cost more than it saves. */
const LARGEST_COPY = 256 * 1024;

interface Batch {
  readonly pieces: Buffer[];
  readonly packetIds: number[];
  bytes: number;
}

interface State extends WireContext {
  readonly stream: Duplex;
  batch: Batch;
  scheduled: boolean;
  /** Somebody was told to wait for room. */
  starved: boolean;
  stopLingering: (() => void) | undefined;
}

function emptyBatch(): Batch {
  return { pieces: [], packetIds: [], bytes: 0 };
}

function unsent({ batch, stream }: State): number {
  return batch.bytes + stream.writableLength;
}

function below(state: State, limit: number): boolean {
  if (unsent(state) < limit) return true;
  state.starved = true;
  return false;
}

function offerRoom(state: State): void {
  if (!state.starved || unsent(state) >= state.maximumUnsentBytes) return;
  state.starved = false;
  state.room();
}

function writeAll(stream: Duplex, { pieces, bytes }: Batch): void {
  if (pieces.length === 0 || !stream.writable) return;
  if (bytes <= LARGEST_COPY) {
    const [only] = pieces;
    stream.write(pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, bytes));
    return;
  }
  stream.cork();
  for (const piece of pieces) stream.write(piece);
  stream.uncork();
}

function flush(state: State): void {
  const { batch } = state;
  state.batch = emptyBatch();
  writeAll(state.stream, batch);
  if (batch.packetIds.length > 0) state.acknowledged(batch.packetIds);
}

function write(state: State, bytes: Buffer, acknowledges: number | undefined): void {
  state.batch.pieces.push(bytes);
  state.batch.bytes += bytes.length;
  if (acknowledges !== undefined) state.batch.packetIds.push(acknowledges);
  if (state.scheduled) return;
  state.scheduled = true;
  setImmediate(() => {
    state.scheduled = false;
    flush(state);
    offerRoom(state);
  });
}

function end(state: State): void {
  const { stream } = state;
  flush(state);
  if (stream.destroyed || state.stopLingering !== undefined) return;
  stream.end();
  // Read on and throw away: closing a socket with unread bytes resets it, and the peer would lose our last packet.
  stream.resume();
  state.stopLingering = state.clock.after(state.lingerMs, () => stream.destroy());
}

/** A wire over any duplex stream (TCP, TLS or WebSocket). */
export function createWire(stream: Duplex, context: WireContext): Wire {
  const state: State = {
    ...context,
    stream,
    batch: emptyBatch(),
    scheduled: false,
    starved: false,
    stopLingering: undefined,
  };
  stream.on('drain', () => offerRoom(state));
  stream.once('close', () => state.stopLingering?.());
  return {
    write: (bytes, acknowledges) => write(state, bytes, acknowledges),
    ready: () => below(state, state.maximumUnsentBytes),
    // Messages stop at the limit already, so only answers to a client that does not read them get here.
    congested: () => !below(state, 2 * state.maximumUnsentBytes),
    end: () => end(state),
    destroy: () => void stream.destroy(),
  };
}
