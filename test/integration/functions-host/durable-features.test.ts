import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';

df.app.activity('double', { handler: (value: number) => value * 2 });
df.app.orchestration('doubling', function* (context) {
  const once: number = yield context.df.callActivity('double', context.df.getInput());
  const twice: number = yield context.df.callActivity('double', once);
  return { once, twice };
});
df.app.orchestration('napping', function* (context) {
  const until = new Date(context.df.currentUtcDateTime.getTime() + 60_000);
  yield context.df.createTimer(until);
  return context.df.currentUtcDateTime.toISOString();
});
df.app.orchestration('listening', function* (context) {
  const first: unknown = yield context.df.waitForExternalEvent('go');
  return { first };
});
df.app.orchestration('counting', function* (context) {
  const { count } = context.df.getInput<{ count: number }>();
  const next: number = yield context.df.callActivity('double', count);
  if (next < 1000) context.df.continueAsNew({ count: next });
  return next;
});

const under = startEngine();
const { begin, finish, status, call, settled } = under;
afterAll(() => under.engine.stop());

describe('durable engine', () => {
  test('runs activities one after the other', async () => {
    const { runtimeStatus, output, input } = await finish(await begin('doubling', 21));
    expect({ runtimeStatus, output, input }).toEqual({
      runtimeStatus: 'Completed',
      output: { once: 42, twice: 84 },
      input: 21,
    });
  });

  test('waits for a durable timer', async () => {
    const start = under.clock.now();
    const { output } = await finish(await begin('napping'));
    expect(output).toBe(new Date(start + 60_000).toISOString());
  });

  test('hands over an external event', async () => {
    const id = await begin('listening');
    await settled();
    expect((await status(id)).runtimeStatus).toBe('Running');
    expect((await call('POST', `/instances/${id}/raiseEvent/go`, { now: true })).status).toBe(202);
    expect((await finish(id)).output).toEqual({ first: { now: true } });
  });

  test('continues as new', async () => {
    const { output, input } = await finish(await begin('counting', { count: 1 }));
    expect({ output, input }).toEqual({ output: 1024, input: { count: 512 } });
  });
});
