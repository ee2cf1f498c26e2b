import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createBackoff } from '../../../kubernetes/backoff.ts';
import { ApiError } from '../../../kubernetes/client.ts';
import { createPace, type Outcome } from '../../../kubernetes/pace.ts';
import { createRandom } from '../../support/random.ts';

const STEADY_MS = 300_000;
const ended: Outcome = { kind: 'ended' };
const failed = (error: Error): Outcome => ({ kind: 'failed', error });
const cut = failed(new Error('cut'));

propertyTest.prop([fc.integer(), fc.integer({ min: 1, max: 100 })])(
  'back-off - stays within its limits and within three times the last pause',
  (seed, times) => {
    const backoff = createBackoff({ leastMs: 10, mostMs: 1_000 }, createRandom(seed));
    let last = 10;
    for (let time = 0; time < times; time++) {
      const next = backoff.next();
      expect(next).toBeGreaterThanOrEqual(10);
      expect(next).toBeLessThanOrEqual(Math.min(1_000, last * 3));
      last = next;
    }
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(30);
  },
);

test('pace - goes on at once when a good watch has ended or its version is forgotten', () => {
  const pace = createPace(() => 0.5);
  expect([1, 2, 3].map(() => pace.afterMs(ended, STEADY_MS))).toEqual([0, 0, 0]);
  expect(pace.afterMs({ kind: 'expired' }, STEADY_MS)).toBe(0);
});

test('pace - does not hurry a server that ends every watch at once', () => {
  const pace = createPace(() => 0.999);
  const pauses = Array.from({ length: 12 }, () => pace.afterMs(ended, 0));
  expect(pauses[0]).toBe(0);
  expect(pauses[1]).toBeGreaterThanOrEqual(250);
  expect(pauses.at(-1)).toBe(30_000);
  expect(pace.afterMs(ended, STEADY_MS)).toBe(0);
});

test('pace - backs off from failures and begins anew after a good watch', () => {
  const pace = createPace(() => 0.999);
  const pauses = Array.from({ length: 12 }, () => pace.afterMs(cut, 0));
  expect(pauses[0]).toBeLessThan(750);
  expect(pauses.at(-1)).toBe(30_000);
  expect(pace.afterMs(cut, STEADY_MS)).toBeLessThan(750);
});

test('pace - asks rarely where a person has to mend something', () => {
  for (const code of [401, 403, 404]) {
    const pace = createPace(() => 0.999);
    const pauses = Array.from({ length: 9 }, () => pace.afterMs(failed(new ApiError(code, '', '')), 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...pauses)).toBe(60_000);
  }
});

test('pace - stays away as long as the server asks, within reason', () => {
  const busy = (seconds: number) => failed(new ApiError(429, 'TooManyRequests', '', seconds));
  expect(createPace(() => 0).afterMs(busy(7), 0)).toBe(7_250);
  expect(createPace(() => 0).afterMs(busy(86_400), 0)).toBe(60_250);
});
