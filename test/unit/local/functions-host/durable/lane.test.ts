import { setImmediate as macrotask } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createLane } from '../../../../../local/functions-host/durable/lane.ts';

/** A lane whose runs end when the test says so. */
function manualLane(limit: number) {
  const running = new Map<string, () => void>();
  const log: string[] = [];
  const lane = createLane<string>({
    limit,
    run: (key) => {
      log.push(key);
      return new Promise<void>((resolve) => running.set(key, resolve));
    },
    onIdle: () => log.push('idle'),
  });
  async function end(key: string): Promise<void> {
    running.get(key)?.();
    running.delete(key);
    await macrotask();
    await macrotask();
  }
  return { lane, running, log, end };
}

describe('lane', () => {
  test('runs so many at once and no more, in order', async () => {
    const { lane, running, end } = manualLane(2);
    for (const key of ['a', 'b', 'c']) lane.add(key);
    await macrotask();
    expect([...running.keys()]).toEqual(['a', 'b']);
    await end('a');
    expect([...running.keys()]).toEqual(['b', 'c']);
  });

  test('runs a key that comes again once more, after the run under way', async () => {
    const { lane, log, end } = manualLane(2);
    lane.add('a');
    await macrotask();
    lane.add('a');
    lane.add('a');
    await macrotask();
    expect(log).toEqual(['a']);
    await end('a');
    expect(log).toEqual(['a', 'a']);
    await end('a');
    expect([log, lane.idle]).toEqual([['a', 'a', 'idle'], true]);
  });

  test('starts nothing after it is closed, and is idle when the last run ends', async () => {
    const { lane, log, end } = manualLane(1);
    lane.add('a');
    lane.add('b');
    await macrotask();
    lane.close();
    expect(lane.idle).toBe(false);
    await end('a');
    lane.add('c');
    await macrotask();
    expect([log, lane.idle]).toEqual([['a', 'idle'], true]);
  });

  test('gives way to everything else between two runs', async () => {
    const order: string[] = [];
    const lane = createLane<string>({
      limit: 1,
      run: (key) => {
        order.push(key);
        if (key === 'a') setImmediate(() => order.push('socket'));
        return Promise.resolve();
      },
      onIdle: () => undefined,
    });
    lane.add('a');
    lane.add('b');
    await macrotask();
    await macrotask();
    await macrotask();
    expect(order).toEqual(['a', 'socket', 'b']);
  });
});
