import { Buffer } from 'node:buffer';

/** Called per complete frame: `buffer[start]` is its first byte, `body` and `end` bound what follows the length. */
export type FrameHandler = (buffer: Buffer, start: number, body: number, end: number) => void;

/**
 * Cuts a byte stream into MQTT frames and reports each one in place. The buffer given to the handler is reused: copy what
 * must outlive the call. Throws RangeError on a length of more than four bytes.
 */
export function createScanner(onFrame: FrameHandler, capacity = 1 << 20): (chunk: Uint8Array) => void {
  let buffer = Buffer.allocUnsafe(capacity);
  let filled = 0;

  function store(chunk: Uint8Array): void {
    if (filled + chunk.length > buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (filled + chunk.length));
      buffer.copy(larger, 0, 0, filled);
      buffer = larger;
    }
    buffer.set(chunk, filled);
    filled += chunk.length;
  }

  return (chunk) => {
    store(chunk);
    let start = 0;
    for (;;) {
      const body = bodyStart(buffer, start, filled);
      if (body === 0) break;
      const end = body + bodyLength(buffer, start, body);
      if (end > filled) break;
      onFrame(buffer, start, body, end);
      start = end;
    }
    buffer.copyWithin(0, start, filled);
    filled -= start;
  };
}

/** Index behind the remaining length of the frame at `start`, or 0 while that length is not complete. */
function bodyStart(buffer: Buffer, start: number, filled: number): number {
  for (let at = start + 1; at < filled; at += 1) {
    if (buffer[at] < 0x80) return at + 1;
    if (at - start === 4) throw new RangeError('remaining length of more than four bytes');
  }
  return 0;
}

function bodyLength(buffer: Buffer, start: number, body: number): number {
  let length = 0;
  for (let at = body - 1; at > start; at -= 1) length = length * 128 + (buffer[at] & 0x7f);
  return length;
}

/** Offset of a PUBLISH payload: behind topic, packet ID (QoS > 0) and, for MQTT 5, the properties. */
export function payloadStart(buffer: Buffer, start: number, body: number, version: number): number {
  let at = body + 2 + ((buffer[body] << 8) | buffer[body + 1]);
  if ((buffer[start] & 0x06) !== 0) at += 2;
  if (version < 5) return at;
  let length = 0;
  let shift = 0;
  let byte: number;
  do {
    byte = buffer[at];
    length |= (byte & 0x7f) << shift;
    shift += 7;
    at += 1;
  } while (byte >= 0x80);
  return at + length;
}

/** Packet ID of a QoS 1 PUBLISH. */
export function publishId(buffer: Buffer, body: number): number {
  const at = body + 2 + ((buffer[body] << 8) | buffer[body + 1]);
  return (buffer[at] << 8) | buffer[at + 1];
}
