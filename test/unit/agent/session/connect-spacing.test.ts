import { expect, it } from 'vitest';
import { createConnectSpacing } from '../../../../agent/session/connect-spacing.ts';

it('keeps the CONNECTs of one session apart, and not those of others', () => {
  const clock = { now: 500 };
  const spacing = createConnectSpacing(() => clock.now);
  expect(spacing.wait('a', 1000)).toBe(0);
  spacing.connected('a');
  clock.now += 0.5;
  expect(spacing.wait('a', 1000)).toBe(1000);
  expect(spacing.wait('b', 1000)).toBe(0);
  expect(spacing.wait('a', 0)).toBe(0);
  clock.now += 600;
  spacing.connected('a');
  clock.now += 999.5;
  expect(spacing.wait('a', 1000)).toBe(1);
  clock.now += 0.5;
  expect(spacing.wait('a', 1000)).toBe(0);
});
