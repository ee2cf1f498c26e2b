import { join } from 'node:path';
import * as df from 'durable-functions';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';
import { mortalStore } from '../../support/mortal-store.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** What an orchestration does; durations in minutes. */
type Step =
  | { readonly kind: 'call'; readonly value: number }
  | Retry
  | { readonly kind: 'timer'; readonly after: number }
  | { readonly kind: 'event'; readonly name: string }
  | { readonly kind: 'child'; readonly steps: readonly Step[] }
  | { readonly kind: 'all'; readonly steps: readonly Step[] }
  | Add
  | Race;

/** An operation on the one entity that counts. */
interface Add {
  readonly kind: 'add';
  readonly signal: boolean;
}

/** A race of timers and at most one other task; the losers are cancelled or left running. */
interface Race {
  readonly kind: 'any';
  readonly timers: readonly number[];
  readonly other: 'none' | 'call' | Retry;
  readonly cancel: boolean;
}

interface Retry {
  readonly kind: 'retry';
  readonly failures: number;
  readonly attempts: number;
  readonly pause: number;
}

type Context = df.OrchestrationContext;

const MINUTE = 60_000;
let clock: VirtualClock = createVirtualClock();

df.app.activity('double', { handler: (value: number) => value * 2 });
df.app.activity('failBefore', {
  handler: (time: number) => {
    if (clock.now() < time) throw new Error('too early');
    return 'in time';
  },
});

function later({ df }: Context, minutes: number): Date {
  return new Date(df.currentUtcDateTime.getTime() + minutes * MINUTE);
}

const COUNTED = new df.EntityId('Count', 'all');

function taskOf(context: Context, step: Exclude<Step, Race>): df.Task {
  switch (step.kind) {
    case 'call':
      return context.df.callActivity('double', step.value);
    case 'retry': {
      // A little more than whole minutes: no race ends in a draw.
      const pause = step.pause * MINUTE + 7;
      const time = context.df.currentUtcDateTime.getTime() + step.failures * pause;
      return context.df.callActivityWithRetry('failBefore', new df.RetryOptions(pause, step.attempts), time);
    }
    case 'add':
      return context.df.callEntity(COUNTED, 'add');
    case 'timer':
      return context.df.createTimer(later(context, step.after));
    case 'event':
      return context.df.waitForExternalEvent(step.name);
    case 'child':
      return context.df.callSubOrchestrator('program', step.steps);
    case 'all':
      return context.df.Task.all(step.steps.map((part) => taskOf(context, part as Exclude<Step, Race>)));
  }
}

function* race(context: Context, { timers, other, cancel }: Race): Generator<df.Task, number, unknown> {
  const clocks = timers.map((after) => context.df.createTimer(later(context, after)));
  const others = other === 'none' ? [] : [taskOf(context, other === 'call' ? { kind: 'call', value: 1 } : other)];
  const tasks = [...clocks, ...others];
  const winner = yield context.df.Task.any(tasks);
  if (cancel) for (const timer of clocks) if (timer !== winner && !timer.isCompleted) timer.cancel();
  return tasks.indexOf(winner as df.Task);
}

df.app.entity('Count', (context: df.EntityContext<number>) => {
  context.df.setState((context.df.getState(() => 0) ?? 0) + 1);
});

// What a timer comes to is nobody's business: nothing, or a list of it where the SDK chains timers.
function resultOf(step: Step, result: unknown): unknown {
  if (step.kind === 'timer' || step.kind === 'add') return null;
  return step.kind === 'all' ? step.steps.map((part, index) => resultOf(part, (result as unknown[])[index])) : result;
}

df.app.orchestration('program', function* (context: Context) {
  const results: unknown[] = [];
  for (const step of context.df.getInput<Step[]>()) {
    try {
      if (step.kind === 'any') results.push(yield* race(context, step));
      else if (step.kind === 'add' && step.signal) context.df.signalEntity(COUNTED, 'add');
      else results.push(resultOf(step, yield taskOf(context, step)));
    } catch {
      results.push('failed');
    }
  }
  return results;
});

/** What a step must come to; undefined where it fails. */
function expected(step: Step): { readonly value: unknown } | undefined {
  switch (step.kind) {
    case 'call':
      return { value: step.value * 2 };
    case 'retry':
      return step.failures < step.attempts ? { value: 'in time' } : undefined;
    case 'timer':
    case 'add':
      return { value: null };
    case 'event':
      return { value: { said: step.name } };
    case 'child':
      return { value: expectedOf(step.steps) };
    case 'all': {
      const parts = step.steps.map(expected);
      return parts.includes(undefined) ? undefined : { value: parts.map((part) => part?.value) };
    }
    case 'any':
      return { value: winnerOf(step) };
  }
}

