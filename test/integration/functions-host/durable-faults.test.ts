import * as df from 'durable-functions';
import { describe, expect, test } from 'vitest';
import type { FunctionRunner, TypedData } from '../../../local/functions-host/ports.ts';
import { appRunner } from '../../support/durable-app.ts';
import { startEngine } from '../../support/durable-engine.ts';
import { mortalStore } from '../../support/mortal-store.ts';
import { SILENT } from '../../support/silent-logger.ts';

df.app.activity('echo', { handler: (value: unknown) => value });
df.app.orchestration('sound', function* (context) {
  const value: unknown = yield context.df.callActivity('echo', context.df.getInput());
  return value;
});
df.app.orchestration('unsound', function* (context) {
  yield context.df.callActivity('echo', 1);
});
df.app.orchestration('calling', function* (context) {
  try {
    yield context.df.callEntity(new df.EntityId('Unsound', '1'), 'do');
  } catch (error) {
    return String(error);
  }
  return 'no error';
});
df.app.entity('Unsound', () => undefined);

/** Runs the app, but for functions whose answers the test makes up. */
function runnerAnswering(answers: Readonly<Record<string, TypedData | undefined>>): FunctionRunner {
  return {
    names: (trigger) => appRunner.names(trigger),
    run: async (name, input) => (name in answers ? answers[name] : appRunner.run(name, input)),
  };
}

const state = (actions: unknown) => JSON.stringify({ isDone: false, actions });

describe('durable engine - faults', () => {
  test.each([
    undefined,
    { string: 'no state' },
    { json: 'null' },
    { json: '7' },
    { json: '{"isDone":true}' },
    { json: state([[null]]) },
    { json: state([[{}]]) },
    { json: state([[{ actionType: 99 }]]) },
    { json: state([[{ actionType: 5, fireAt: 'never' }]]) },
    { json: state([[{ actionType: 7, instanceId: 'nobody', operation: 'do' }]]) },
    { json: state([[{ actionType: 13 }]]) },
    { json: state([[{ actionType: 11, compoundActions: [7] }]]) },
  ])('an orchestrator that answers %j fails, and the others go on', async (answer) => {
    const { begin, finish, engine } = startEngine({ runner: runnerAnswering({ unsound: answer }) });
    expect(await finish(await begin('unsound'))).toMatchObject({ runtimeStatus: 'Failed' });
    expect(await finish(await begin('sound', 1))).toMatchObject({ output: 1 });
    await engine.stop();
  });

  test.each([
    undefined,
    { json: '{}' },
    { json: JSON.stringify({ entityExists: true, results: [], signals: [] }) },
    { json: JSON.stringify({ entityExists: true, results: [{}], signals: [{ name: 'x' }] }) },
  ])('an entity that answers %j fails its caller, and the others go on', async (answer) => {
    const { begin, finish, engine } = startEngine({ runner: runnerAnswering({ Unsound: answer }) });
    const { output } = await finish(await begin('calling'));
    expect(output).toContain("Entity function 'unsound' failed");
    expect(await finish(await begin('sound', 1))).toMatchObject({ output: 1 });
    await engine.stop();
  });

  test('an engine that cannot write stops, says so once, and refuses everything', async () => {
    const broken: Error[] = [];
    const logged: unknown[] = [];
    const { call, engine, settled } = startEngine({
      openStore: mortalStore(1),
      onBroken: (because) => void broken.push(because),
      logger: { ...SILENT, error: (fields) => void logged.push(fields) },
    });
    expect((await call('POST', '/orchestrators/sound/one', 1)).status).toBe(202);
    await expect(settled()).rejects.toThrow('broke down');
    expect((await call('GET', '/instances/one')).status).toBe(503);
    expect((await call('POST', '/orchestrators/sound/two', 1)).status).toBe(503);
    expect(broken.map(({ cause }) => (cause as Error).message)).toEqual(['killed']);
    expect(logged).toEqual([{ evt: 'DurableEngineBroken', reason: 'killed' }]);
    await engine.stop();
  });
});
