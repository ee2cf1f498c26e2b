import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  type Heartbeat,
  MAX_SLOTS,
  MAX_TERM,
} from '../../../../agent/cluster/heartbeat.ts';

const slots = fc.nat({ max: MAX_SLOTS - 1 });
const heartbeats: fc.Arbitrary<Heartbeat> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 64 }),
  instance: fc.nat({ max: 65_535 }),
  seq: fc.maxSafeNat(),
  state: fc.constantFrom('running', 'leaving', 'gone', 'lost'),
  revision: fc.string({ maxLength: 128 }),
  applied: fc.option(fc.string({ maxLength: 128 }), { nil: undefined }),
  claims: fc.array(fc.tuple(slots, fc.nat({ max: MAX_TERM }))).map((claims) => new Map(claims)),
  avoided: fc.array(slots).map((avoided) => new Set(avoided)),
  reading: fc.array(slots).map((reading) => new Set(reading)),
});

const PLAIN: Heartbeat = {
  id: 'a',
  instance: 0,
  seq: 1,
  state: 'running',
  revision: 'r',
  applied: 'r',
  claims: new Map([[0, 1]]),
  avoided: new Set([2]),
  reading: new Set([0]),
};

/** A heartbeat with some fields of its JSON exchanged. */
function forged(fields: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(encodeHeartbeat(PLAIN).toString()), ...fields }));
}

describe('a heartbeat', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(heartbeats, (heartbeat) => {
        const { applied, ...rest } = heartbeat;
        const expected = applied === undefined ? rest : heartbeat;
        expect(decodeHeartbeat(encodeHeartbeat(heartbeat))).toEqual({ v: 1, ...expected });
      }),
    );
  });

  it('fits with all slots and the longest terms', () => {
    const all = Array.from({ length: MAX_SLOTS }, (_, slot) => slot);
    const claims = new Map(all.map((slot) => [slot, MAX_TERM]));
    const full = { ...PLAIN, claims, avoided: new Set(all), reading: new Set(all) };
    expect(decodeHeartbeat(encodeHeartbeat(full))?.claims.size).toBe(MAX_SLOTS);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another version', { v: 2 }],
    ['a missing ID', { id: undefined }],
    ['an ID of a kilobyte', { id: 'x'.repeat(1024) }],
    ['a negative instance', { instance: -1 }],
    ['an instance beyond all', { instance: 65_536 }],
    ['half an instance', { instance: 0.5 }],
    ['a number as text', { seq: '1' }],
    ['a number beyond exactness', { seq: 2 ** 53 }],
    ['an unknown state', { state: 'well' }],
    ['a term beyond all', { claims: [[0, MAX_TERM + 1]] }],
    ['the largest term there is', { claims: [[0, Number.MAX_SAFE_INTEGER]] }],
    ['a negative term', { claims: [[0, -1]] }],
    ['a slot beyond all', { claims: [[MAX_SLOTS, 1]] }],
    ['a claim of three', { claims: [[0, 1, 2]] }],
    ['claims that are none', { claims: { 0: 1 } }],
    ['more claims than slots', { claims: Array.from({ length: MAX_SLOTS + 1 }, () => [0, 1]) }],
    ['avoided slots that are none', { avoided: [null] }],
  ])('with %s is no heartbeat', (_, fields) => expect(decodeHeartbeat(forged(fields))).toBeUndefined());

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['half of one', encodeHeartbeat(PLAIN).toString().slice(0, 40)],
    ['nesting without end', '['.repeat(100_000)],
    ['a megabyte', ' '.repeat(1024 * 1024)],
  ])('is not made of %s', (_, text) => expect(decodeHeartbeat(Buffer.from(text))).toBeUndefined());

  it('is not made of arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeHeartbeat(bytes)).toBeUndefined();
      }),
    );
  });
});
