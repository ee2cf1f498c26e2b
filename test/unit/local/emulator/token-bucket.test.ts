import { describe, expect, test } from 'vitest';
import { createTokenBucket } from '../../../../local/emulator/token-bucket.ts';

/** Tokens taken one by one at each of these times, as many as are there. */
function greedy(perSecond: number, times: readonly number[]): number {
  const bucket = createTokenBucket(perSecond, 1);
  let taken = 0;
  for (const now of times) {
    while (bucket.wait(now, 1) === 0) {
      bucket.take(now, 1);
      taken += 1;
    }
  }
  return taken;
}

const everyMillisecond = Array.from({ length: 10_001 }, (_, at) => at);

describe('token bucket', () => {
  test.each([1, 3, 7, 100, 999, 1_000])('gives %i at once and as many each second, to the token', (perSecond) => {
    expect(greedy(perSecond, [0])).toBe(perSecond);
    expect(greedy(perSecond, everyMillisecond)).toBe(perSecond * 11);
    expect(greedy(perSecond, [0, 999])).toBe(perSecond + Math.floor((perSecond * 999) / 1000));
  });

  test('holds no more than its burst, however long nobody takes', () => {
    expect(greedy(10, [0, 1_000_000])).toBe(20);
  });

  test('says to the millisecond how long to wait', () => {
    const bucket = createTokenBucket(3, 1);
    bucket.take(0, 3);
    expect(bucket.wait(0, 1)).toBe(334);
    expect(bucket.wait(333, 1)).toBe(1);
    expect(bucket.wait(334, 1)).toBe(0);
  });

  test('lets what is larger than itself go when it is full, and collects the debt', () => {
    const bucket = createTokenBucket(100, 1);
    expect(bucket.wait(0, 250)).toBe(0);
    bucket.take(0, 250);
    expect(bucket.wait(0, 1)).toBe(1_510);
    expect(bucket.full(2_499)).toBe(false);
    expect(bucket.full(2_500)).toBe(true);
  });
});
