import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type Context = df.OrchestrationContext;

function inFuture(context: Context, ms: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + ms);
}

df.app.activity('double', { handler: (value: number) => value * 2 });
df.app.activity('echo', { handler: (value: unknown) => value });
df.app.orchestration('a cancelled timer', function* (context: Context) {
  const timer = context.df.createTimer(inFuture(context, 30 * DAY));
  const call = context.df.callActivity('double', 4);
  yield context.df.Task.any([timer, call]);
  timer.cancel();
});
df.app.orchestration('listening', function* (context: Context) {
  const heard: unknown[] = [];
  yield context.df.createTimer(inFuture(context, MINUTE));
  for (let index = 0; index < 3; index++) heard.push(yield context.df.waitForExternalEvent('go'));
  return heard;
});
df.app.orchestration('leaving a timer', function* (context: Context) {
  const timer = context.df.createTimer(inFuture(context, DAY));
  yield context.df.Task.any([timer, context.df.callActivity('double', 1)]);
  return 'left';
});
df.app.orchestration('showing its status', function* (context: Context) {
  context.df.setCustomStatus({ step: 1 });
  yield context.df.waitForExternalEvent('on');
  context.df.setCustomStatus({ step: 2 });
  return null;
});
df.app.orchestration('dropping events', function* (context: Context) {
  const { round } = context.df.getInput<{ round: number }>();
  if (round === 1) {
    yield context.df.waitForExternalEvent('next');
    context.df.continueAsNew({ round: 2 });
    return undefined;
  }
  const timer = context.df.createTimer(inFuture(context, MINUTE));
  const early = context.df.waitForExternalEvent('early');
  const winner: unknown = yield context.df.Task.any([early, timer]);
  if (winner === early) timer.cancel();
  return winner === early ? 'kept' : 'dropped';
});
df.app.orchestration('a thousand rounds', function* (context: Context) {
  const { round } = context.df.getInput<{ round: number }>();
  const next: number = yield context.df.callActivity('echo', round + 1);
  if (next < 1000) context.df.continueAsNew({ round: next });
  return next;
});
let changed = false;
df.app.orchestration('a changed mind', function* (context: Context) {
  yield context.df.callActivity(changed ? 'echo' : 'double', 1);
  yield context.df.createTimer(inFuture(context, MINUTE));
});

const { begin, finish, status, call, advance, settled, engine, clock } = startEngine();
afterAll(() => engine.stop());

describe('durable engine - events and endings', () => {
  test('events that come before they are waited for are kept, in order', async () => {
    const id = await begin('listening');
    for (const value of [1, { two: 2 }, 'three']) await call('POST', `/instances/${id}/raiseEvent/go`, value);
    expect((await finish(id)).output).toEqual([1, { two: 2 }, 'three']);
  });

  test('an instance stays until its open timers have fired, as in Azure', async () => {
    const id = await begin('leaving a timer');
    await settled();
    expect((await status(id)).runtimeStatus).toBe('Running');
    await advance(DAY);
    expect(await status(id)).toMatchObject({ runtimeStatus: 'Completed', output: 'left' });
  });

  test('the custom status is that of the last turn', async () => {
    const id = await begin('showing its status');
    await settled();
    expect((await status(id)).customStatus).toEqual({ step: 1 });
    await call('POST', `/instances/${id}/raiseEvent/on`);
    expect((await finish(id)).customStatus).toEqual({ step: 2 });
  });

  test('events that nobody took are dropped when it continues as new', async () => {
    const id = await begin('dropping events', { round: 1 });
    await settled();
    await call('POST', `/instances/${id}/raiseEvent/early`);
    await settled();
    await call('POST', `/instances/${id}/raiseEvent/next`);
    expect((await finish(id)).output).toBe('dropped');
  });

  test('a thousand generations leave the history of one', async () => {
    const id = await begin('a thousand rounds', { round: 0 });
    await settled();
    const { output, historyEvents } = await status(id, '?showHistory=true');
    expect(output).toBe(1000);
    expect(historyEvents?.map(({ EventType }) => EventType)).toEqual([
      'ExecutionStarted',
      'TaskCompleted',
      'ExecutionCompleted',
    ]);
  });

  test('an orchestrator that asks for something else than before fails', async () => {
    const id = await begin('a changed mind');
    await settled();
    changed = true;
    await advance(MINUTE);
    expect((await status(id)).output).toContain('must be deterministic');
  });

  test('nothing is armed and nothing runs when nothing is under way', async () => {
    await finish(await begin('a cancelled timer'));
    const { everArmed } = clock;
    await advance(30 * DAY);
    expect({ armed: clock.armed, everArmed: clock.everArmed }).toEqual({ armed: 0, everArmed });
  });
});
