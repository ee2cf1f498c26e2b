import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { eventKey, keyAfterEventsSince, keyPart } from '../../../../functions/store/keys.ts';
import { decodePosition, encodePosition, EVENT_KEY, SITE_KEY } from '../../../../functions/store/page-position.ts';

const hostile = fc.oneof(
  fc.constantFrom(
    "' or PartitionKey ne '",
    '/\\#?',
    '\u0001\u001f\u007f\u009f',
    '..',
    '%2F',
    '$filter',
    '~',
    '_5f',
    '__',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }).filter((name) => !name.includes('\0')),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1024 }).filter((name) => name.length <= 1024),
  fc.stringMatching(/^[a-z0-9-._~]{1,300}$/),
);

describe('keys', () => {
  test('a name that the API allows is its own key', () => {
    for (const name of ['hall-1', 'line.one', '0', 'all', 'A', 'a'.repeat(253)]) expect(keyPart(name)).toBe(name);
  });

  test('whatever a name is, its key has only harmless characters and is at most 255 of them', () => {
    fc.assert(fc.property(hostile, (name) => /^[A-Za-z0-9._-]{1,255}$/.test(keyPart(name))));
  });

  test('no two names have the same key', () => {
    fc.assert(fc.property(hostile, hostile, (a, b) => (keyPart(a) === keyPart(b)) === (a === b)));
    const alike = ['_', '_5f', '__', 'a_', 'a~', 'ä', 'a\u0308', 'ü'.repeat(255), 'ü'.repeat(254)];
    expect(new Set(alike.map(keyPart)).size).toBe(alike.length);
  });

  test.each([
    ['', 'empty'],
    ['x'.repeat(1025), 'endless'],
    ['\ud800', 'no Unicode text'],
    ['a\u0000b', 'text with an end in it'],
  ])('a name is refused that is %#: $1', (name) => {
    expect(() => keyPart(name)).toThrow(expect.objectContaining({ name: 'StoreError', code: 'bad-name' }));
  });

  test('keys of events ascend from the newest to the oldest, and a time parts them', () => {
    const time = fc.date({ min: new Date(0), max: new Date('2280-01-01'), noInvalidDate: true });
    const id = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(time, time, id, id, (a, b, idA, idB) => {
        const [keyA, keyB] = [eventKey({ at: a.toISOString(), id: idA }), eventKey({ at: b.toISOString(), id: idB })];
        if (a > b) expect(keyA < keyB).toBe(true);
        expect(keyA < keyAfterEventsSince(b.toISOString())).toBe(a >= b);
        expect(decodePosition(encodePosition(keyA), EVENT_KEY)).toBe(keyA);
      }),
    );
  });

  test('a position that was not given out is refused, whatever it is', () => {
    const refused = expect.objectContaining({ name: 'StoreError', code: 'bad-continue' });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), hostile.map(encodePosition)), (token) => {
        let key: string;
        try {
          key = decodePosition(token, SITE_KEY);
        } catch (error) {
          expect(error).toEqual(refused);
          return;
        }
        expect(encodePosition(key)).toBe(token);
        expect(key).toMatch(SITE_KEY);
      }),
    );
    for (const token of ['aGFsbC0x=', ' aGFsbC0x', 'aGFsbC0x\n']) {
      expect(() => decodePosition(token, SITE_KEY)).toThrow(refused);
    }
  });
});
