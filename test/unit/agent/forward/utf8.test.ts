import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { textFault } from '../../../../agent/forward/utf8.ts';

const fault = (bytes: Uint8Array) => textFault(bytes, 0, bytes.length);

describe('textFault', () => {
  it.each<[string, number[] | string, string | undefined]>([
    ['nothing', '', undefined],
    ['ASCII', 'a/b c~', undefined],
    ['control characters', '\u0001\u001f\u007f', undefined],
    ['two to four bytes', 'ä€😀', undefined],
    ['a byte order mark', '\ufeffa', undefined],
    ['U+FFFD', '\ufffd', undefined],
    ['NUL', 'a\0', 'nul'],
    ['NUL behind multibyte', 'ä\0', 'nul'],
    ['U+FFFE', '\ufffe', 'noncharacter'],
    ['U+FFFF', '\uffff', 'noncharacter'],
    ['U+FDD0', '\ufdd0', 'noncharacter'],
    ['U+FDEF', '\ufdef', 'noncharacter'],
    ['U+FDF0', '\ufdf0', undefined],
    ['U+1FFFE', '\u{1fffe}', 'noncharacter'],
    ['U+10FFFF', '\u{10ffff}', 'noncharacter'],
    ['a lone continuation', [0x80], 'bad_utf8'],
    ['a cut sequence', [0xe2, 0x82], 'bad_utf8'],
    ['an overlong NUL', [0xc0, 0x80], 'bad_utf8'],
    ['an overlong slash', [0xe0, 0x80, 0xaf], 'bad_utf8'],
    ['a surrogate', [0xed, 0xa0, 0x80], 'bad_utf8'],
    ['a surrogate pair', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], 'bad_utf8'],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 'bad_utf8'],
    ['0xFF', [0x61, 0xff], 'bad_utf8'],
  ])('%s', (_name, text, expected) => {
    expect(fault(typeof text === 'string' ? Buffer.from(text) : Uint8Array.from(text))).toBe(expected);
  });

  it('looks at its range only', () => {
    expect(textFault(Uint8Array.of(0, 0x61, 0xff), 1, 2)).toBeUndefined();
  });

  it('lets bytes pass exactly when they come back unchanged and hold no forbidden code point', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }).map((s) => Buffer.from(s)),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        const text = bytes.toString('utf8');
        const wellFormed = Buffer.from(text).equals(bytes);
        const forbidden = /[\0\p{Noncharacter_Code_Point}]/u.test(text);
        expect(fault(bytes) === undefined).toBe(wellFormed && !forbidden);
      }),
      { numRuns: 3000 },
    );
  });
});
