import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type EncodedAt,
  encodePublish,
  type PublishShape,
  remainingLengthOf,
} from '../../../../agent/forward/encode.ts';
import { parsePublish, PublishView } from '../../../../agent/forward/publish-view.ts';
import { varintLength } from '../../../../agent/forward/varint.ts';
import * as codec from '../../../support/codec.ts';
import { toFrame } from '../../../support/frames.ts';
import { encodeString, encodeVarint, PROPERTY, type Property } from '../../../support/properties.ts';

const view = new PublishView();

function parse(bytes: Buffer, version: 4 | 5 = 5): number {
  return parsePublish(view, bytes, 0, toFrame(bytes).start, bytes.length, version);
}

/** A PUBLISH whose variable header behind the topic is given byte by byte. */
function raw(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(first), encodeVarint(body.length), body]);
}

const topic = encodeString('t');
const withProperties = (...bytes: readonly number[]) =>
  raw(0x30, topic, encodeVarint(bytes.length), Buffer.from(bytes));

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => codecText(s));

function codecText(s: string): boolean {
  for (const character of s) {
    const point = character.codePointAt(0) ?? 0;
    if (point === 0 || (point & 0xfffe) === 0xfffe || (point >= 0xfdd0 && point <= 0xfdef)) return false;
  }
  return s.isWellFormed();
}

const userProperty = fc.tuple(
  fc.constant(PROPERTY.userProperty),
  fc.oneof(text, fc.constantFrom('a', 'a', '1', '__proto__', 'constructor', 'mqttbridge-hopx')),
  text,
) as fc.Arbitrary<Property>;

