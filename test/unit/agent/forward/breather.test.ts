import { expect, test } from 'vitest';
import { createBreather } from '../../../../agent/forward/breather.ts';

/** A breather whose rounds take the given milliseconds and handle the given packets. */
function setUp() {
  let now = 1000;
  const slept: number[] = [];
  const breather = createBreather({
    now: () => now,
    sleep(ms) {
      slept.push(ms);
      now += ms;
    },
  });
  const round = (packets: number, ms: number): boolean => {
    const before = slept.length;
    now += ms;
    breather.count(packets);
    breather.rest();
    return slept.length > before;
  };
  return { round, slept };
}

/** Numbers that differ from one to the next, as those of a source that sends freely do. */
const varied = (around: number, at: number) => around + (at % 7);

test('a slow source is never kept waiting', () => {
  const { round } = setUp();
  for (let at = 0; at < 100; at++) expect(round(varied(1, at), 1)).toBe(false);
});

test('a fast source gathers, for less time the faster it is', () => {
  const fast = setUp();
  const faster = setUp();
  for (let at = 0; at < 100; at++) {
    fast.round(varied(30, at), 1);
    faster.round(varied(400, at), 1);
  }
  expect(fast.slept.length).toBeGreaterThan(50);
  expect(Math.max(...fast.slept)).toBeLessThanOrEqual(1.5);
  expect(faster.slept.at(-1)).toBeLessThan(fast.slept.at(-1) ?? 0);
});

test('sleeping ends as soon as the rate falls', () => {
  const { round } = setUp();
  for (let at = 0; at < 20; at++) round(varied(50, at), 1);
  for (let at = 0; at < 5; at++) round(0, 2);
  expect(round(1, 2)).toBe(false);
});

test('a source that sends the same number each time has a full window and is left alone for a while', () => {
  const { round } = setUp();
  const sleeps = Array.from({ length: 60 }, () => round(20, 0.3));
  expect(sleeps.filter(Boolean).length).toBeLessThan(10);
  expect(sleeps.some(Boolean)).toBe(true);
  for (let at = 0; at < 400; at++) round(varied(20, at), 0.3);
  expect(round(23, 0.3)).toBe(true);
});
