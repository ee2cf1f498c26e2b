/**
 * A block of memory that frames are encoded into, sent from, and kept in until the target acknowledges them:
 * a message is copied once on its way through the agent.
 */
export interface Slab {
  readonly bytes: Buffer;
  /** Offset of the first free byte. */
  tail: number;
  /** Frames in this slab that are still needed. */
  holds: number;
  /** A closing socket may still be sending from it: it must not be filled again. */
  lingers: boolean;
}

/** Bytes of an ordinary slab; a frame of more than half of that gets a slab of its own size. */
export const SLAB_BYTES = 65_536;

/** Hands out slabs and keeps a few free ones, for all sessions of a process. */
export interface SlabPool {
  take(frameBytes: number): Slab;
  give(slab: Slab): void;
}

/** @param keep how many free slabs of 64 KiB the pool holds on to. */
export function createSlabPool(keep = 32): SlabPool {
  const free: Slab[] = [];
  return {
    take(frameBytes) {
      if (frameBytes > SLAB_BYTES / 2)
        return { bytes: Buffer.allocUnsafeSlow(frameBytes), tail: 0, holds: 0, lingers: false };
      return free.pop() ?? { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), tail: 0, holds: 0, lingers: false };
    },
    give(slab) {
      if (slab.lingers || slab.bytes.length !== SLAB_BYTES || free.length >= keep) return;
      slab.tail = 0;
      free.push(slab);
    },
  };
}
