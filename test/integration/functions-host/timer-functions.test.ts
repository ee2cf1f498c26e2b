import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { seen } from '../../support/functions-app/seen.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { startSample } from './start-sample.ts';

const HOUR = 3_600_000;

test('timer functions run at their times, one at a time, with what the SDK expects', async () => {
  const clock = createVirtualClock(Date.parse('2026-03-01T00:30:00Z'));
  const host = await startSample({ onTestFinished }, { clock });
  // Both timers wait for their next time, and nothing else does.
  const settled = async () => void (await eventually(() => clock.armed === 2));

  await clock.advance(2.25 * HOUR, settled);
  expect(seen.timers).toEqual([
    { schedule: { adjustForDST: true }, isPastDue: false },
    {
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '2026-03-01T01:00:00.000Z',
        next: '2026-03-01T02:00:00.000Z',
        lastUpdated: '2026-03-01T01:00:00.000Z',
      },
      isPastDue: false,
    },
  ]);
  expect(seen.hubs).toEqual(['sample']);

  const running = Promise.withResolvers<void>();
  seen.hold = running.promise;
  await clock.advance(2 * HOUR, async () => undefined);
  // At 03:00 it has begun and not ended, so that 04:00 passed without another.
  await eventually(() => seen.timers.length === 3);
  expect(clock.armed).toBe(1);
  running.resolve();
  await settled();
  await clock.advance(HOUR, settled);
  expect(seen.timers).toHaveLength(4);

  await host.stop();
  expect(clock.armed).toBe(0);
  expect(seen.hooks).toEqual(['appStart', 'appTerminate']);
  const noted = JSON.parse(await readFile(join(host.dataDir, 'timers.json'), 'utf8')) as Record<string, object>;
  expect(noted).toMatchObject({
    hourly: { Last: '2026-03-01T05:00:00.000Z', Next: '2026-03-01T06:00:00.000Z' },
    nightly: { Last: '2026-03-01T02:30:00.000Z', Next: '2026-03-02T02:30:00.000Z' },
  });
});
