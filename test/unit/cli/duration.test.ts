import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../cli/duration.ts';
import { age } from '../../../cli/views/age.ts';

describe('duration', () => {
  test.each([
    ['90', 90],
    ['1.5s', 1.5],
    ['30m', 1800],
    ['1h', 3600],
    ['7d', 604_800],
    ['0', undefined],
    ['-1', undefined],
    ['1w', undefined],
    ['', undefined],
    ['h', undefined],
    ['1 h', undefined],
  ])('%j is %j seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});

describe('age', () => {
  test.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [7199, '119m'],
    [7200, '2h'],
    [172_799, '47h'],
    [172_800, '2d'],
    [-5, '0s'],
  ])('of %d seconds is %s', (seconds, expected) => {
    expect(age('2026-01-01T00:00:00.000Z', new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)))).toBe(expected);
  });

  test('of what never was is none', () => {
    expect(age(undefined, new Date(0))).toBe('-');
  });
});
