import { ReasonCode } from '../session/reason-code.ts';

/** Takes whole control packets out of a byte stream, in order. */
export interface FrameHandler {
  /**
   * One control packet: bytes[start, end), whose body (behind the fixed header) starts at `body`.
   * The bytes are reused after the call. Returns false to hold the stream until `resume`.
   */
  frame(bytes: Buffer, start: number, body: number, end: number): boolean;
  /** The stream is not MQTT, or a packet is larger than allowed: nothing more is read from it. */
  malformed(reasonCode: number, detail: string): void;
}

/**
 * Cuts a stream into control packets without decoding them.
 * Keeps only the unfinished packet, in a buffer that grows with the bytes that came, never with the length they claim.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxPacketBytes: number;
  #carry: Buffer = EMPTY;
  #carried = 0;
  #held = false;
  #broken = false;

  constructor(handler: FrameHandler, maxPacketBytes: number) {
    this.#handler = handler;
    this.#maxPacketBytes = maxPacketBytes;
  }

  /** Reads the first `length` bytes of `bytes`. Returns false when the handler holds the stream. */
  feed(bytes: Buffer, length: number): boolean {
    if (this.#broken) return true;
    let at = 0;
    while (this.#carried > 0 && at < length && !this.#held && !this.#broken) at = this.#complete(bytes, at, length);
    if (!this.#held && !this.#broken && at < length) at = this.#scan(bytes, at, length);
    if (at < length && !this.#broken) this.#keep(bytes, at, length);
    return !this.#held;
  }

  /** Goes on after a hold, with what was kept meanwhile. Returns false when the handler holds again. */
  resume(): boolean {
    if (!this.#held) return true;
    this.#held = false;
    const kept = this.#carry.subarray(0, this.#carried);
    this.#carry = EMPTY;
    this.#carried = 0;
    return this.feed(kept, kept.length);
  }

  /** Hands out whole frames of bytes[at, length) and returns where the unfinished one starts. */
  #scan(bytes: Buffer, from: number, length: number): number {
    let at = from;
    while (at + 1 < length) {
      const body = bodyStart(bytes, at, length);
      if (body < 0) {
        if (body === INCOMPLETE) return at;
        return this.#fail(ReasonCode.malformedPacket, 'remaining length of more than four bytes');
      }
      const end = body + remainingLength(bytes, at, body);
      if (end - at > this.#maxPacketBytes) {
        return this.#fail(ReasonCode.packetTooLarge, `a packet of ${end - at} bytes, limit ${this.#maxPacketBytes}`);
      }
      if (end > length) return at;
      const open = this.#handler.frame(bytes, at, body, end);
      at = end;
      if (!open) {
        this.#held = true;
        return at;
      }
      if (this.#broken) return at;
    }
    return at;
  }

  /** Adds just enough bytes to finish the carried packet; returns how far it read. */
  #complete(bytes: Buffer, at: number, length: number): number {
    const want = this.#missing();
    const take = Math.min(want, length - at);
    this.#keep(bytes, at, at + take);
    if (take === want && this.#missing() === 0) this.#handOver();
    return at + take;
  }

  /** Bytes the carried packet still lacks, or 1 while its fixed header is incomplete. */
  #missing(): number {
    const body = bodyStart(this.#carry, 0, this.#carried);
    if (body === INCOMPLETE) return 1;
    if (body < 0) return 0;
    return Math.max(0, body + remainingLength(this.#carry, 0, body) - this.#carried);
  }

  #handOver(): void {
    const packet = this.#carry;
    const length = this.#carried;
    this.#carried = 0;
    this.#carry = EMPTY;
    this.#scan(packet, 0, length);
    if (packet.length <= KEPT_CARRY && this.#carry === EMPTY) this.#carry = packet;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(this.#carry.length * 2, this.#maxPacketBytes), 512),
      );
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, from, to);
    this.#carried = needed;
    if (!this.#held) this.#checkSize();
  }

  /** Refuses an oversize or malformed packet as soon as its header says so. */
  #checkSize(): void {
    if (this.#carried < 2) return;
    const body = bodyStart(this.#carry, 0, this.#carried);
    if (body === INCOMPLETE) return;
    if (body < 0) this.#fail(ReasonCode.malformedPacket, 'remaining length of more than four bytes');
    else if (body + remainingLength(this.#carry, 0, body) > this.#maxPacketBytes) {
      this.#fail(ReasonCode.packetTooLarge, `a packet over ${this.#maxPacketBytes} bytes`);
    }
  }

  #fail(reasonCode: number, detail: string): number {
    this.#broken = true;
    this.#carry = EMPTY;
    this.#carried = 0;
    this.#handler.malformed(reasonCode, detail);
    return Number.MAX_SAFE_INTEGER;
  }
}

const EMPTY = Buffer.alloc(0);
const KEPT_CARRY = 1024;
const INCOMPLETE = -1;
const TOO_LONG = -2;

function bodyStart(bytes: Uint8Array, at: number, length: number): number {
  for (let i = at + 1; i < at + 5; i++) {
    if (i >= length) return INCOMPLETE;
    if (bytes[i] < 0x80) return i + 1;
  }
  return TOO_LONG;
}

function remainingLength(bytes: Uint8Array, at: number, body: number): number {
  let value = 0;
  for (let i = body - 1; i > at; i--) value = (value << 7) | (bytes[i] & 0x7f);
  return value;
}
