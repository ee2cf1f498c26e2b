import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createFrameGuard, type FrameGuard } from '../../../../../local/broker/codec/framing.ts';

const limits = { publish: 1_000, control: 100 };

function drain(guard: FrameGuard): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = guard.next(); frame !== undefined; frame = guard.next()) frames.push(Buffer.from(frame));
  return frames;
}

function frameOf(first: number, size: number): Buffer {
  const length = size < 0x80 ? [size] : [(size & 0x7f) | 0x80, size >> 7];
  return Buffer.concat([Buffer.from([first, ...length]), Buffer.alloc(size, first)]);
}

describe('the frame guard', () => {
  property.prop([
    fc.array(fc.tuple(fc.constantFrom(0x30, 0x32, 0xc0), fc.nat(97)), { minLength: 1, maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
  ])('gives the same packets however the stream is cut', (packets, cuts) => {
    const frames = packets.map(([first, size]) => frameOf(first, size));
    const stream = Buffer.concat(frames);
    const guard = createFrameGuard(limits);
    const seen: Buffer[] = [];
    let at = 0;
    for (let n = 0; at < stream.length; n += 1) {
      const size = cuts[n % cuts.length] ?? 1;
      guard.push(Buffer.from(stream.subarray(at, at + size)));
      seen.push(...drain(guard));
      at += size;
    }
    expect(seen).toEqual(frames);
    expect(guard.held()).toBe(0);
  });

  test('leaves packets it gave untouched while it takes more', () => {
    const guard = createFrameGuard(limits);
    const stream = Buffer.concat([frameOf(0x30, 50), frameOf(0x32, 50)]);
    for (const byte of stream.subarray(0, 53)) guard.push(Buffer.from([byte]));
    const first = guard.next();
    for (const byte of stream.subarray(53)) guard.push(Buffer.from([byte]));
    expect(guard.next()).toEqual(frameOf(0x32, 50));
    expect(first).toEqual(frameOf(0x30, 50));
  });

  test.each([
    { name: 'a PUBLISH beyond its limit', bytes: [0x30, 0xe6, 0x07], reasonCode: 0x95 },
    { name: 'another packet beyond its limit', bytes: [0x82, 99], reasonCode: 0x95 },
    { name: 'a fifth length byte', bytes: [0x30, 0x80, 0x80, 0x80, 0x80], reasonCode: 0x81 },
  ])('refuses $name by its header alone', ({ bytes, reasonCode }) => {
    const guard = createFrameGuard(limits);
    guard.push(Buffer.from(bytes));
    expect(() => guard.next()).toThrow(expect.objectContaining({ reasonCode }));
  });

  test.each([
    { name: 'nothing', bytes: [], type: undefined },
    { name: 'one byte', bytes: [0x10], type: 1 },
    { name: 'half a header', bytes: [0x30, 0x80], type: 3 },
    { name: 'half a body', bytes: [0x30, 4, 0, 0], type: 3 },
  ])('waits for more after $name', ({ bytes, type }) => {
    const guard = createFrameGuard(limits);
    guard.push(Buffer.from(bytes));
    expect(guard.next()).toBeUndefined();
    expect(guard.nextType()).toBe(type);
    expect(guard.held()).toBe(bytes.length);
  });
});
