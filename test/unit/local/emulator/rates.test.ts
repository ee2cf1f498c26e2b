import { expect, test } from 'vitest';
import { eventGrid2026 } from '../../../../local/emulator/profiles.ts';
import { createConnectRates } from '../../../../local/emulator/rates.ts';

/** Without the limit of the namespace, which would come first. */
const settings = { ...eventGrid2026, namespaceConnectsPerSecond: 1_000_000 };
const tooSoon = 'ConnectPacketsPerSession';

test('rates of CONNECT - are remembered for a bounded number of names, the oldest forgotten first', () => {
  const rates = createConnectRates(settings);
  for (let index = 0; index <= 20_000; index += 1) expect(rates.connect(`c${index}`, 0)).toBeUndefined();
  expect([rates.connect('c20000', 0), rates.connect('c0', 0)]).toEqual([tooSoon, undefined]);
});

test('rates of CONNECT - forget first the names that may connect again anyway', () => {
  const rates = createConnectRates(settings);
  for (let index = 0; index < 20_000; index += 1) rates.connect(`c${index}`, index < 10 ? 0 : 500);
  expect(rates.connect('new', 1_000)).toBeUndefined();
  expect([rates.connect('c10', 1_000), rates.connect('c0', 1_000)]).toEqual([tooSoon, undefined]);
});
