import { describe, expect, test } from 'vitest';
import { nextRequestAt } from '../../../../agent/session/credentials/token-schedule.ts';

const minutes = (count: number) => count * 60_000;
const LIFE = { obtainedAt: 0, expiresAt: minutes(60) };

describe('the next token is asked for', () => {
  test.for([
    ['when the library lets go of the present one', 0, 55],
    ['at the latest a minute before the end', 1, 59],
  ] as const)('%s', ([, random, minute]) => {
    expect(nextRequestAt({ life: LIFE, now: 0, fruitless: 0, random })).toBe(minutes(minute));
  });

  test('after the time to refresh where the library names one', () => {
    const life = { ...LIFE, expiresAt: minutes(1440), refreshAt: minutes(720) };
    const at = nextRequestAt({ life, now: 0, fruitless: 0, random: 0.9 });
    expect(at).toBeGreaterThan(minutes(720));
    expect(at).toBeLessThan(minutes(721));
  });

  test('at half the life of a token that the library never keeps', () => {
    const life = { obtainedAt: minutes(1), expiresAt: minutes(5) };
    expect(nextRequestAt({ life, now: minutes(1), fruitless: 0, random: 0.5 })).toBe(minutes(3));
  });

  test('again after a pause that doubles up to a minute when there was no new one', () => {
    const pauses = [1, 2, 3, 6, 7, 1_000].map(
      (fruitless) => nextRequestAt({ life: LIFE, now: minutes(58), fruitless, random: 0 }) - minutes(58),
    );
    expect(pauses).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
    expect(nextRequestAt({ life: LIFE, now: 0, fruitless: 9, random: 0.999 })).toBeLessThanOrEqual(60_000);
  });
});
