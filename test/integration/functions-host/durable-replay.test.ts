import { join } from 'node:path';
import * as df from 'durable-functions';
import { expect, test } from 'vitest';
import { readFailure, readOutcome } from '../../../local/functions-host/durable/actions.ts';
import { EVENT, type HistoryEvent, triggerText } from '../../../local/functions-host/durable/protocol.ts';
import { openDurableStore } from '../../../local/functions-host/durable/store/store.ts';
import type { FunctionRunner } from '../../../local/functions-host/ports.ts';
import { appRunner } from '../../support/durable-app.ts';
import { startEngine } from '../../support/durable-engine.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const DAY = 86_400_000;

df.app.activity('count', { handler: (value: number) => value + 1 });
df.app.activity('fail', {
  handler: () => {
    throw new Error('always');
  },
});
df.app.entity('Sum', (context) => {
  context.df.return(context.df.getInput());
});
df.app.orchestration('child', function* (context) {
  const value: number = yield context.df.callActivity('count', context.df.getInput());
  return value;
});
df.app.orchestration('everything', function* (context) {
  const { all, any } = context.df.Task;
  const at = (ms: number) => new Date(context.df.currentUtcDateTime.getTime() + ms);
  const sum = new df.EntityId('Sum', context.df.newGuid('key'));
  context.df.setCustomStatus(context.df.newGuid('status'));
  yield all([1, 2, 3].map((value) => context.df.callActivity('count', value)));
  yield all([context.df.callSubOrchestrator('child', 4), context.df.createTimer(at(10 * DAY))]);
  context.df.signalEntity(sum, 'add', 1);
  const timer = context.df.createTimer(at(DAY));
  const event = context.df.waitForExternalEvent('go');
  const retried = context.df.callActivityWithRetry('fail', new df.RetryOptions(1000, 3));
  yield any([event, retried, timer]);
  timer.cancel();
  const lock: df.DurableLock = yield context.df.lock(sum);
  yield context.df.callEntity(sum, 'get', 5);
  lock.release();
  yield context.df.callActivity('count', 9);
  throw new Error('the end');
});

/** What the orchestrators answered, turn by turn, by instance. */
const answers = new Map<string, string[]>();
const recording: FunctionRunner = {
  names: (trigger) => appRunner.names(trigger),
  async run(name, input) {
    if (!appRunner.names('orchestrationTrigger').includes(name)) return appRunner.run(name, input);
    const { instanceId } = JSON.parse(input.string ?? '') as { instanceId: string };
    const outcome = await play(name, input.string ?? '');
    answers.set(instanceId, [...(answers.get(instanceId) ?? []), JSON.stringify(outcome)]);
    return appRunner.run(name, input);
  },
};

async function play(name: string, trigger: string): Promise<unknown> {
  try {
    return readOutcome((await appRunner.run(name, { string: trigger }))?.json ?? '');
  } catch (error) {
    return readFailure(error);
  }
}

/** Where each turn but the first begins. */
function turnsOf(history: readonly string[]): number[] {
  return history.flatMap((text, index) => {
    const { EventType } = JSON.parse(text) as HistoryEvent;
    return EventType === EVENT.orchestratorStarted ? [index] : [];
  });
}

test('each turn, replayed from the stored history, asks for the same', async (t) => {
  const file = join(await createTempDir(t, 'durable-replay'), 'hub.db');
  const under = startEngine({ file, runner: recording });
  await under.begin('everything', { some: 'input' }, 'it');
  await under.advance(11 * DAY);
  await under.call('POST', '/instances/it/raiseEvent/go', 'now');
  expect(await under.finish('it')).toMatchObject({ runtimeStatus: 'Failed' });
  await under.engine.stop();

  const store = openDurableStore(file);
  t.onTestFinished(() => store.close());
  expect(answers.size).toBe(2);
  for (const [id, answered] of answers) {
    const { name, input, parent } = store.instances.read(id) ?? expect.fail('it is not stored');
    const history = store.instances.history(id);
    const turns = turnsOf(history);
    expect(turns.length).toBe(answered.length);
    for (const [index, from] of turns.entries()) {
      const fresh = history.slice(from, turns[index + 1]).map((text) => JSON.parse(text) as HistoryEvent);
      const past = history.slice(0, from);
      const trigger = triggerText({ instanceId: id, parentInstanceId: parent?.instance, input, past, fresh });
      expect([id, index, JSON.stringify(await play(name, trigger))]).toEqual([id, index, answered[index]]);
    }
  }
});
