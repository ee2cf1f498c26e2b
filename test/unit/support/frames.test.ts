import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decodePacket, decodePublish, encodePublish, type OutgoingPublish } from '../../support/codec.ts';
import { createFrameFilter } from '../../support/frame-filter.ts';
import { createFrameSplitter, packetId, toFrame } from '../../support/frames.ts';
import { type Property, PROPERTY } from '../../support/properties.ts';
import { slice, type Toxic } from '../../support/toxics.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });

const properties: fc.Arbitrary<Property[]> = fc.array(
  fc.oneof(
    fc.tuple(fc.constant(PROPERTY.payloadFormatIndicator), fc.nat(1)),
    fc.tuple(fc.constant(PROPERTY.messageExpiryInterval), fc.nat(0xffff_ffff)),
    fc.tuple(fc.constant(PROPERTY.contentType), text),
    fc.tuple(
      fc.constant(PROPERTY.correlationData),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
    fc.tuple(fc.constant(PROPERTY.subscriptionIdentifier), fc.integer({ min: 1, max: 268_435_455 })),
    fc.tuple(fc.constant(PROPERTY.topicAlias), fc.nat(65_535)),
    fc.tuple(fc.constant(PROPERTY.userProperty), text, text),
  ),
);

const publishes = fc.record({
  version: fc.constantFrom(4 as const, 5 as const),
  id: fc.integer({ min: 1, max: 65_535 }),
  topic: fc.string({ minLength: 1, maxLength: 30 }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  dup: fc.boolean(),
  properties,
});

/** A stream of packets, and the places where it is cut. */
const streams = fc.record({
  packets: fc.array(
    publishes.map((message) => encodePublish(message.version, message, message.id)),
    { maxLength: 8 },
  ),
  cuts: fc.array(fc.nat(500)),
});

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

describe('frames', () => {
  property.prop([publishes])('reads a PUBLISH as it was written', ({ version, id, ...message }) => {
    const frame = toFrame(encodePublish(version, message, id));
    const expected = {
      ...message,
      packetId: message.qos > 0 ? id : 0,
      properties: version === 5 ? message.properties : [],
    };
    expect(decodePublish(version, frame)).toEqual(expected);
    expect(packetId(frame)).toBe(expected.packetId);
  });

  property.prop([publishes])(
    'writes a PUBLISH that mqtt-packet reads alike',
    ({ version, id, topic, payload, qos }) => {
      const message: OutgoingPublish = { topic, payload, qos, properties: [[PROPERTY.userProperty, 'a', 'b']] };
      const packet = decodePacket(version, encodePublish(version, message, id));
      expect(packet).toMatchObject({ cmd: 'publish', topic, qos, payload });
    },
  );

  property.prop([streams])('finds the same packets however the stream is cut', ({ packets, cuts }) => {
    const split = createFrameSplitter();
    const found = cut(Buffer.concat(packets), cuts).flatMap(split);
    expect(found.map(({ bytes }) => bytes)).toEqual(packets);
  });

  test('throws on a remaining length of five bytes', () => {
    expect(() => createFrameSplitter()(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1]))).toThrow('malformed');
  });
});

describe('frame filter', () => {
  property.prop([streams, fc.nat(5)])(
    'leaves exactly the named packet out, however the stream is cut',
    (stream, index) => {
      const { packets, cuts } = stream;
      const filter = createFrameFilter();
      let count = 0;
      const out = cut(Buffer.concat(packets), cuts).flatMap((chunk) => filter(chunk, () => count++ === index));
      expect(Buffer.concat(out)).toEqual(Buffer.concat(packets.filter((_, i) => i !== index)));
    },
  );

  property.prop([streams])('without a rule passes every chunk on at once', ({ packets, cuts }) => {
    const filter = createFrameFilter();
    for (const chunk of cut(Buffer.concat(packets), cuts))
      expect(Buffer.concat(filter(chunk, undefined))).toEqual(chunk);
  });

  property.prop([streams, fc.nat(10)])(
    'with a rule that comes late drops only whole packets',
    ({ packets, cuts }, late) => {
      const filter = createFrameFilter();
      const chunks = cut(Buffer.concat(packets), cuts);
      const out = Buffer.concat(chunks.flatMap((chunk, i) => filter(chunk, i >= late ? () => true : undefined)));
      const ends = packets.map((_, i) => Buffer.concat(packets.slice(0, i + 1)).length);
      expect([0, ...ends]).toContain(out.length);
      expect(Buffer.concat(packets).subarray(0, out.length)).toEqual(out);
    },
  );

  property.prop([fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200))])(
    'passes on whatever it is fed',
    (bytes, cuts) => {
      const filter = createFrameFilter();
      const out = cut(Buffer.from(bytes), cuts).flatMap((chunk) => filter(chunk, undefined));
      expect(Buffer.concat(out)).toEqual(Buffer.from(bytes));
    },
  );
});

property.prop([fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.integer({ min: 1, max: 50 }), fc.nat(20)])(
  'toxics - slices keep to their sizes and lose nothing',
  (bytes, average_size, size_variation) => {
    const chunk = Buffer.from(bytes);
    const pieces = slice(chunk, new Set<Toxic>([{ type: 'slicer', average_size, size_variation }]));
    expect(Buffer.concat(pieces)).toEqual(chunk);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(average_size + size_variation);
  },
);
