import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../shared/reason-codes.ts';
import { backoffDelay, DEFAULT_PACE } from '../../../../agent/session/backoff.ts';

const pace = { firstMs: 100, mostMs: 1000, slowMs: 5000, slowMostMs: 60_000, mountedMostMs: 800, takenOverMs: 30_000 };

/** A random number just below 1. */
const most = 1 - Number.EPSILON;

describe('backoffDelay', () => {
  it.each<[Verdict, number, number, number]>([
    ['retry', 0, 0, 100],
    ['retry', 1, 0, 200],
    ['retry', 3, 0, 800],
    ['retry', 4, 0, 1000],
    ['retry', 1000, 0, 1000],
    ['accepted', 0, 0, 100],
    ['slow', 0, 2500, 5000],
    ['slow', 2, 10_000, 20_000],
    ['slow', 1000, 30_000, 60_000],
    ['refused', 0, 2500, 5000],
    ['refresh', 0, 0, 100],
    ['refresh', 1, 5000, 10_000],
    ['refresh', 1000, 30_000, 60_000],
    ['mounted', 0, 50, 100],
    ['mounted', 1000, 400, 800],
    ['takenOver', 0, 30_000, 60_000],
    ['takenOver', 9, 30_000, 60_000],
  ])('%s, attempt %i: between %i and %i ms', (verdict, attempt, from, to) => {
    expect(backoffDelay(verdict, attempt, 0, pace)).toBe(from);
    expect(backoffDelay(verdict, attempt, most, pace)).toBeCloseTo(to, 3);
    expect(backoffDelay(verdict, attempt, 0.5, pace)).toBeCloseTo((from + to) / 2, 6);
  });

  it('is finite, not negative and within ten minutes', () => {
    const verdicts: Verdict[] = ['accepted', 'retry', 'slow', 'refresh', 'takenOver', 'refused', 'mounted'];
    const random = fc.double({ min: 0, max: most, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...verdicts), fc.nat(), random, (verdict, attempt, at) => {
        const delay = backoffDelay(verdict, attempt, at, DEFAULT_PACE);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(600_000);
      }),
    );
  });
});
