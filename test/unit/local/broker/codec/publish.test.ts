import { fc, test as property } from '@fast-check/vitest';
import { generate } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { encodeUnaltered } from '../../../../../local/broker/codec/properties.ts';
import { decodePublish, encodePublish } from '../../../../../local/broker/codec/publish.ts';

const topics = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !/[+#\0]/.test(text) && text.isWellFormed());
const texts = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((text) => !text.includes('\0') && text.isWellFormed());

describe('PUBLISH', () => {
  property.prop([
    fc.record({
      topic: topics,
      qos: fc.constantFrom(0, 1, 2),
      retain: fc.boolean(),
      packetId: fc.integer({ min: 1, max: 0xffff }),
      payload: fc.uint8Array({ maxLength: 300 }),
      expirySeconds: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
      topicAlias: fc.option(fc.integer({ min: 1, max: 0xffff }), { nil: undefined }),
      userProperties: fc.array(fc.tuple(texts, texts), { maxLength: 40 }),
    }),
    fc.constantFrom(4, 5),
  ])('decodes to what was encoded', (given, level) => {
    const version = level === 4 ? 4 : 5;
    const { qos, topic, retain } = given;
    const properties = encodeUnaltered({ userProperties: given.userProperties, contentType: 'type' });
    const payload = Buffer.from(given.payload);
    const { frame, packetIdAt } = encodePublish({ ...given, qos, version, properties, payload });
    const decoded = decodePublish(frame, version);
    const onlyV5 = version === 5;
    expect(decoded).toEqual({
      topic,
      qos,
      retain,
      dup: false,
      packetId: qos === 0 ? 0 : given.packetId,
      payload,
      properties: onlyV5 ? properties : Buffer.alloc(0),
      expirySeconds: onlyV5 ? given.expirySeconds : undefined,
      topicAlias: onlyV5 ? given.topicAlias : undefined,
    });
    expect(packetIdAt === 0 ? 0 : frame.readUInt16BE(packetIdAt)).toBe(decoded.packetId);
  });

  test('keeps the order of unaltered properties around those taken out', () => {
    const unaltered = [
      Buffer.from([0x26, 0, 1, 0x62, 0, 1, 0x31]),
      Buffer.from([0x03, 0, 1, 0x74]),
      Buffer.from([0x26, 0, 1, 0x61, 0, 0]),
    ] as const;
    const expiry = Buffer.from([0x02, 0, 0, 0, 9]);
    const alias = Buffer.from([0x23, 0, 3]);
    const block = Buffer.concat([unaltered[0], expiry, unaltered[1], alias, unaltered[2]]);
    const body = Buffer.concat([Buffer.from([0, 1, 0x61, block.length]), block, Buffer.from('payload')]);
    const decoded = decodePublish(Buffer.concat([Buffer.from([0x30, body.length]), body]), 5);
    expect(decoded.properties).toEqual(Buffer.concat(unaltered));
    expect(decoded).toMatchObject({ expirySeconds: 9, topicAlias: 3, payload: Buffer.from('payload') });
  });

  test('is encoded as mqtt-packet encodes it', () => {
    const packet = {
      cmd: 'publish',
      topic: 'ä/b',
      payload: 'x',
      qos: 1,
      messageId: 300,
      dup: true,
      retain: true,
      properties: { topicAlias: 5, messageExpiryInterval: 7 },
    } as const;
    const ours = encodePublish({
      version: 5,
      topic: 'ä/b',
      payload: Buffer.from('x'),
      qos: 1,
      packetId: 300,
      dup: true,
      retain: true,
      properties: Buffer.alloc(0),
      topicAlias: 5,
      expirySeconds: 7,
    }).frame;
    expect(decodePublish(generate(packet, { protocolVersion: 5 }), 5)).toEqual(decodePublish(ours, 5));
    expect(ours).toHaveLength(generate(packet, { protocolVersion: 5 }).length);
  });

  test.each([
    { id: 1, bytes: [0x0b, 1] },
    { id: 128, bytes: [0x0b, 0x80, 1] },
    { id: 2_097_151, bytes: [0x0b, 0xff, 0xff, 0x7f] },
    { id: 268_435_455, bytes: [0x0b, 0xff, 0xff, 0xff, 0x7f] },
  ])('carries subscription identifier $id', ({ id, bytes }) => {
    const empty = Buffer.alloc(0);
    const { frame } = encodePublish({
      version: 5,
      topic: 'a',
      qos: 0,
      retain: false,
      payload: empty,
      properties: empty,
      subscriptionIds: [id],
    });
    expect([...frame.subarray(6)]).toEqual(bytes);
  });
});
