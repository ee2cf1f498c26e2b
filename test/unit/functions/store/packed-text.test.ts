import { randomBytes } from 'node:crypto';
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { checkedSize, packText, partsOf, unpackText } from '../../../../functions/store/tables/packed-text.ts';

const tooLarge = expect.objectContaining({ name: 'StoreError', code: 'too-large' });

describe('packed text', () => {
  test('a text of up to 32 K characters is one property, a longer one several, each within the limits', () => {
    expect(packText('a', 'ü'.repeat(32_768))).toEqual({ a: 'ü'.repeat(32_768) });
    const parts = packText('a', randomBytes(200_000).toString('base64'));
    expect(Object.keys(parts)).toEqual(['a0', 'a1', 'a2', 'a3']);
    for (const part of Object.values(parts)) expect((part as Uint8Array).length).toBeLessThanOrEqual(65_536);
    expect(partsOf('a')).toEqual(expect.arrayContaining(Object.keys(parts)));
  });

  test('what was packed is what is read', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 100 });
    fc.assert(
      fc.property(text, fc.nat(2000), (piece, times) => {
        const whole = JSON.stringify(piece.repeat(times));
        expect(unpackText('a', packText('a', whole))).toBe(whole);
      }),
      { numRuns: 50 },
    );
    const dense = randomBytes(600_000).toString('base64');
    expect(unpackText('a', { ...packText('b', dense), ...packText('a', dense) })).toBe(dense);
  });

  test('what no entity can hold is refused before it is sent', () => {
    expect(() => packText('a', randomBytes(1_100_000).toString('base64'))).toThrow(tooLarge);
    const half = packText('a', randomBytes(550_000).toString('base64'));
    expect(checkedSize(half)).toBe(half);
    const both = { ...half, ...packText('b', randomBytes(550_000).toString('base64')) };
    expect(() => checkedSize(both)).toThrow(tooLarge);
  });
});
