import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { addLatencies, latencySince, quantileBound } from '../../../../local/demo/latency.ts';

const bounds = [0.001, 0.01, 0.1, 1];

/** Puts measurements into buckets, as the agent does. */
function histogramOf(seconds: readonly number[]) {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const value of seconds) {
    const index = bounds.findIndex((bound) => value <= bound);
    counts[index === -1 ? bounds.length : index] += 1;
  }
  return { bounds, counts, sum: seconds.reduce((sum, value) => sum + value, 0) };
}

const measurements = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 50 });

describe('latency', () => {
  test.prop([measurements, fc.constantFrom(0.5, 0.95, 0.99)])(
    'names a bound that the share keeps',
    (seconds, share) => {
      const bound = quantileBound(histogramOf(seconds), share);
      if (bound === undefined) {
        expect(seconds).toEqual([]);
        return;
      }
      expect(seconds.filter((value) => value <= bound).length).toBeGreaterThanOrEqual(seconds.length * share);
      const lower = bounds.filter((each) => each < bound).at(-1);
      if (lower !== undefined) {
        expect(seconds.filter((value) => value <= lower).length).toBeLessThan(seconds.length * share);
      }
    },
  );

  test.prop([measurements, measurements])('of an interval is that of its own measurements', (early, late) => {
    const { counts } = latencySince(histogramOf(early), histogramOf([...early, ...late]));
    expect(counts).toEqual(histogramOf(late).counts);
  });

  test.prop([measurements, measurements])('adds up', (a, b) => {
    expect(addLatencies([histogramOf(a), histogramOf(b)]).counts).toEqual(histogramOf([...a, ...b]).counts);
  });

  test('of no route is unknown', () => {
    expect(quantileBound(addLatencies([]), 0.5)).toBeUndefined();
  });
});
