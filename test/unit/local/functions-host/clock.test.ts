import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../local/functions-host/clock.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What `callAt` called so far, as times. */
function callsAt(at: number): { readonly calls: number[]; readonly cancel: () => void } {
  const calls: number[] = [];
  return { calls, cancel: systemClock.callAt(at, () => calls.push(Date.now())) };
}

describe('the clock of the machine', () => {
  test.each([0, -5000, 1, 59_999, 60_001, DAY, 40 * DAY])('calls once, %i ms from now', (distance) => {
    const { calls } = callsAt(START + distance);
    vi.advanceTimersByTime(Math.max(0, distance - 1));
    expect(calls).toEqual(distance > 0 ? [] : [START]);
    vi.advanceTimersByTime(2 * DAY);
    expect(calls).toEqual([START + Math.max(0, distance)]);
  });

  test('does not call when it is cancelled, however late', () => {
    const { calls, cancel } = callsAt(START + 2 * DAY);
    vi.advanceTimersByTime(2 * DAY - 1);
    cancel();
    vi.advanceTimersByTime(DAY);
    expect(calls).toEqual([]);
  });

  test('waits longer when the clock is set back', () => {
    const { calls } = callsAt(START + 10_000);
    vi.setSystemTime(START - 3_600_000);
    vi.advanceTimersByTime(3_600_000);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(70_000);
    expect(calls).toHaveLength(1);
  });

  test('calls within a minute when the clock is set forward', () => {
    const { calls } = callsAt(START + 30 * DAY);
    vi.setSystemTime(START + 31 * DAY);
    vi.advanceTimersByTime(60_000);
    expect(calls).toHaveLength(1);
  });
});
