import { expect, test } from 'vitest';
import { splitDelays } from '../../../bench/renewal/delays.ts';

test('a message counts as delayed by a renewal when it was under way at any moment of it', () => {
  const renewals = [{ from: 100, to: 110 }];
  const receipts = [
    { sentAt: 90, receivedAt: 99 },
    { sentAt: 90, receivedAt: 100 },
    { sentAt: 105, receivedAt: 106 },
    { sentAt: 110, receivedAt: 140 },
    { sentAt: 111, receivedAt: 112 },
  ];
  const { during, without } = splitDelays(receipts, renewals);
  expect(during).toEqual({ messages: 3, p50: 10, p99: 30, largest: 30 });
  expect(without).toEqual({ messages: 2, p50: 1, p99: 9, largest: 9 });
  expect(splitDelays([], renewals).during).toEqual({
    messages: 0,
    p50: Number.NaN,
    p99: Number.NaN,
    largest: Number.NaN,
  });
});
