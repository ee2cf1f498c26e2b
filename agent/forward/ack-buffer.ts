import type { Outlet } from './outlet.ts';

/** First byte of the four-byte acknowledgements; PUBREL has its reserved bit set (MQTT5 3.6.1). */
export const Packet = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

const FIRST = 256;

/** Collects acknowledgements of a turn, four bytes each: success needs no reason code (MQTT5 3.4.2.1). */
export class AckBuffer {
  readonly #outlet: Outlet;
  #bytes: Buffer = NONE;
  #length = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** Adds one; returns true when it is the first since the last flush. */
  add(packet: number, id: number): boolean {
    const at = this.#length;
    if (at + 4 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    bytes[at] = packet;
    bytes[at + 1] = 2;
    bytes[at + 2] = id >> 8;
    bytes[at + 3] = id & 0xff;
    this.#length = at + 4;
    return at === 0;
  }

  /** Writes what was collected. */
  flush(): void {
    if (this.#length === 0) return;
    this.#outlet.write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    if (!this.#outlet.writtenThrough()) this.#bytes = NONE;
  }

  /** Forgets what was collected: it belongs to a connection that is gone. */
  clear(): void {
    this.#length = 0;
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const NONE = Buffer.alloc(0);
