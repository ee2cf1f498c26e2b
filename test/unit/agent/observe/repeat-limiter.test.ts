import { describe, expect, test } from 'vitest';
import { createRepeatLimiter } from '../../../../agent/observe/repeat-limiter.ts';

function limiter(maxKeys = 500) {
  let time = 0;
  return {
    ...createRepeatLimiter<string>({ now: () => time, intervalMs: 1_000, maxKeys }),
    advance: (ms: number) => (time += ms),
  };
}

describe('repeat limiter', () => {
  test('prints the first of equal events and counts the others', () => {
    const { see, advance } = limiter();
    expect(see('a', 'a1')).toEqual({ kind: 'print', repeated: 0 });
    for (let n = 0; n < 312; n++) expect(see('a', 'more')).toEqual({ kind: 'hold' });
    advance(1_000);
    expect(see('a', 'again')).toEqual({ kind: 'print', repeated: 312 });
  });

  test('does not let one event hold back another', () => {
    const { see } = limiter();
    see('a', 'a');
    expect(see('b', 'b').kind).toBe('print');
  });

  test('hands out what it held when nothing new comes', () => {
    const { see, due, advance } = limiter();
    see('a', 'a1');
    see('a', 'a2');
    expect(due()).toEqual([]);
    advance(1_000);
    expect(due()).toEqual([{ latest: 'a2', repeated: 1 }]);
    expect(due()).toEqual([]);
  });

  test('forgets the oldest when there are too many, and still reports what it held', () => {
    const { see, due } = limiter(2);
    see('a', 'a1');
    see('a', 'a2');
    see('b', 'b1');
    see('c', 'c1');
    expect(due()).toEqual([{ latest: 'a2', repeated: 1 }]);
    expect(see('a', 'a3').kind).toBe('print');
  });
});
