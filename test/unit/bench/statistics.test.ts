import { expect, test } from 'vitest';
import { median, percentile } from '../../../bench/statistics.ts';

test.each([
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('median - of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('median - of nothing is not a number, and its input stays as it was', () => {
  expect(median([])).toBeNaN();
  const values = [2, 1];
  median(values);
  expect(values).toEqual([2, 1]);
});

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0.001, 1],
])('percentile - share %d of 1 to 100 is %d', (share, expected) => {
  const ascending = Float64Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(ascending, share)).toBe(expected);
});

test('percentile - of nothing is not a number', () => {
  expect(percentile([], 0.5)).toBeNaN();
});
