import { expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';

test('a free port is handed out once, also while nothing listens on it', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, freePort));

  expect(new Set(ports).size).toBe(300);
});
