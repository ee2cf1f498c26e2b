import { Buffer } from 'node:buffer';
import type { Wire } from './wire.ts';

/** Collects PUBACKs and writes them in one piece. */
export interface AckWriter {
  add(id: number): void;
  readonly flush: () => void;
}

/** PUBACK without a reason code, which both protocol versions read as success. */
export function createAckWriter(wire: Wire): AckWriter {
  let pending = Buffer.allocUnsafe(1 << 16);
  let filled = 0;
  return {
    add(id) {
      if (filled + 4 > pending.length) pending = Buffer.concat([pending, Buffer.allocUnsafe(pending.length)]);
      pending.writeUInt32BE((0x40020000 | id) >>> 0, filled);
      filled += 4;
    },
    flush() {
      if (filled > 0) wire.write(Buffer.from(pending.subarray(0, filled)));
      filled = 0;
    },
  };
}
