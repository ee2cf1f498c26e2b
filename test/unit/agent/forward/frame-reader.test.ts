import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../../agent/forward/frame-reader.ts';
import { createFrameSplitter } from '../../../support/frames.ts';
import { encodeVarint } from '../../../support/properties.ts';

interface Reading {
  readonly frames: Buffer[];
  readonly faults: number[];
  readonly reader: FrameReader;
}

/** @param holds for each frame, whether the handler holds the stream after it. */
function read(limit: number, holds: readonly boolean[] = []): Reading {
  const frames: Buffer[] = [];
  const faults: number[] = [];
  const handler = {
    frame(bytes: Buffer, start: number, body: number, end: number) {
      if (body <= start + 1 || body > end) throw new Error('the body is outside of the packet');
      frames.push(Buffer.from(bytes.subarray(start, end)));
      return !holds[(frames.length - 1) % Math.max(holds.length, 1)];
    },
    malformed: (code: number) => void faults.push(code),
  };
  return { frames, faults, reader: new FrameReader(handler, limit) };
}

function packet(type: number, body: number): Buffer {
  return Buffer.concat([Buffer.of(type << 4), encodeVarint(body), Buffer.alloc(body, body & 0xff)]);
}

const arbitraryPacket = fc
  .tuple(fc.integer({ min: 1, max: 15 }), fc.oneof(fc.nat(8), fc.constantFrom(126, 127, 128, 129, 600, 16_383, 16_384)))
  .map(([type, body]) => packet(type, body));

describe('FrameReader', () => {
  it('hands out the same packets however they are cut and held', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryPacket, { maxLength: 12 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20_000 })), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.array(fc.boolean(), { maxLength: 5 }),
        (packets, sizes, holds) => {
          const reading = read(100_000, holds);
          const stream = Buffer.concat(packets);
          let at = 0;
          for (let i = 0; at < stream.length; i++) {
            const chunk = Buffer.from(stream.subarray(at, at + sizes[i % sizes.length]));
            at += chunk.length;
            const open = reading.reader.feed(chunk, chunk.length);
            chunk.fill(0xee);
            // A wire may bring more before it stops.
            if (!open && i % 3 > 0) while (!reading.reader.resume());
          }
          while (!reading.reader.resume());
          expect(reading.faults).toEqual([]);
          expect(Buffer.concat(reading.frames).equals(stream)).toBe(true);
          expect(reading.frames.map(({ length }) => length)).toEqual(packets.map(({ length }) => length));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('hands out nothing while it is held', () => {
    const reading = read(1000, [true]);
    const stream = Buffer.concat([packet(3, 1), packet(3, 2), packet(3, 3)]);
    expect(reading.reader.feed(stream, stream.length)).toBe(false);
    expect(reading.reader.feed(packet(3, 4), 6)).toBe(false);
    expect(reading.frames).toHaveLength(1);
    expect(reading.reader.resume()).toBe(false);
    expect(reading.frames).toHaveLength(2);
  });

  it.each([
    ['one byte at a time', 1],
    ['at once', 1000],
  ])('refuses an oversize packet by its header, fed %s', (_name, size) => {
    const reading = read(1000);
    const header = Buffer.concat([Buffer.of(0x30), encodeVarint(998)]);
    const stream = Buffer.concat([header, Buffer.alloc(100)]);
    let fed = 0;
    while (fed < stream.length && reading.faults.length === 0) {
      const chunk = stream.subarray(fed, fed + size);
      fed += chunk.length;
      reading.reader.feed(chunk, chunk.length);
    }
    expect(reading.faults).toEqual([0x95]);
    if (size === 1) expect(fed).toBe(header.length);
    expect(reading.frames).toEqual([]);
  });

  it('takes a packet of exactly the limit', () => {
    const reading = read(1000);
    const stream = packet(3, 997);
    expect(stream.length).toBe(1000);
    reading.reader.feed(stream, stream.length);
    expect(reading.frames).toHaveLength(1);
  });

  it.each([1, 4, 7])('refuses a length of five bytes, fed %i at a time', (size) => {
    const reading = read(300_000_000);
    const stream = Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01, 0);
    for (let at = 0; at < stream.length; at += size)
      reading.reader.feed(stream.subarray(at, at + size), Math.min(size, 7 - at));
    expect(reading.faults).toEqual([0x81]);
  });

  it('keeps what came of a packet that claims 256 MiB, not what it claims', () => {
    const reading = read(268_435_460);
    const { arrayBuffers: before } = process.memoryUsage();
    const header = Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f);
    reading.reader.feed(header, header.length);
    const dribble = Buffer.alloc(1000);
    for (let i = 0; i < 1000; i++) reading.reader.feed(dribble, dribble.length);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    expect(reading.frames).toEqual([]);
  });

  it('reads nothing more after a fault', () => {
    const reading = read(1000);
    const stream = Buffer.concat([packet(3, 1), Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff), packet(3, 2)]);
    reading.reader.feed(stream, stream.length);
    reading.reader.feed(packet(3, 3), 5);
    expect(reading.frames).toHaveLength(1);
    expect(reading.faults).toEqual([0x81]);
  });

  it('survives any bytes, and agrees with another reader about them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
        const reading = read(70_000);
        const stream = Buffer.from(bytes);
        for (let at = 0; at < stream.length; at += size) {
          const chunk = stream.subarray(at, at + size);
          reading.reader.feed(chunk, chunk.length);
        }
        if (reading.faults.length > 0) return;
        const expected = createFrameSplitter()(stream).map((frame) => frame.bytes.toString('hex'));
        expect(reading.frames.map((frame) => frame.toString('hex'))).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
