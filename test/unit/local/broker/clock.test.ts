import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../local/broker/clock.ts';
import { returnCodeOf } from '../../../../local/broker/reason.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('clock - a delay beyond what a timer holds does not fire at once', () => {
  const day = 86_400_000;
  let fired = 0;
  systemClock.after(60 * day, () => {
    fired += 1;
  });
  vi.advanceTimersByTime(59 * day);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(day);
  expect(fired).toBe(1);
});

test('clock - a cancelled delay does not fire, not even in its second stretch', () => {
  const day = 86_400_000;
  let fired = 0;
  const cancel = systemClock.after(60 * day, () => {
    fired += 1;
  });
  vi.advanceTimersByTime(30 * day);
  cancel();
  vi.advanceTimersByTime(60 * day);
  expect(fired).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  [0x00, 0],
  [0x84, 1],
  [0x85, 2],
  [0x88, 3],
  [0x97, 3],
  [0x86, 4],
  [0x87, 5],
  [0x8c, 5],
])('reason - code %i is return code %i in MQTT 3.1.1', (reasonCode, returnCode) => {
  expect(returnCodeOf(reasonCode)).toBe(returnCode);
});
