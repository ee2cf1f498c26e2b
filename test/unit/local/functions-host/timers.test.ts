import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Triggered } from '../../../../local/functions-host/app/functions.ts';
import { openTimerMonitor } from '../../../../local/functions-host/timer/monitor.ts';
import { createTimers, type Timers } from '../../../../local/functions-host/timer/timers.ts';
import { eventually } from '../../../support/eventually.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const MINUTE = 60_000;

interface Input {
  readonly IsPastDue: boolean;
  readonly ScheduleStatus?: { readonly Last: string; readonly Next: string };
}

interface Sample {
  readonly clock: VirtualClock;
  readonly timers: Timers;
  readonly inputs: Input[];
  readonly failures: unknown[];
  readonly settled: () => Promise<void>;
}

type Settings = Partial<Triggered<'timer'>['trigger']>;

async function timersIn(dataDir: string, start: number, settings: Settings = {}, fails = false): Promise<Sample> {
  const clock = createVirtualClock(start);
  const inputs: Input[] = [];
  const failures: unknown[] = [];
  const trigger = {
    kind: 'timer',
    schedule: '0 */10 * * * *',
    runOnStartup: false,
    useMonitor: true,
    ...settings,
  } as const;
  const timers = createTimers({
    functions: [{ name: 'tick', trigger, input: 'timer', durableClients: [] }],
    clock,
    monitor: await openTimerMonitor(dataDir),
    async run(_target, { json = '' }) {
      inputs.push(JSON.parse(json) as Input);
      if (fails) throw new Error('no');
    },
    failed: (_name, error) => failures.push(error),
  });
  onTestFinished(() => timers.stop());
  const settled = async () => void (await eventually(() => clock.armed === 1));
  return { clock, timers, inputs, failures, settled };
}

const folder = () => createTempDir({ onTestFinished }, 'timers');

describe('a timer', () => {
  test('does not run when it is started for the first time', async () => {
    const { timers, inputs, clock } = await timersIn(await folder(), START);
    timers.start();
    expect([inputs, clock.armed]).toEqual([[], 1]);
  });

  test('runs at the start when it is told to, and is not past due', async () => {
    const { timers, inputs, settled } = await timersIn(await folder(), START, { runOnStartup: true });
    timers.start();
    await settled();
    expect(inputs).toMatchObject([{ IsPastDue: false }]);
  });

  test.each([
    [
      'past due once, however often it was missed',
      START + 60 * MINUTE,
      [{ IsPastDue: true, ScheduleStatus: { Next: '2026-03-01T00:20:00.000Z' } }],
    ],
    ['not before its time when none was missed', START + 15 * MINUTE, []],
  ])('that a stopped host had runs %s', async (_, restart, expected) => {
    const dataDir = await folder();
    const first = await timersIn(dataDir, START);
    first.timers.start();
    await first.clock.advance(10 * MINUTE, first.settled);
    await first.timers.stop();

    const second = await timersIn(dataDir, restart);
    second.timers.start();
    await second.settled();
    expect(second.inputs).toMatchObject(expected);
  });

  test('that comes more often than each minute is not remembered', async () => {
    const dataDir = await folder();
    const first = await timersIn(dataDir, START, { schedule: '*/30 * * * * *' });
    first.timers.start();
    await first.clock.advance(MINUTE, first.settled);
    await first.timers.stop();
    const second = await timersIn(dataDir, START + 60 * MINUTE, { schedule: '*/30 * * * * *' });
    second.timers.start();
    expect([first.inputs.length, second.inputs.length]).toEqual([2, 0]);
  });

  test('that fails is told of, and runs again', async () => {
    const { timers, clock, inputs, failures, settled } = await timersIn(await folder(), START, {}, true);
    timers.start();
    await clock.advance(20 * MINUTE, settled);
    expect([inputs.length, failures.length]).toEqual([2, 2]);
  });

  test('whose note cannot be read counts as new', async () => {
    const dataDir = await folder();
    await writeFile(join(dataDir, 'timers.json'), '{"tick":');
    const { timers, inputs } = await timersIn(dataDir, START);
    timers.start();
    expect(inputs).toEqual([]);
  });

  test('with a schedule that is none says whose', async () => {
    await expect(timersIn(await folder(), START, { schedule: 'often' })).rejects.toThrow('function "tick"');
  });
});
