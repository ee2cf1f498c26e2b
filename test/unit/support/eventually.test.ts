import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';

test('eventually - returns the first truthy value', async () => {
  let calls = 0;
  expect(await eventually(() => (++calls === 3 ? 'here' : undefined))).toBe('here');
  expect(await eventually(async () => 42)).toBe(42);
});

test('eventually - takes a condition that throws as not yet true', async () => {
  let calls = 0;
  const value = await eventually(() => {
    expect(++calls).toBe(2);
    return true;
  });
  expect(value).toBe(true);
});

test('eventually - says at the deadline what it saw last', async () => {
  const deadlineMs = 1;
  await expect(eventually(() => 0, { deadlineMs })).rejects.toThrow('not true within 1 ms; last seen: 0');
  await expect(eventually(() => false, { deadlineMs, describe: () => '3 of 4' })).rejects.toThrow('last seen: 3 of 4');
  const failing = () => {
    throw new Error('cause');
  };
  await expect(eventually(failing, { deadlineMs })).rejects.toMatchObject({ cause: { message: 'cause' } });
});
