import type { Outlet } from './outlet.ts';
import type { Slab, SlabPool } from './slab.ts';
import type { Transit } from './transit.ts';

interface Range {
  readonly slab: Slab;
  readonly start: number;
  end: number;
}

/**
 * Memory of a sender: frames are encoded into slabs, queued for the wire as ranges of them, and stay until released.
 * Neighbouring frames become one write.
 */
export class FrameStore {
  readonly #pool: SlabPool;
  readonly #outlet: Outlet;
  #current: Slab | undefined;
  #queued: Range[] = [];
  /** Ranges the socket has taken but not written through; their bytes must not change yet. */
  #unwritten: Range[] = [];

  constructor(pool: SlabPool, outlet: Outlet) {
    this.#pool = pool;
    this.#outlet = outlet;
  }

  /** A slab with room for `bytes` more at its tail. */
  room(bytes: number): Slab {
    const slab = this.#current;
    if (slab && slab.bytes.length - slab.tail >= bytes) return slab;
    if (slab && slab.holds === 0) this.#pool.give(slab);
    this.#current = this.#pool.take(bytes);
    return this.#current;
  }

  /** Copies a ready frame into the store; the offsets `at` count from its start, -1 is none. */
  keep(transit: Transit, frame: Buffer, at: { readonly idAt: number; readonly expiryAt: number }): void {
    const slab = this.room(frame.length);
    transit.slab = slab;
    slab.holds++;
    transit.start = slab.tail;
    transit.idAt = slab.tail + at.idAt;
    transit.expiryAt = at.expiryAt < 0 ? -1 : slab.tail + at.expiryAt;
    frame.copy(slab.bytes, slab.tail);
    slab.tail += frame.length;
    transit.end = slab.tail;
  }

  /** Lets go of the frame of a message that has an outcome. */
  drop(transit: Transit): void {
    if (transit.slab) this.release(transit.slab);
    transit.slab = undefined;
  }

  /** Puts slab[start, end) at the end of what the next flush writes. */
  queue(slab: Slab, start: number, end: number): void {
    const last = this.#queued.at(-1);
    if (last && last.slab === slab && last.end === start) {
      last.end = end;
      return;
    }
    slab.holds++;
    this.#queued.push({ slab, start, end });
  }

  /** Lets go of a frame; a slab without frames can be filled again. */
  release(slab: Slab): void {
    if (--slab.holds > 0) return;
    if (slab === this.#current) this.#current = undefined;
    this.#pool.give(slab);
  }

  /** Writes what is queued. Returns false when the socket is full. */
  flush(): boolean {
    let open = true;
    for (const range of this.#queued) open = this.#outlet.write(range.slab.bytes.subarray(range.start, range.end));
    this.#unwritten = this.#unwritten.length === 0 ? this.#queued : this.#unwritten.concat(this.#queued);
    this.#queued = [];
    this.settleWrites();
    return open;
  }

  /** Releases the ranges of finished writes. */
  settleWrites(): void {
    if (this.#unwritten.length === 0 || !this.#outlet.writtenThrough()) return;
    const written = this.#unwritten;
    this.#unwritten = [];
    for (const range of written) this.release(range.slab);
  }

  /** Forgets what was queued and what was being written: the connection is gone. */
  abandonWrites(): void {
    for (const { slab } of this.#unwritten) slab.lingers = true;
    const gone = this.#unwritten.concat(this.#queued);
    this.#unwritten = [];
    this.#queued = [];
    for (const range of gone) this.release(range.slab);
  }
}
