import { isUtf8 } from 'node:buffer';
import { malformed } from '../reason.ts';

/** A place inside bytes; every read moves it and refuses to pass `end`. */
export interface ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;
}

/** Reads from `at` up to, not including, `end`. */
export function readerOf(bytes: Buffer, at = 0, end: number = bytes.length): ByteReader {
  return { bytes, at, end };
}

function take(reader: ByteReader, count: number): number {
  const from = reader.at;
  if (from + count > reader.end) malformed('packet ends inside a field');
  reader.at = from + count;
  return from;
}

/** One byte. */
export function readByte(reader: ByteReader): number {
  return reader.bytes.readUInt8(take(reader, 1));
}

/** Two bytes, big-endian. */
export function readUint16(reader: ByteReader): number {
  return reader.bytes.readUInt16BE(take(reader, 2));
}

/** Four bytes, big-endian. */
export function readUint32(reader: ByteReader): number {
  return reader.bytes.readUInt32BE(take(reader, 4));
}

/** Variable byte integer of one to four bytes (section 1.5.5). */
export function readVarint(reader: ByteReader): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = readByte(reader);
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return malformed('variable byte integer has more than four bytes');
}

/** Length-prefixed binary data, as a view of the packet. */
export function readBinary(reader: ByteReader): Buffer {
  const length = readUint16(reader);
  const from = take(reader, length);
  return reader.bytes.subarray(from, from + length);
}

/** Length-prefixed text; ill-formed UTF-8 and U+0000 are malformed (section 1.5.4). */
export function readText(reader: ByteReader): string {
  const bytes = readBinary(reader);
  if (!isUtf8(bytes) || bytes.includes(0)) malformed('text is not UTF-8 or holds U+0000');
  return bytes.toString('utf8');
}
