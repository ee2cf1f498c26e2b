import { describe, expect, test } from 'vitest';
import { decodeAcknowledgement, encodeAcknowledgement } from '../../../../../local/broker/codec/acknowledgement.ts';

describe('acknowledgements', () => {
  test.each([
    { type: 4, id: 1, code: 0, version: 5, bytes: [0x40, 2, 0, 1] },
    { type: 4, id: 258, code: 0x97, version: 5, bytes: [0x40, 3, 1, 2, 0x97] },
    { type: 4, id: 258, code: 0x97, version: 4, bytes: [0x40, 2, 1, 2] },
    { type: 5, id: 1, code: 0x10, version: 5, bytes: [0x50, 3, 0, 1, 0x10] },
    { type: 6, id: 1, code: 0, version: 5, bytes: [0x62, 2, 0, 1] },
    { type: 7, id: 1, code: 0x92, version: 5, bytes: [0x70, 3, 0, 1, 0x92] },
  ] as const)('type $type with code $code is $bytes at level $version', ({ type, id, code, version, bytes }) => {
    const frame = encodeAcknowledgement(type, id, code, version);
    expect([...frame]).toEqual(bytes);
    expect(decodeAcknowledgement(frame, version)).toEqual({ packetId: id, reasonCode: version === 5 ? code : 0 });
  });

  // 0x96 is one of the codes mqtt-packet does not take.
  test.each([
    { bytes: [0x40, 4, 0, 1, 0x96, 0], reasonCode: 0x96 },
    { bytes: [0x40, 9, 0, 1, 0x96, 5, 0x1f, 0, 2, 0x6e, 0x6f], reasonCode: 0x96 },
  ])('$bytes is read as $reasonCode', ({ bytes, reasonCode }) => {
    expect(decodeAcknowledgement(Buffer.from(bytes), 5)).toEqual({ packetId: 1, reasonCode });
  });

  test.each([
    { name: 'no packet identifier', bytes: [0x40, 1, 0], version: 5, reasonCode: 0x81 },
    { name: 'packet identifier 0', bytes: [0x40, 2, 0, 0], version: 5, reasonCode: 0x82 },
    { name: 'a reason code in 3.1.1', bytes: [0x40, 3, 0, 1, 0], version: 4, reasonCode: 0x81 },
    { name: 'wrong flags', bytes: [0x41, 2, 0, 1], version: 5, reasonCode: 0x81 },
    { name: 'a PUBREL without its flag', bytes: [0x60, 2, 0, 1], version: 5, reasonCode: 0x81 },
    { name: 'a property out of place', bytes: [0x40, 6, 0, 1, 0, 2, 0x01, 0], version: 5, reasonCode: 0x82 },
    { name: 'bytes behind the properties', bytes: [0x40, 5, 0, 1, 0, 0, 0], version: 5, reasonCode: 0x81 },
  ] as const)('$name is refused with $reasonCode', ({ bytes, version, reasonCode }) => {
    expect(() => decodeAcknowledgement(Buffer.from(bytes), version)).toThrow(expect.objectContaining({ reasonCode }));
  });

  test('with a user property are refused with 0x83 where the profile wants none', () => {
    const frame = Buffer.from([0x40, 11, 0, 1, 0, 7, 0x26, 0, 1, 0x61, 0, 1, 0x62]);
    expect(decodeAcknowledgement(frame, 5)).toEqual({ packetId: 1, reasonCode: 0 });
    expect(() => decodeAcknowledgement(frame, 5, 'refuse')).toThrow(expect.objectContaining({ reasonCode: 0x83 }));
    const reasonString = Buffer.from([0x40, 8, 0, 1, 0, 4, 0x1f, 0, 1, 0x61]);
    expect(decodeAcknowledgement(reasonString, 5, 'refuse')).toEqual({ packetId: 1, reasonCode: 0 });
  });
});
