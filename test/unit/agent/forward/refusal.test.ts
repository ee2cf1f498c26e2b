import { describe, expect, it } from 'vitest';
import { publishVerdict } from '../../../../agent/forward/refusal.ts';
import { verdictOf } from '../../../../shared/reason-codes.ts';

describe('publishVerdict', () => {
  it.each([
    [0x00, { kind: 'accepted' }],
    [0x10, { kind: 'accepted' }],
    [0x7f, { kind: 'accepted' }],
    [0x80, { kind: 'transient' }],
    [0x83, { kind: 'transient' }],
    [0x87, { kind: 'refused', reason: 'not_authorized' }],
    [0x90, { kind: 'refused', reason: 'topic_refused' }],
    [0x91, { kind: 'transient' }],
    [0x95, { kind: 'refused', reason: 'too_large' }],
    [0x97, { kind: 'transient' }],
    [0x99, { kind: 'refused', reason: 'payload_refused' }],
    [0x92, { kind: 'refused', reason: 'refused' }],
    [0xff, { kind: 'refused', reason: 'refused' }],
  ])('%i: %o', (code, verdict) => expect(publishVerdict(code)).toEqual(verdict));

  it('agrees with the table of reason codes', () => {
    const kinds = { accepted: 'accepted', retry: 'transient', refused: 'refused' } as const;
    for (const code of [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x95, 0x97, 0x99]) {
      const verdict = verdictOf('puback', code) as keyof typeof kinds;
      expect(publishVerdict(code).kind, code.toString(16)).toBe(kinds[verdict]);
    }
  });
});
