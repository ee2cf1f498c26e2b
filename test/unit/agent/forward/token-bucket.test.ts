import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../../agent/forward/token-bucket.ts';

describe('a token bucket', () => {
  it('starts full, and fills at its rate up to its depth', () => {
    const bucket = new TokenBucket(10, 3, 1000);
    expect(bucket.wait(3, 1000)).toBe(0);
    bucket.spend(3, 1000);
    expect(bucket.wait(1, 1000)).toBeCloseTo(100);
    expect(bucket.wait(2, 1100)).toBeCloseTo(100);
    expect(bucket.wait(3, 9000)).toBe(0);
    bucket.spend(3, 9000);
    expect(bucket.wait(1, 9000)).toBeCloseTo(100);
  });

  it('lets what is larger than its depth go once it is full, and makes up for it', () => {
    const bucket = new TokenBucket(10, 3, 0);
    bucket.spend(1, 0);
    expect(bucket.wait(20, 0)).toBeCloseTo(100);
    expect(bucket.wait(20, 100)).toBe(0);
    bucket.spend(20, 100);
    expect(bucket.wait(1, 100)).toBeCloseTo(1800);
  });

  it('goes on at another rate with no more than the new depth', () => {
    const bucket = new TokenBucket(10, 3, 0);
    bucket.change(5, 1, 0);
    bucket.spend(1, 0);
    expect(bucket.wait(1, 0)).toBeCloseTo(200);
    bucket.change(10, 3, 0);
    bucket.drain(5000);
    expect(bucket.wait(1, 5000)).toBeCloseTo(100);
  });

  it('does not mind a clock reading from before', () => {
    const bucket = new TokenBucket(10, 3, 100);
    bucket.spend(3, 100);
    expect(bucket.wait(1, 50)).toBeCloseTo(100);
  });

  it('never spends more in any span than rate and depth allow', () => {
    const step = fc.record({ ms: fc.nat(300), cost: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const bucket = new TokenBucket(10, 4, 0);
        const spent: { at: number; cost: number }[] = [];
        let now = 0;
        for (const { ms, cost } of steps) {
          now += ms;
          if (bucket.wait(cost, now) > 0) continue;
          bucket.spend(cost, now);
          spent.push({ at: now, cost });
        }
        for (let i = 0; i < spent.length; i++) {
          let sum = 0;
          for (let j = i; j < spent.length; j++) {
            sum += spent[j].cost;
            expect(sum).toBeLessThanOrEqual((10 * (spent[j].at - spent[i].at)) / 1000 + 4 + 1e-3);
          }
        }
      }),
    );
  });
});
