import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type Context = df.OrchestrationContext;

function inFuture(context: Context, ms: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + ms);
}

const attempts = new Map<string, number>();
df.app.activity('double', { handler: (value: number) => value * 2 });
df.app.activity('echo', { handler: (value: unknown) => value });
df.app.activity('fail', {
  handler: (text: string) => {
    throw new Error(text);
  },
});
df.app.activity('failUntil', {
  handler: ({ key, times }: { key: string; times: number }) => {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt <= times) throw new Error(`attempt ${attempt}`);
    return attempt;
  },
});

/** Orchestrations by name: what each is given and what must come of it. */
const orchestrations: Record<
  string,
  { run: df.OrchestrationHandler; input?: unknown; output?: unknown; error?: string }
> = {
  'activities in sequence': {
    *run(context) {
      const once: number = yield context.df.callActivity('double', context.df.getInput());
      const twice: number = yield context.df.callActivity('double', once);
      return { once, twice };
    },
    input: 21,
    output: { once: 42, twice: 84 },
  },
  'values of every kind through an activity': {
    *run(context) {
      const values = ['text', '{"json":1}', '', 7.5, true, null, [1, [2]], { nested: { ü: '\u2028' } }];
      const echoed: unknown[] = [];
      for (const value of values) echoed.push(yield context.df.callActivity('echo', value));
      return echoed;
    },
    output: ['text', '{"json":1}', '', 7.5, true, null, [1, [2]], { nested: { ü: '\u2028' } }],
  },
  'no input and no output': {
    *run(context) {
      const nothing: unknown = yield context.df.callActivity('echo');
      if (nothing !== null) throw new Error('not null');
    },
    output: null,
  },
  'fan-out of fifty': {
    *run(context) {
      const tasks = Array.from({ length: 50 }, (_, index) => context.df.callActivity('double', index));
      const results: number[] = yield context.df.Task.all(tasks);
      return results.reduce((sum, value) => sum + value, 0);
    },
    output: 2450,
  },
  'a failed activity that is caught': {
    *run(context) {
      try {
        yield context.df.callActivity('fail', 'no luck');
      } catch (error) {
        return String(error).includes("Activity function 'fail' failed: no luck");
      }
      return false;
    },
    output: true,
  },
  'a failed activity that is not caught': {
    *run(context) {
      yield context.df.callActivity('fail', 'no luck');
    },
    error: "Activity function 'fail' failed: no luck",
  },
  'an error of its own': {
    *run(context) {
      if (context.df.isReplaying) yield context.df.callActivity('double', 1);
      throw new Error('I give up');
    },
    error: 'I give up',
  },
  'retries that lead to success': {
    *run(context) {
      const options = new df.RetryOptions(MINUTE, 5);
      const before = context.df.currentUtcDateTime.getTime();
      const attempt: number = yield context.df.callActivityWithRetry('failUntil', options, { key: 'a', times: 2 });
      return [attempt, context.df.currentUtcDateTime.getTime() - before];
    },
    output: [3, 2 * MINUTE],
  },
  'retries with growing pauses up to a limit': {
    *run(context) {
      const options = new df.RetryOptions(1000, 6);
      options.backoffCoefficient = 2;
      options.maxRetryIntervalInMilliseconds = 5000;
      const before = context.df.currentUtcDateTime.getTime();
      const attempt: number = yield context.df.callActivityWithRetry('failUntil', options, { key: 'b', times: 5 });
      return [attempt, context.df.currentUtcDateTime.getTime() - before];
    },
    output: [6, 1000 + 2000 + 4000 + 5000 + 5000],
  },
  'retries exhausted': {
    *run(context) {
      const before = context.df.currentUtcDateTime.getTime();
      try {
        yield context.df.callActivityWithRetry('fail', new df.RetryOptions(MINUTE, 3), 'again');
      } catch (error) {
        const after: number = yield context.df.callActivity('double', 2);
        return [String(error).includes('again'), context.df.currentUtcDateTime.getTime() - before, after];
      }
      return undefined;
    },
    output: [true, 3 * MINUTE, 4],
  },
  'retries beside other tasks': {
    *run(context) {
      const options = new df.RetryOptions(MINUTE, 3);
      const results: unknown[] = yield context.df.Task.all([
        context.df.callActivityWithRetry('failUntil', options, { key: 'c', times: 1 }),
        context.df.callActivity('double', 1),
        context.df.callActivityWithRetry('failUntil', options, { key: 'd', times: 2 }),
        context.df.createTimer(inFuture(context, 90_000)),
      ]);
      const after: number = yield context.df.callActivity('double', 2);
      return [...results.slice(0, 3), after];
    },
    output: [2, 2, 3, 4],
  },
  'a race that the timer wins': {
    *run(context) {
      const timer = context.df.createTimer(inFuture(context, MINUTE));
      const event = context.df.waitForExternalEvent('never');
      const winner: unknown = yield context.df.Task.any([event, timer]);
      return winner === timer;
    },
    output: true,
  },
  'a race whose timer is cancelled': {
    *run(context) {
      const timer = context.df.createTimer(inFuture(context, 30 * DAY));
      const call = context.df.callActivity('double', 4);
      const before = context.df.currentUtcDateTime.getTime();
      const winner: unknown = yield context.df.Task.any([timer, call]);
      timer.cancel();
      return [winner === call, context.df.currentUtcDateTime.getTime() - before];
    },
    output: [true, 0],
  },
  'all of any of all': {
    *run(context) {
      const { all, any } = context.df.Task;
      const both = all([context.df.callActivity('double', 1), context.df.callActivity('double', 2)]);
      const timer = context.df.createTimer(inFuture(context, DAY));
      const first: df.Task = yield any([both, timer]);
      timer.cancel();
      return first.result;
    },
    output: [2, 4],
  },
  'a timer of thirty days in links of three': {
    *run(context) {
      const before = context.df.currentUtcDateTime.getTime();
      yield context.df.createTimer(inFuture(context, 30 * DAY));
      const after: number = yield context.df.callActivity('double', 1);
      return [(context.df.currentUtcDateTime.getTime() - before) / DAY, after];
    },
    output: [30, 2],
  },
  'a long timer beside retries': {
    *run(context) {
      const options = new df.RetryOptions(2 * DAY, 4);
      yield context.df.Task.all([
        context.df.createTimer(inFuture(context, 10 * DAY)),
        context.df.callActivityWithRetry('failUntil', options, { key: 'e', times: 3 }),
      ]);
      const after: number = yield context.df.callActivity('double', 3);
      return after;
    },
    output: 6,
  },
  'a sub-orchestration': {
    *run(context) {
      const result: unknown = yield context.df.callSubOrchestrator('activities in sequence', 1);
      return result;
    },
    output: { once: 2, twice: 4 },
  },
  'sub-orchestrations side by side': {
    *run(context) {
      const tasks = [1, 2, 3].map((value) => context.df.callSubOrchestrator('activities in sequence', value));
      const results: { twice: number }[] = yield context.df.Task.all(tasks);
      return results.map(({ twice }) => twice);
    },
    output: [4, 8, 12],
  },
  'a sub-orchestration that fails': {
    *run(context) {
      try {
        yield context.df.callSubOrchestrator('an error of its own');
      } catch (error) {
        return String(error).includes("Orchestrator function 'an error of its own' failed: I give up");
      }
      return false;
    },
    output: true,
  },
  'a sub-orchestration that is tried again': {
    *run(context) {
      const before = context.df.currentUtcDateTime.getTime();
      try {
        yield context.df.callSubOrchestratorWithRetry('an error of its own', new df.RetryOptions(MINUTE, 3));
      } catch {
        return context.df.currentUtcDateTime.getTime() - before;
      }
      return undefined;
    },
    output: 3 * MINUTE,
  },
  'a sub-orchestration under an ID that is taken': {
    *run(context) {
      const { instanceId } = context.df;
      try {
        yield context.df.callSubOrchestrator('activities in sequence', 1, instanceId);
      } catch (error) {
        return String(error).includes('already exists');
      }
      return false;
    },
    output: true,
  },
  'a sub-orchestration under an ID that no instance can have': {
    *run(context) {
      yield context.df.callSubOrchestrator('activities in sequence', 1, '@counter@1');
    },
    error: "'@counter@1' cannot be the ID of an instance",
  },
  'the same GUIDs in each replay': {
    *run(context) {
      const id = context.df.newGuid('seed');
      yield context.df.callActivity('double', 1);
      const again: string = yield context.df.callActivity('echo', id);
      return id === again;
    },
    output: true,
  },
  'an activity that nobody has': {
    *run(context) {
      yield context.df.callActivity('nobody');
    },
    error: "the app has no activity function named 'nobody'",
  },
  'an activity by its name in other letters': {
    *run(context) {
      const value: number = yield context.df.callActivity('DOUBLE', 5);
      return value;
    },
    output: 10,
  },
  'a request over HTTP': {
    *run(context) {
      yield context.df.callHttp({ method: 'GET', url: 'http://127.0.0.1:9/' });
    },
    error: 'the local durable engine does not do this: callHttp',
  },
  'retries with a time limit': {
    *run(context) {
      const options = new df.RetryOptions(1, 2);
      options.retryTimeoutInMilliseconds = 5;
      yield context.df.callActivityWithRetry('double', options, 1);
    },
    error: 'retryTimeoutInMilliseconds',
  },
  'a yield of something that is no task': {
    *run() {
      yield 7 as unknown as df.Task;
    },
    error: 'programming constraint violation',
  },
};
for (const [name, { run }] of Object.entries(orchestrations)) df.app.orchestration(name, run);

const { begin, finish, engine } = startEngine();
afterAll(() => engine.stop());

describe('durable engine - tasks', () => {
  test.each(Object.entries(orchestrations))('%s', async (name, { input, output, error }) => {
    const last = await finish(await begin(name, input));
    if (error === undefined) expect(last).toMatchObject({ runtimeStatus: 'Completed', output });
    else expect(last).toMatchObject({ runtimeStatus: 'Failed', output: expect.stringContaining(error) as unknown });
  });
});
