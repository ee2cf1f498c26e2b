import { expect, test } from 'vitest';
import { forEachAtOnce } from '../../../../functions/store/tables/bulk.ts';

test('for each at once - everything is done, eight at a time', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const items = Array.from({ length: 50 }, (_, n) => n);
  await forEachAtOnce(items, async (item) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    done.push(item);
  });
  expect(done.sort((a, b) => a - b)).toEqual(items);
  expect(most).toBe(8);
});

test('for each at once - after a failure no more begin, and nothing runs on', async () => {
  let running = 0;
  let begun = 0;
  const work = async (item: number) => {
    begun++;
    running++;
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (item === 3) throw new Error('third');
  };
  const items = Array.from({ length: 50 }, (_, n) => n);
  await expect(forEachAtOnce(items, work)).rejects.toThrow('third');
  expect(running).toBe(0);
  expect(begun).toBeLessThanOrEqual(16);
});