/** What a sequence must come to: a list without what nobody waits for. */
function expectedOf(steps: readonly Step[]): unknown[] {
  const awaited = steps.filter((step) => step.kind !== 'add' || !step.signal);
  return awaited.map((step) => (expected(step) ?? { value: 'failed' }).value);
}

function winnerOf({ timers, other }: Race): number {
  const first = Math.min(...timers);
  const end = typeof other === 'string' ? 0 : Math.min(other.failures, other.attempts) * (other.pause + 0.0001);
  return other === 'none' || end > first ? timers.indexOf(first) : timers.length;
}

function additionsOf(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) => sum + (step.kind === 'add' ? 1 : 'steps' in step ? additionsOf(step.steps) : 0),
    0,
  );
}

const minutes = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 8000, max: 30_000 }));
const call = fc.record({ kind: fc.constant('call' as const), value: fc.nat(99) });
const retry = fc.record({
  kind: fc.constant('retry' as const),
  failures: fc.nat(3),
  attempts: fc.integer({ min: 1, max: 3 }),
  pause: fc.integer({ min: 1, max: 3 }),
});
const timer = fc.record({ kind: fc.constant('timer' as const), after: minutes });
const event = fc.record({ kind: fc.constant('event' as const), name: fc.constantFrom('one', 'two', 'three') });
const any = fc.record({
  kind: fc.constant('any' as const),
  timers: fc.uniqueArray(minutes, { minLength: 1, maxLength: 3 }),
  other: fc.oneof(fc.constantFrom('none' as const, 'call' as const), retry, retry),
  cancel: fc.boolean(),
});
const add = fc.record({ kind: fc.constant('add' as const), signal: fc.constant(false) });
const signal = fc.record({ kind: fc.constant('add' as const), signal: fc.constant(true) });
const { child } = fc.letrec<{ all: Step; child: Step }>((tie) => ({
  all: fc.record({
    kind: fc.constant('all' as const),
    steps: fc.array(fc.oneof({ maxDepth: 2 }, call, retry, timer, add, tie('child'), tie('all')), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  child: fc.record({
    kind: fc.constant('child' as const),
    steps: fc.array(fc.oneof({ maxDepth: 2 }, call, retry, timer, any, add, signal, tie('all'), tie('child')), {
      maxLength: 3,
    }),
  }),
}));
const program = fc.array(fc.oneof(call, retry, timer, event, any, any, add, signal, child, child), {
  minLength: 1,
  maxLength: 5,
});

function eventsOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => (step.kind === 'event' ? [step.name] : []));
}

/** Runs a program through lives of so many writes each, and a last one without end. */
async function run(file: string, steps: readonly Step[], lives: readonly number[]): Promise<unknown> {
  clock = createVirtualClock();
  const waiting = eventsOf(steps);
  for (const commits of [...lives, Number.POSITIVE_INFINITY]) {
    const under = startEngine({ file, clock, openStore: mortalStore(commits) });
    try {
      if ((await under.call('GET', '/instances/it')).status === 404) await under.begin('program', steps, 'it');
      while (waiting[0] !== undefined) {
        const { status } = await under.call('POST', `/instances/it/raiseEvent/${waiting[0]}`, { said: waiting[0] });
        if (status !== 202) break;
        waiting.shift();
      }
      const { output } = await under.finish('it');
      await under.settled();
      return { output, count: (await under.call('GET', '/entities/count/all')).value };
    } catch {
      // Killed.
    } finally {
      await under.engine.stop();
    }
  }
  throw new Error('the last life has no end');
}

test('a program comes to what it must, however often the host is killed', async () => {
  await using scope = createScope();
  const folder = await createTempDir(scope, 'durable-programs');
  let count = 0;
  const lives = fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(program, lives, async (steps, lives) => {
      const additions = additionsOf(steps);
      expect(await run(join(folder, `${count++}.db`), steps, lives)).toEqual({
        output: expectedOf(steps),
        count: additions === 0 ? expect.stringContaining('no entity') : additions,
      });
    }),
    { numRuns: 100 },
  );
});
