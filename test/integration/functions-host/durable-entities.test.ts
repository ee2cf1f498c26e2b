import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';

const MINUTE = 60_000;

type Context = df.OrchestrationContext;

df.app.activity('slowly', { handler: (value: unknown) => value });
df.app.entity('Counter', (context) => {
  const value = context.df.getState(() => 0) as number;
  switch (String(context.df.operationName)) {
    case 'add':
      context.df.setState(value + (context.df.getInput() as number));
      break;
    case 'get':
      context.df.return(value);
      break;
    case 'forward':
      context.df.signalEntity(new df.EntityId('Counter', context.df.getInput() as string), 'add', value);
      break;
    case 'delete':
      context.df.destructOnExit();
      break;
    default:
      throw new Error('unknown operation');
  }
});

const counter = (key: string) => new df.EntityId('Counter', key);

df.app.orchestration('counting', function* (context: Context) {
  for (let index = 0; index < 10; index++) context.df.signalEntity(counter('a'), 'add', 1);
  yield context.df.callEntity(counter('a'), 'add', 5);
  const value: number = yield context.df.callEntity(counter('a'), 'get');
  return value;
});
df.app.orchestration('failing', function* (context: Context) {
  try {
    yield context.df.callEntity(counter('b'), 'nonsense');
  } catch {
    const value: number = yield context.df.callEntity(counter('b'), 'get');
    return `caught, ${value}`;
  }
  return 'nothing thrown';
});
df.app.orchestration('unknown entity', function* (context: Context) {
  yield context.df.callEntity(new df.EntityId('Nobody', '1'), 'get');
});
df.app.orchestration('transferring', function* (context: Context) {
  const { from, to, amount } = context.df.getInput<{ from: string; to: string; amount: number }>();
  const lock: df.DurableLock = yield context.df.lock(counter(from), counter(to));
  const have: number = yield context.df.callEntity(counter(from), 'get');
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + MINUTE));
  const there: number = yield context.df.callEntity(counter(to), 'get');
  if (have >= amount) {
    yield context.df.callEntity(counter(from), 'add', -amount);
    yield context.df.callEntity(counter(to), 'add', amount);
  }
  lock.release();
  const echoed: number[] = yield context.df.callActivity('slowly', [have, there]);
  return echoed;
});
df.app.orchestration('keeping the lock', function* (context: Context) {
  yield context.df.lock(counter('k1'), counter('k2'));
  yield context.df.waitForExternalEvent('end');
  if (context.df.getInput() === 'throw') throw new Error('out of the critical section');
  return 'ended';
});
df.app.orchestration('adding', function* (context: Context) {
  yield context.df.callEntity(counter(context.df.getInput()), 'add', 1);
  return context.df.currentUtcDateTime.toISOString();
});

const { begin, finish, status, call, advance, settled, engine, clock } = startEngine();
afterAll(() => engine.stop());

async function valueOf(key: string): Promise<unknown> {
  return (await call('GET', `/entities/counter/${key}`)).value;
}

describe('durable engine - entities', () => {
  test('signals and calls of one orchestration arrive in order', async () => {
    expect((await finish(await begin('counting'))).output).toBe(15);
    expect(await valueOf('a')).toBe(15);
  });

  test('an operation that throws fails its caller and leaves the state', async () => {
    expect((await finish(await begin('failing'))).output).toBe('caught, 0');
  });

  test('an entity that the app does not have fails the orchestration', async () => {
    expect((await finish(await begin('unknown entity'))).output).toContain("no entity function named 'nobody'");
  });

  test('an entity signals another one', async () => {
    await call('POST', '/entities/Counter/first?op=add', 3);
    await call('POST', '/entities/Counter/first?op=forward', 'second');
    await settled();
    expect(await valueOf('second')).toBe(3);
  });

  test('locks of two entities keep everybody else out, whichever way round they are taken', async () => {
    await call('POST', '/entities/Counter/l?op=add', 100);
    await call('POST', '/entities/Counter/r?op=add', 100);
    await settled();
    const before = clock.now();
    const one = await begin('transferring', { from: 'l', to: 'r', amount: 30 });
    const other = await begin('transferring', { from: 'r', to: 'l', amount: 10 });
    const third = await begin('adding', 'l');
    await settled();
    // A signal waits for the lock, too.
    await call('POST', '/entities/Counter/r?op=add', 1000);
    await settled();
    expect([await valueOf('l'), await valueOf('r')]).toEqual([100, 100]);
    // Its signal came to the second entity before the other request for locks did.
    const outputs = [(await finish(one)).output, (await finish(other)).output, (await finish(third)).output];
    expect(outputs.slice(0, 2)).toEqual([
      [100, 100],
      [1130, 70],
    ]);
    expect(Date.parse(String(outputs[2])) - before).toBeGreaterThanOrEqual(MINUTE);
    await settled();
    expect([await valueOf('l'), await valueOf('r')]).toEqual([100 - 30 + 10 + 1, 100 + 30 - 10 + 1000]);
  });

  test.each(['throw', 'return', 'terminate'])('a lock is released when its orchestration ends by %s', async (how) => {
    const owner = await begin('keeping the lock', how);
    const waiting = await begin('keeping the lock', 'return');
    const adding = [await begin('adding', 'k1'), await begin('adding', 'k2')];
    await settled();
    expect((await status(waiting)).runtimeStatus).toBe('Running');
    if (how === 'terminate') {
      // The one that waits for the lock first: it must not get it afterwards.
      await call('POST', `/instances/${waiting}/terminate?reason=enough`);
      await call('POST', `/instances/${owner}/terminate?reason=enough`);
    } else {
      await call('POST', `/instances/${owner}/raiseEvent/end`);
      await call('POST', `/instances/${waiting}/raiseEvent/end`);
    }
    await settled();
    for (const id of [owner, waiting, ...adding]) {
      expect(['Completed', 'Failed', 'Terminated']).toContain((await status(id)).runtimeStatus);
    }
  });

  test('are listed, read and forgotten over the management API', async () => {
    for (const key of ['x', 'y', 'z']) await call('POST', `/entities/Counter/list-${key}?op=add`, 1);
    await settled();
    const all: unknown[] = [];
    let token = '';
    do {
      const page = await call('GET', '/entities/counter?top=2', undefined, { 'x-ms-continuation-token': token });
      all.push(...(page.value as unknown[]));
      token = page.headers['x-ms-continuation-token'] ?? '';
    } while (token !== '');
    expect(all).toContainEqual(
      expect.objectContaining({ entityId: { name: 'counter', key: 'list-y' }, state: 1 }) as unknown,
    );
    expect((await call('DELETE', '/entities/counter/list-y')).status).toBe(200);
    expect((await call('GET', '/entities/counter/list-y')).status).toBe(404);
    expect((await call('DELETE', '/entities/counter/list-y')).status).toBe(404);
    await call('POST', '/entities/counter/list-z?op=delete');
    await settled();
    expect((await call('GET', '/entities/counter/list-z')).status).toBe(404);
    expect((await call('POST', '/entities/nobody/1?op=add', 1)).status).toBe(400);
    await advance(0);
  });
});
