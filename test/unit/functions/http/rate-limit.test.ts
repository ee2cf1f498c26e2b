import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateLimit } from '../../../../functions/http/rate-limit.ts';

function limitWithClock(options: { perSecond: number; callers?: number }) {
  const clock = { ms: 1_800_000_000_000 };
  return { clock, limit: createRateLimit({ ...options, now: () => clock.ms }) };
}

test('a caller may use ten seconds of its rate at once, then is told when to come back', () => {
  const { clock, limit } = limitWithClock({ perSecond: 2 });
  const kinds = Array.from({ length: 21 }, () => limit('a').kind);
  expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(20);
  expect(limit('a')).toEqual({ kind: 'refused', retryAfterSeconds: 1 });
  clock.ms += 1000;
  expect([limit('a').kind, limit('a').kind, limit('a').kind]).toEqual(['admitted', 'admitted', 'refused']);
});

test('whoever waits as long as told is served', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.array(fc.integer({ min: 0, max: 3000 })), (perSecond, pauses) => {
      const { clock, limit } = limitWithClock({ perSecond });
      for (const pause of pauses) {
        clock.ms += pause;
        const answer = limit('a');
        if (answer.kind === 'admitted') continue;
        expect(Number.isInteger(answer.retryAfterSeconds) && answer.retryAfterSeconds >= 1).toBe(true);
        clock.ms += answer.retryAfterSeconds * 1000;
        expect(limit('a').kind).toBe('admitted');
      }
    }),
  );
});

test('over any time no more is admitted than the rate and one burst', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.integer({ min: 0, max: 400 })), (perSecond, pauses) => {
      const { clock, limit } = limitWithClock({ perSecond });
      const start = clock.ms;
      let admitted = 0;
      for (const pause of pauses) {
        clock.ms += pause;
        for (let each = 0; each < 30; each++) if (limit('a').kind === 'admitted') admitted++;
      }
      const seconds = (clock.ms - start) / 1000;
      expect(admitted).toBeLessThanOrEqual(Math.floor(perSecond * (seconds + 10) + 1e-6));
    }),
  );
});

test('one caller at its limit does not slow another', () => {
  const { limit } = limitWithClock({ perSecond: 1 });
  for (let each = 0; each < 11; each++) limit('greedy');
  expect(limit('greedy').kind).toBe('refused');
  expect(limit('modest').kind).toBe('admitted');
});

test('a refused request costs nothing', () => {
  const { clock, limit } = limitWithClock({ perSecond: 1 });
  for (let each = 0; each < 1000; each++) limit('a');
  clock.ms += 1000;
  expect(limit('a').kind).toBe('admitted');
});

test('a clock that is set back by a year locks nobody out', () => {
  const { clock, limit } = limitWithClock({ perSecond: 1 });
  for (let each = 0; each < 5; each++) limit('a');
  clock.ms -= 365 * 86_400_000;
  expect(limit('a')).toEqual({ kind: 'refused', retryAfterSeconds: 1 });
  clock.ms += 1000;
  expect(limit('a').kind).toBe('admitted');
});

test('it remembers a bounded number of callers, those that came last', () => {
  const { limit } = limitWithClock({ perSecond: 1, callers: 2 });
  const exhaust = (caller: string) => {
    for (let each = 0; each < 11; each++) limit(caller);
  };
  exhaust('a');
  exhaust('b');
  limit('a');
  exhaust('c');
  expect(limit('a').kind).toBe('refused');
  expect(limit('b').kind).toBe('admitted');
});
