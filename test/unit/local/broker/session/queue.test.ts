import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createQueue } from '../../../../../local/broker/session/queue.ts';

property.prop([fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 300 })])(
  'queue - behaves like an array of which the front is taken',
  (steps) => {
    const queue = createQueue<number>();
    const model: number[] = [];
    for (const step of steps) {
      if (step === undefined) expect(queue.shift()).toBe(model.shift());
      else {
        queue.push(step);
        model.push(step);
      }
      expect([queue.size, queue.peek()]).toEqual([model.length, model[0]]);
    }
  },
);

test('queue - stays small however much has gone through it', () => {
  const queue = createQueue<number>();
  for (let n = 0; n < 10_000; n += 1) {
    queue.push(n);
    queue.push(n);
    expect(queue.shift()).toBe(Math.floor(n / 2));
  }
  expect(queue.size).toBe(10_000);
});

test('queue - extracts what is wanted and keeps the rest in order', () => {
  const queue = createQueue<number>();
  for (let n = 0; n < 6; n += 1) queue.push(n);
  queue.shift();
  expect(queue.extract((n) => n % 2 === 0)).toEqual([2, 4]);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([1, 3, 5, undefined]);
});
