import { describe, expect, test } from 'vitest';
import { changeGapMs, nextReportMs, type Pace } from '../../../../../agent/config/remote/pace.ts';

interface Row {
  readonly outcome: Pace;
  readonly failures?: number;
  readonly intervalSeconds?: number;
  /** Seconds with random 0 and with random 1. */
  readonly seconds: readonly [number, number];
}

const ROWS: readonly Row[] = [
  { outcome: { kind: 'answered' }, seconds: [30, 27] },
  { outcome: { kind: 'answered' }, intervalSeconds: 1, seconds: [1, 0.9] },
  { outcome: { kind: 'person' }, failures: 9, seconds: [30, 27] },
  { outcome: { kind: 'refresh' }, failures: 1, seconds: [2, 2] },
  { outcome: { kind: 'refresh' }, failures: 2, seconds: [30, 27] },
  { outcome: { kind: 'again' }, failures: 1, seconds: [1, 2] },
  { outcome: { kind: 'again' }, failures: 2, seconds: [2, 4] },
  { outcome: { kind: 'again' }, failures: 4, seconds: [8, 16] },
  { outcome: { kind: 'again' }, failures: 1_000, seconds: [30, 27] },
  { outcome: { kind: 'again' }, failures: 3, intervalSeconds: 5, seconds: [4, 4.5] },
  { outcome: { kind: 'told', afterMs: 120_000 }, seconds: [120, 132] },
  { outcome: { kind: 'told', afterMs: 0 }, seconds: [1, 1.1] },
  { outcome: { kind: 'told', afterMs: 1e12 }, seconds: [3_600, 3_960] },
];

describe('the pause before the next report', () => {
  test.each(ROWS)('after $outcome and $failures failures is $seconds s', ({ seconds, ...row }) => {
    const at = (random: number) =>
      Math.round(nextReportMs({ failures: 0, intervalSeconds: 30, ...row, random })) / 1_000;
    expect([at(0), at(1)]).toEqual(seconds);
  });

  test('after changes in a row doubles from one second to the interval', () => {
    const gaps = [0, 1, 2, 3, 4, 5, 1_000].map((inARow) => changeGapMs(inARow, 30) / 1_000);
    expect(gaps).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(changeGapMs(3, 0.5)).toBe(1_000);
  });
});
