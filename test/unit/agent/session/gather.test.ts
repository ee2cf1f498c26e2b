import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGatherer, createGatherRule } from '../../../../agent/session/gather.ts';

/** Asks the rule after each read, given as messages and time, and returns what it said. */
function ask(reads: readonly (readonly [messages: number, now: number])[]): boolean[] {
  const rule = createGatherRule();
  rule.after(0, 1000);
  return reads.map(([messages, now]) => rule.after(messages, now));
}

describe('createGatherRule', () => {
  it.each<[string, readonly (readonly [number, number])[], boolean[]]>([
    [
      'leaves a slow source alone',
      [
        [1, 1002],
        [5, 1004],
        [10, 1010],
      ],
      [false, false, false],
    ],
    [
      'gathers while messages come fast',
      [
        [20, 1001],
        [20, 1002],
        [20, 1003],
        [20, 1004],
      ],
      [false, true, true, true],
    ],
    ['judges by the rate, not by the number', [[60, 1010]], [false]],
    ['takes exactly 20 per millisecond for fast', [[40, 1002]], [true]],
    [
      'stops when it does not pay',
      [
        [40, 1002],
        [1, 1004],
        [1000, 1006],
        [1000, 1103],
      ],
      [true, false, false, false],
    ],
    [
      'tries again after 100 ms',
      [
        [40, 1002],
        [1, 1004],
        [0, 1104],
        [40, 1106],
      ],
      [true, false, false, true],
    ],
  ])('%s', (_name, reads, said) => {
    expect(ask(reads)).toEqual(said);
  });
});

describe('createGatherer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('runs everything together after one pause', () => {
    const gatherer = createGatherer(1);
    const ran: string[] = [];
    gatherer.later(() => {
      ran.push('a');
      gatherer.later(() => void ran.push('c'));
    });
    gatherer.later(() => void ran.push('b'));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(ran).toEqual(['a', 'b']);
    vi.advanceTimersByTime(1);
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
