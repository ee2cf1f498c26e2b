import { crc32 } from 'node:zlib';

// `p1:42:filler`: readable in mosquitto_sub, and the filler depends on the number so that mixed-up payloads show.
const HEADER = /^([A-Za-z0-9_-]{1,32}):(\d{1,15}):/;
const HEADER_MAX = 49;
const FILLER = Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789'.repeat(8));

/** Makes a payload that says who sent it as which number, filled up to `size` bytes (never shorter than its header). */
export function makePayload(producer: string, sequence: number, size = 128): Buffer {
  const header = `${producer}:${sequence}:`;
  const payload = Buffer.allocUnsafe(Math.max(size, header.length));
  const end = payload.write(header, 'latin1');
  const shift = sequence % 36;
  payload.fill(FILLER.subarray(shift, shift + 36 * 7), end);
  return payload;
}

/** Reads a payload's producer and number, or undefined if it has no such header. */
export function readPayload(payload: Buffer): { producer: string; sequence: number } | undefined {
  const match = HEADER.exec(payload.toString('latin1', 0, HEADER_MAX));
  return match ? { producer: match[1], sequence: Number(match[2]) } : undefined;
}

/** Fingerprint by which a changed payload is noticed. */
export function hashPayload(payload: Buffer): number {
  return crc32(payload);
}
