import { malformed, ProtocolFault, reason } from '../reason.ts';

/** Cuts a byte stream into whole packets, and refuses a packet by its announced length before a byte of its body is kept. */
export interface FrameGuard {
  push(chunk: Buffer): void;
  /** The next whole packet, undefined until more bytes came; throws ProtocolFault 0x95 or 0x81. */
  next(): Buffer | undefined;
  /** Type of the packet that comes next (table 2-1), undefined while not a byte of it is there. */
  nextType(): number | undefined;
  /** Bytes held that make no whole packet yet. */
  held(): number;
}

const EMPTY = Buffer.alloc(0);

/** The largest packets a guard accepts, in bytes. */
export interface FrameLimits {
  readonly publish: number;
  /** Every packet that is no PUBLISH. */
  readonly control: number;
}

const PUBLISH = 3;

/** A guard that holds nothing yet. */
export function createFrameGuard(limits: FrameLimits): FrameGuard {
  let bytes: Buffer = EMPTY;
  let start = 0;
  let end = 0;
  let needed = 2;

  // Grows by doubling, so that a peer sending single bytes costs neither one object per byte nor quadratic copying.
  function append(chunk: Buffer): void {
    if (end + chunk.length > bytes.length || bytes === EMPTY) {
      const length = end - start;
      const grown = Buffer.allocUnsafe(Math.max(length * 2, length + chunk.length));
      bytes.copy(grown, 0, start, end);
      bytes = grown;
      start = 0;
      end = length;
    }
    chunk.copy(bytes, end);
    end += chunk.length;
  }

  return {
    push(chunk) {
      if (start < end) {
        append(chunk);
        return;
      }
      bytes = chunk;
      start = 0;
      end = chunk.length;
    },
    next() {
      if (end - start < needed) return undefined;
      const total = packetLength(bytes, start, end);
      if (total === undefined) {
        needed = end - start + 1;
        return undefined;
      }
      const maximum = typeAt(bytes, start) === PUBLISH ? limits.publish : limits.control;
      if (total > maximum)
        throw new ProtocolFault(reason.packetTooLarge, `packet of ${total} bytes, ${maximum} allowed`);
      if (end - start < total) {
        needed = total;
        return undefined;
      }
      needed = 2;
      start += total;
      return bytes.subarray(start - total, start);
    },
    nextType: () => (start < end ? typeAt(bytes, start) : undefined),
    held: () => end - start,
  };
}

function typeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at) >> 4;
}

/** Whole length of the packet that begins at `start`, undefined while its header is incomplete. */
function packetLength(bytes: Buffer, start: number, end: number): number | undefined {
  let value = 0;
  for (let digit = 0; digit < 4; digit += 1) {
    const at = start + 1 + digit;
    if (at >= end) return undefined;
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) << (7 * digit);
    if (byte < 0x80) return 2 + digit + value;
  }
  return malformed('remaining length has more than four bytes');
}