const once: readonly fc.Arbitrary<Property>[] = [
  fc.tuple(fc.constant(PROPERTY.payloadFormatIndicator), fc.constantFrom(0, 1)),
  fc.tuple(fc.constant(PROPERTY.messageExpiryInterval), fc.nat(0xffff_ffff)),
  fc.tuple(fc.constant(PROPERTY.contentType), text),
  fc.tuple(
    fc.constant(PROPERTY.responseTopic),
    text.filter((s) => !/[+#]/.test(s)),
  ),
  fc.tuple(
    fc.constant(PROPERTY.correlationData),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ),
  fc.tuple(fc.constant(PROPERTY.topicAlias), fc.integer({ min: 1, max: 0xffff })),
];

/** Any legal properties, in any order. */
const properties: fc.Arbitrary<Property[]> = fc
  .tuple(
    fc.subarray([...once]).chain((some) => fc.tuple<Property[]>(...some)),
    fc.array(userProperty, { maxLength: 5 }),
    fc.array(fc.tuple(fc.constant(PROPERTY.subscriptionIdentifier), fc.integer({ min: 1, max: 268_435_455 })), {
      maxLength: 3,
    }) as fc.Arbitrary<Property[]>,
  )
  .chain(([some, users, ids]) => {
    const all = [...some, ...users, ...ids];
    return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  });

const message = fc.record({
  topic: text.filter((s) => s !== ''),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  properties,
});

function encode(shape: PublishShape): { bytes: Buffer; at: EncodedAt } {
  const remaining = remainingLengthOf(view, shape);
  const length = 1 + varintLength(remaining) + remaining;
  const into = Buffer.alloc(length + 8, 0xaa);
  const at: EncodedAt = { end: 0, idAt: 0, expiryAt: 0 };
  encodePublish(view, shape, remaining, into, 3, at);
  expect(at.end).toBe(length + 3);
  expect(into.subarray(at.end).every((byte) => byte === 0xaa)).toBe(true);
  return { bytes: into.subarray(3, at.end), at };
}

describe('parsePublish and encodePublish', () => {
  it('pass everything on but alias and subscription identifiers', () => {
    fc.assert(
      fc.property(
        message,
        fc.constantFrom<(4 | 5)[]>(4, 5),
        fc.constantFrom(0, 1, 2),
        fc.nat(300),
        (sent, version, qos, hops) => {
          const bytes = codec.encodePublish(version, sent, 77);
          expect(parse(bytes, version)).toBe(0);
          const shape = {
            version,
            topic: Buffer.from('x/y'),
            qos,
            retain: sent.retain,
            hops: version === 5 ? hops : 0,
          } as const;
          const { bytes: out, at } = encode(shape);
          const got = codec.decodePublish(version, toFrame(out));
          const kept = sent.properties.filter(
            ([id]) => id !== PROPERTY.topicAlias && id !== PROPERTY.subscriptionIdentifier,
          );
          const marker: Property[] = hops > 0 ? [[PROPERTY.userProperty, 'mqttbridge-hops', String(hops)]] : [];
          expect(got.properties).toEqual(version === 5 ? [...kept, ...marker] : []);
          expect(got.payload.equals(sent.payload)).toBe(true);
          expect({ topic: got.topic, qos: got.qos, retain: got.retain, dup: got.dup }).toEqual({
            topic: 'x/y',
            qos,
            retain: sent.retain,
            dup: false,
          });
          const expiry = version === 5 && kept.find(([id]) => id === PROPERTY.messageExpiryInterval);
          expect(at.expiryAt >= 0).toBe(Boolean(expiry));
          if (expiry) expect(out.readUInt32BE(at.expiryAt - 3)).toBe(expiry[1]);
          expect(at.idAt >= 0).toBe(qos > 0);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('write what mqtt-packet reads', () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(parse(codec.encodePublish(5, sent, 77))).toBe(0);
        const { bytes, at } = encode({ version: 5, topic: Buffer.from('x/y'), qos: 1, retain: false, hops: 3 });
        bytes.writeUInt16BE(4711, at.idAt - 3);
        const packet = codec.decodePacket(5, bytes);
        expect(packet).toMatchObject({ cmd: 'publish', topic: 'x/y', qos: 1, messageId: 4711 });
      }),
      { numRuns: 500 },
    );
  });

  it.each([126, 127, 128, 129, 16_382, 16_383, 16_384, 16_385, 2_097_150, 2_097_151, 2_097_152, 2_097_153])(
    'keep a packet of %i bytes behind its fixed header',
    (remaining) => {
      for (const version of [4, 5] as const) {
        const rest = 2 + 3 + 2 + (version === 5 ? 1 : 0);
        const payload = Buffer.alloc(remaining - rest, 'p');
        expect(parse(codec.encodePublish(version, { topic: 'abc', payload, qos: 1 }, 9), version)).toBe(0);
        const { bytes } = encode({ version, topic: Buffer.from('xyz'), qos: 1, retain: false, hops: 0 });
        expect(bytes.length).toBe(1 + encodeVarint(remaining).length + remaining);
        expect(codec.decodePublish(version, toFrame(bytes)).payload.equals(payload)).toBe(true);
      }
    },
  );

  it.each([126, 127, 128, 16_382, 16_383, 16_384])('keep properties of %i bytes', (length) => {
    const value = 'v'.repeat(length - 5 - 1);
    const sent: Property[] = [[PROPERTY.userProperty, 'n', value]];
    expect(parse(codec.encodePublish(5, { topic: 't', payload: 'p', properties: sent }))).toBe(0);
    for (const hops of [0, 7, 42, 999]) {
      const { bytes } = encode({ version: 5, topic: Buffer.from('t'), qos: 0, retain: false, hops });
      const marker: Property[] = hops > 0 ? [[PROPERTY.userProperty, 'mqttbridge-hops', String(hops)]] : [];
      expect(codec.decodePublish(5, toFrame(bytes)).properties).toEqual([...sent, ...marker]);
    }
  });

  it('keep 60,000 user properties, also with names of object members', () => {
    const many = Array.from({ length: 20_000 }, (_, i): Property[] => [
      [PROPERTY.userProperty, '__proto__', String(i)],
      [PROPERTY.userProperty, 'constructor', ''],
      [PROPERTY.userProperty, '', 'prototype'],
    ]).flat();
    expect(parse(codec.encodePublish(5, { topic: 't', payload: '', properties: many }))).toBe(0);
    const { bytes } = encode({ version: 5, topic: Buffer.from('t'), qos: 0, retain: false, hops: 0 });
    expect(codec.decodePublish(5, toFrame(bytes)).properties).toEqual(many);
  });
});

describe('hop property', () => {
  it.each([
    ['absent', [], 0],
    ['a count', ['3'], 3],
    ['leading zeros', ['007'], 7],
    ['the largest of several', ['3', '12', '1'], 12],
    ['no number', ['x'], 999],
    ['empty', [''], 999],
    ['too long', ['1000'], 999],
    ['negative', ['-1'], 999],
  ])('%s', (_name, values, hops) => {
    const sent = values.map((value): Property => [PROPERTY.userProperty, 'mqttbridge-hops', value]);
    expect(parse(codec.encodePublish(5, { topic: 't', payload: '', properties: sent }))).toBe(0);
    expect(view.hops).toBe(hops);
    const { bytes } = encode({ version: 5, topic: Buffer.from('t'), qos: 0, retain: false, hops: Math.max(hops, 1) });
    expect(codec.decodePublish(5, toFrame(bytes)).properties).toEqual([
      [PROPERTY.userProperty, 'mqttbridge-hops', String(Math.max(hops, 1))],
    ]);
  });
});

describe('a malformed PUBLISH', () => {
  const id = Buffer.of(0, 1);
  const none = Buffer.of(0);
  it.each<[string, Buffer, number]>([
    ['QoS 3', raw(0x36, topic, id, none), 0x81],
    ['DUP at QoS 0', raw(0x38, topic, none), 0x81],
    ['no topic length', raw(0x30, Buffer.of(0)), 0x81],
    ['an empty body', raw(0x30), 0x81],
    ['topic longer than the packet', raw(0x30, Buffer.of(0, 9, 0x61)), 0x81],
    ['no room for the identifier', raw(0x32, topic, Buffer.of(1)), 0x81],
    ['packet identifier 0', raw(0x32, topic, Buffer.of(0, 0), none), 0x81],
    ['no property length', raw(0x30, topic), 0x81],
    ['an endless property length', raw(0x30, topic, Buffer.of(0xff, 0xff, 0xff, 0xff, 1)), 0x81],
    ['properties longer than the packet', raw(0x30, topic, Buffer.of(5, 1, 0)), 0x81],
    ['an empty topic without alias', raw(0x30, encodeString(''), none), 0x90],
    ['an unknown property', withProperties(0x7f, 0), 0x82],
    ['property 0', withProperties(0), 0x82],
    ['a property of CONNECT', withProperties(0x11, 0, 0, 0, 1), 0x82],
    ['a property identifier of two bytes', withProperties(0x81, 0x01, 0), 0x82],
    ['payload format 2', withProperties(1, 2), 0x82],
    ['payload format without a value', withProperties(1), 0x81],
    ['payload format twice', withProperties(1, 0, 1, 0), 0x82],
    ['expiry cut off', withProperties(2, 0, 0, 1), 0x81],
    ['expiry twice', withProperties(2, 0, 0, 0, 1, 2, 0, 0, 0, 1), 0x82],
    ['content type cut off', withProperties(3, 0, 2, 0x61), 0x81],
    ['content type without a length', withProperties(3, 0), 0x81],
    ['content type twice', withProperties(3, 0, 0, 3, 0, 0), 0x82],
    ['content type of bad UTF-8', withProperties(3, 0, 1, 0xff), 0x81],
    ['content type with NUL', withProperties(3, 0, 1, 0), 0x81],
    ['response topic with +', withProperties(8, 0, 1, 0x2b), 0x82],
    ['response topic with #', withProperties(8, 0, 1, 0x23), 0x82],
    ['response topic twice', withProperties(8, 0, 1, 0x61, 8, 0, 1, 0x61), 0x82],
    ['correlation data cut off', withProperties(9, 0, 1), 0x81],
    ['correlation data twice', withProperties(9, 0, 0, 9, 0, 0), 0x82],
    ['subscription identifier 0', withProperties(0x0b, 0), 0x82],
    ['subscription identifier cut off', withProperties(0x0b, 0x80), 0x81],
    ['topic alias 0', withProperties(0x23, 0, 0), 0x94],
    ['topic alias cut off', withProperties(0x23, 1), 0x81],
    ['topic alias twice', withProperties(0x23, 0, 1, 0x23, 0, 1), 0x82],
    ['user property without a value', withProperties(0x26, 0, 1, 0x61), 0x81],
    ['user property of bad UTF-8', withProperties(0x26, 0, 1, 0x61, 0, 2, 0xc0, 0x80), 0x81],
    ['user property with a surrogate', withProperties(0x26, 0, 0, 0, 3, 0xed, 0xa0, 0x80), 0x81],
    ['user property with a noncharacter', withProperties(0x26, 0, 0, 0, 3, 0xef, 0xbf, 0xbe), 0x81],
  ])('%s', (_name, bytes, reasonCode) => {
    expect(parse(bytes)).toBe(reasonCode);
    expect(view.fault).not.toBe('');
  });

  it('an empty topic in 3.1.1', () => expect(parse(raw(0x30, encodeString('')), 4)).toBe(0x90));

  it('takes an alias in place of the topic', () => {
    expect(parse(raw(0x30, encodeString(''), Buffer.of(3, 0x23, 0, 5)))).toBe(0);
    expect(view.alias).toBe(5);
  });
});
