import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createPublishRing, type MessageShape, routeTopics } from '../../../bench/load/frames.ts';
import { createScanner, payloadStart, publishId } from '../../../bench/load/scanner.ts';

const shapes: MessageShape[] = [
  { version: 4, qos: 0, payloadBytes: 16, userProperties: 0 },
  { version: 4, qos: 1, payloadBytes: 128, userProperties: 0 },
  { version: 5, qos: 0, payloadBytes: 16_384, userProperties: 0 },
  { version: 5, qos: 1, payloadBytes: 128, userProperties: 30 },
];

interface Seen {
  readonly id: number | undefined;
  readonly sequence: number;
}

/** Numbered frames as the load generator writes them. */
function numbered(shape: MessageShape, count: number): Buffer {
  const ring = createPublishRing(shape, routeTopics(2), count);
  for (let slot = 0; slot < count; slot += 1) {
    const at = slot * ring.stride;
    if (ring.idOffset > 0) ring.buffer.writeUInt16BE(slot + 1, at + ring.idOffset);
    ring.buffer.writeUInt32BE(slot, at + ring.payloadOffset);
  }
  return ring.buffer;
}

function collect(shape: MessageShape, seen: Seen[], capacity?: number) {
  return createScanner((buffer, start, body) => {
    const sequence = buffer.readUInt32BE(payloadStart(buffer, start, body, shape.version));
    seen.push({ id: shape.qos === 1 ? publishId(buffer, body) : undefined, sequence });
  }, capacity);
}

const expected = (shape: MessageShape, count: number): Seen[] =>
  Array.from({ length: count }, (_, index) => ({ id: shape.qos === 1 ? index + 1 : undefined, sequence: index }));

for (const shape of shapes) {
  const name = `v${shape.version} QoS ${shape.qos} ${shape.payloadBytes} B`;

  test(`scanner - finds every frame of one chunk, ${name}`, () => {
    const seen: Seen[] = [];
    collect(shape, seen)(numbered(shape, 6));
    expect(seen).toEqual(expected(shape, 6));
  });

  test(`scanner - finds every frame however the stream is cut, ${name}`, () => {
    const bytes = numbered(shape, 4);
    for (const step of [1, 2, 3, 7, 131, 20_000]) {
      const seen: Seen[] = [];
      const scan = collect(shape, seen, 64);
      for (let at = 0; at < bytes.length; at += step) scan(bytes.subarray(at, at + step));
      expect(seen).toEqual(expected(shape, 4));
    }
  });
}

test('scanner - reports a frame without a body', () => {
  const types: number[] = [];
  createScanner((buffer, start, body, end) => {
    expect(end).toBe(body);
    types.push(buffer[start]);
  })(Buffer.from([0xd0, 0, 0xc0, 0]));
  expect(types).toEqual([0xd0, 0xc0]);
});

test('scanner - refuses a length of five bytes', () => {
  const scan = createScanner(() => {});
  expect(() => scan(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]))).toThrow(RangeError);
});
