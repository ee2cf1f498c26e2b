import { join } from 'node:path';
import * as df from 'durable-functions';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startEngine } from '../../support/durable-engine.ts';
import { SILENT } from '../../support/silent-logger.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const MINUTE = 60_000;

type Context = df.OrchestrationContext;

/** Activities that have begun and end when the test says so. */
let held: (() => void)[] = [];
let most = 0;
let running = 0;
beforeEach(() => {
  held = [];
  most = 0;
  running = 0;
});

df.app.activity('held', {
  handler: async (value: number) => {
    running++;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => held.push(resolve));
    running--;
    return value;
  },
});
df.app.activity('echo', { handler: (value: unknown) => value });
df.app.entity('Silent', (context: df.EntityContext<number>) => {
  if (context.df.operationName === 'look') context.df.return(context.df.getState(() => 7));
});
df.app.orchestration('holding', function* (context: Context) {
  const count: number = context.df.getInput();
  const values: number[] = yield context.df.Task.all(
    Array.from({ length: count }, (_, index) => context.df.callActivity('held', index)),
  );
  return values;
});
df.app.orchestration('yielding twice', function* (context: Context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + MINUTE));
  const event = context.df.waitForExternalEvent('go');
  yield context.df.Task.any([timer, event]);
  yield context.df.Task.any([timer, context.df.callActivity('echo', 1)]);
});
df.app.orchestration('locking and going on', function* (context: Context) {
  const { round } = context.df.getInput<{ round: number }>();
  yield context.df.lock(new df.EntityId('Silent', 'locked'));
  if (round < 3) context.df.continueAsNew({ round: round + 1 });
  return round;
});
df.app.orchestration('looking', function* (context: Context) {
  const entity = new df.EntityId('Silent', 'looked at');
  const first: unknown = yield context.df.callEntity(entity, 'look');
  const second: unknown = yield context.df.callEntity(entity, 'look');
  return [first, second];
});

describe('durable engine - work', () => {
  test('runs activities side by side, but not more than it may', async () => {
    const { begin, finish, engine } = startEngine({ concurrentActivities: 4 });
    const id = await begin('holding', 10);
    for (let ended = 0; ended < 10; ended++) {
      await eventually(() => held.length === Math.min(10, 4 + ended));
      held[ended]?.();
    }
    expect((await finish(id)).output).toEqual(Array.from({ length: 10 }, (_, index) => index));
    expect(most).toBe(4);
    await engine.stop();
  });

  test('lets what runs end when it stops, keeps its result, and begins the rest in its next life', async (t) => {
    const file = join(await createTempDir(t, 'durable-stop'), 'hub.db');
    const first = startEngine({ file, concurrentActivities: 1 });
    const id = await first.begin('holding', 2);
    await eventually(() => held.length === 1);
    const stopped = first.engine.stop();
    held[0]?.();
    await stopped;
    expect(held.length).toBe(1);
    const second = startEngine({ file });
    await eventually(() => held.length === 2);
    held[1]?.();
    expect((await second.finish(id)).output).toEqual([0, 1]);
    await second.engine.stop();
  });

  test('drops the result of an activity whose orchestration was terminated', async () => {
    const { begin, call, status, settled, engine } = startEngine({ concurrentActivities: 1 });
    const id = await begin('holding', 3);
    await eventually(() => held.length === 1);
    await call('POST', `/instances/${id}/terminate?reason=enough`);
    await eventually(async () => (await status(id)).runtimeStatus === 'Terminated');
    held[0]?.();
    await settled();
    expect([held.length, (await status(id)).output]).toEqual([1, 'enough']);
    await engine.stop();
  });

  test('a timer that is cancelled or terminated arms nothing any more', async () => {
    const { begin, call, settled, clock, engine } = startEngine();
    const id = await begin('yielding twice');
    await settled();
    expect(clock.armed).toBe(1);
    await call('POST', `/instances/${id}/terminate`);
    await settled();
    expect(clock.armed).toBe(0);
    await engine.stop();
  });

  test('warns of a task that may have been yielded before', async () => {
    const warned: unknown[] = [];
    const logger = { ...SILENT, warn: (fields: object) => void warned.push(fields) };
    const { begin, call, settled, engine } = startEngine({ logger });
    const id = await begin('yielding twice');
    await settled();
    await call('POST', `/instances/${id}/raiseEvent/go`);
    await settled();
    expect(warned).toEqual([
      { evt: 'TaskPerhapsYieldedAgain', name: 'yielding twice', instance: id, kinds: ['timer'] },
    ]);
    await engine.stop();
  });

  test('locks are given back when it continues as new', async () => {
    const { begin, finish, engine } = startEngine();
    expect((await finish(await begin('locking and going on', { round: 1 }))).output).toBe(3);
    await engine.stop();
  });

  test('an entity that never set a state starts from its initial one each time', async () => {
    const { begin, finish, call, engine } = startEngine();
    expect((await finish(await begin('looking'))).output).toEqual([7, 7]);
    expect((await call('GET', '/entities/silent/looked%20at')).body).toBe('null');
    await engine.stop();
  });
});
