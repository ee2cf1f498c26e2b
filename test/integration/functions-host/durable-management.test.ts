import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { ADDRESS, startEngine, type Status } from '../../support/durable-engine.ts';

const MINUTE = 60_000;

type Context = df.OrchestrationContext;

df.app.activity('echo', { handler: (value: unknown) => value });
df.app.orchestration('echoing', function* (context: Context) {
  const value: unknown = yield context.df.callActivity('echo', context.df.getInput());
  return value;
});
df.app.orchestration('failing', function* (context: Context) {
  yield context.df.callActivity('echo', 1);
  throw new Error('on purpose');
});
df.app.orchestration('waiting', function* (context: Context) {
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + MINUTE));
  const event = context.df.waitForExternalEvent('go');
  const winner: df.Task = yield context.df.Task.any([event, timer]);
  if (winner === event) timer.cancel();
  return winner === event ? event.result : 'timer';
});

const { begin, finish, status, call, advance, settled, engine, clock } = startEngine();
afterAll(() => engine.stop());

describe('durable management API - starting', () => {
  test('answers where the instance is managed', async () => {
    const { status, headers, value } = await call('POST', '/orchestrators/waiting/wait:1', { a: 1 });
    const base = `${ADDRESS.baseUrl}/instances/wait%3A1`;
    expect({ status, location: headers['Location'] }).toEqual({ status: 202, location: `${base}?code=a%20key` });
    expect(value).toEqual({
      id: 'wait:1',
      statusQueryGetUri: `${base}?code=a%20key`,
      sendEventPostUri: `${base}/raiseEvent/{eventName}?code=a%20key`,
      terminatePostUri: `${base}/terminate?reason={text}&code=a%20key`,
      rewindPostUri: `${base}/rewind?reason={text}&code=a%20key`,
      purgeHistoryDeleteUri: `${base}?code=a%20key`,
      restartPostUri: `${base}/restart?code=a%20key`,
      suspendPostUri: `${base}/suspend?reason={text}&code=a%20key`,
      resumePostUri: `${base}/resume?reason={text}&code=a%20key`,
    });
  });

  test('refuses an ID whose instance has not ended, and replaces one that has', async () => {
    await begin('waiting', 1, 'one');
    const { status: refused, body } = await call('POST', '/orchestrators/waiting/one', 2);
    expect([refused, body]).toEqual([409, expect.stringContaining('already exists') as unknown]);
    await settled();
    await call('POST', '/instances/one/raiseEvent/go', 'first');
    expect((await finish('one')).output).toBe('first');
    await begin('echoing', 'second', 'one');
    expect(await finish('one')).toMatchObject({ name: 'echoing', output: 'second' });
  });

  test('the first of twenty starts at once wins', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => call('POST', '/orchestrators/waiting/twenty', index)),
    );
    const [first, ...rest] = answers.map(({ status }) => status);
    expect([first, ...new Set(rest)]).toEqual([202, 409]);
  });

  test.each([
    ['/orchestrators/nobody', '', 400],
    ['/orchestrators/echo', '', 400],
    ['/orchestrators/echoing/@entity', '', 400],
    ['/orchestrators/echoing/a%2Fb', '', 400],
    [`/orchestrators/echoing/${'x'.repeat(101)}`, '', 400],
    ['/orchestrators/echoing?timeout=soon', '', 400],
    ['/orchestrators/%ff', '', 400],
    ['/orchestrators', '', 404],
  ])('refuses to start %s', async (path, body, expected) => {
    expect((await call('POST', path, body)).status).toBe(expected);
  });

  test('refuses a body that is no JSON', async () => {
    const request = { method: 'POST', path: '/orchestrators/echoing', query: new URLSearchParams() };
    const answer = await engine.manage({ ...request, headers: new Headers(), body: '{' }, ADDRESS);
    expect(answer.status).toBe(400);
  });

  test('waits for the end where a time limit is given', async () => {
    expect((await call('POST', '/orchestrators/echoing?timeout=10', { quick: true })).body).toBe('{"quick":true}');
    const failed = await call('POST', '/orchestrators/failing?timeout=10');
    expect([failed.status, (failed.value as Status).runtimeStatus]).toEqual([500, 'Failed']);
    const slow = call('POST', '/orchestrators/waiting?timeout=10');
    await advance(10_000);
    expect((await slow).status).toBe(202);
  });

  test('reaches instances in any case of letters of the path', async () => {
    const id = await begin('waiting');
    expect((await call('POST', `/Instances/${id}/raiseevent/go`, 1)).status).toBe(202);
    expect((await finish(id)).output).toBe(1);
  });
});

describe('durable management API - looking', () => {
  test('tells a running instance from an ended and an unknown one', async () => {
    const id = await begin('waiting');
    await settled();
    expect((await call('GET', `/instances/${id}`)).status).toBe(202);
    await call('POST', `/instances/${id}/raiseEvent/go`);
    await finish(id);
    expect((await call('GET', `/instances/${id}`)).status).toBe(200);
    expect((await call('GET', '/instances/nobody')).status).toBe(404);
    const failed = await begin('failing');
    await finish(failed);
    expect((await call('GET', `/instances/${failed}`)).status).toBe(200);
    expect((await call('GET', `/instances/${failed}?returnInternalServerErrorOnFailure=true`)).status).toBe(500);
  });

  test('shows history, its outputs and the input as asked', async () => {
    const id = await begin('echoing', { a: 1 });
    await finish(id);
    const plain = await status(id, '?showInput=false');
    expect([plain.input, plain.historyEvents]).toEqual([null, undefined]);
    const events = (await status(id, '?showHistory=true')).historyEvents ?? [];
    expect(events.map(({ EventType, FunctionName }) => [EventType, FunctionName])).toEqual([
      ['ExecutionStarted', 'echoing'],
      ['TaskCompleted', 'echo'],
      ['ExecutionCompleted', undefined],
    ]);
    const whole = (await status(id, '?showHistory=true&showHistoryOutput=true')).historyEvents ?? [];
    expect(whole.map(({ Result }) => Result)).toEqual([undefined, { a: 1 }, { a: 1 }]);
  });

  test('lists by status, time and prefix, page by page', async () => {
    await advance(MINUTE);
    const from = new Date(clock.now()).toISOString();
    for (let index = 0; index < 5; index++) await begin('echoing', index, `list-${index}`);
    await begin('waiting', 5, 'list-5');
    await settled();
    const filter = `instanceIdPrefix=list-&createdTimeFrom=${from}&runtimeStatus=Completed,Failed&top=2`;
    const pages: string[][] = [];
    let token = '';
    do {
      const page = await call('GET', `/instances/?${filter}`, undefined, { 'x-ms-continuation-token': token });
      pages.push((page.value as Status[]).map(({ instanceId }) => instanceId));
      token = page.headers['x-ms-continuation-token'] ?? '';
    } while (token !== '');
    expect(pages).toEqual([['list-0', 'list-1'], ['list-2', 'list-3'], ['list-4']]);
    const running = await call('GET', '/instances?runtimeStatus=Running&instanceIdPrefix=list-');
    expect((running.value as Status[]).map(({ instanceId }) => instanceId)).toEqual(['list-5']);
  });

  test.each(['runtimeStatus=Sleeping', 'createdTimeFrom=yesterday', 'top=none', 'top=0'])(
    'refuses the filter %s',
    async (query) => {
      expect((await call('GET', `/instances?${query}`)).status).toBe(400);
    },
  );

  test('says which methods there are', async () => {
    const answer = await call('PUT', '/instances/one');
    expect([answer.status, answer.headers['Allow']]).toEqual([405, 'GET, DELETE']);
    expect((await call('GET', '/instances', undefined, { 'x-ms-continuation-token': 'nonsense' })).status).toBe(400);
  });
});

describe('durable management API - commanding', () => {
  test('terminates', async () => {
    const id = await begin('waiting');
    await settled();
    expect((await call('POST', `/instances/${id}/terminate?reason=enough`)).status).toBe(202);
    await settled();
    expect(await status(id)).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
    for (const command of ['terminate', 'suspend', 'resume', 'raiseEvent/go']) {
      expect([command, (await call('POST', `/instances/${id}/${command}`)).status]).toEqual([command, 410]);
    }
  });

  test('suspends: timers and events wait until it is resumed', async () => {
    const id = await begin('waiting');
    await settled();
    await call('POST', `/instances/${id}/suspend?reason=wait`);
    await settled();
    await call('POST', `/instances/${id}/raiseEvent/go`, 'while suspended');
    await advance(2 * MINUTE);
    expect((await status(id)).runtimeStatus).toBe('Suspended');
    await call('POST', `/instances/${id}/resume`);
    expect((await finish(id)).output).toBe('while suspended');
  });

  test('terminates a suspended instance', async () => {
    const id = await begin('waiting');
    await call('POST', `/instances/${id}/suspend`);
    await settled();
    await call('POST', `/instances/${id}/terminate?reason=now`);
    await settled();
    expect((await status(id)).runtimeStatus).toBe('Terminated');
  });

  test('says plainly that it does not rewind', async () => {
    const id = await begin('failing');
    await finish(id);
    const { status, body } = await call('POST', `/instances/${id}/rewind?reason=again`);
    expect([status, body]).toEqual([501, expect.stringContaining('does not rewind') as unknown]);
  });

  test('restarts with a new ID or its own', async () => {
    const id = await begin('echoing', { again: 1 });
    await finish(id);
    const { id: other } = (await call('POST', `/instances/${id}/restart`)).value as { id: string };
    expect(other).not.toBe(id);
    expect((await finish(other)).output).toEqual({ again: 1 });
    const { createdTime } = await status(id);
    await advance(1000);
    expect((await call('POST', `/instances/${id}/restart?restartWithNewInstanceId=false`)).status).toBe(202);
    const again = await finish(id);
    expect([again.output, again.createdTime > createdTime]).toEqual([{ again: 1 }, true]);
  });

  test('purges one that has ended, and none that has not', async () => {
    const id = await begin('waiting');
    await settled();
    expect((await call('DELETE', `/instances/${id}`)).status).toBe(409);
    await call('POST', `/instances/${id}/terminate`);
    await settled();
    expect((await call('DELETE', `/instances/${id}`)).value).toEqual({ instancesDeleted: 1 });
    expect((await call('GET', `/instances/${id}`)).status).toBe(404);
    expect((await call('DELETE', `/instances/${id}`)).status).toBe(404);
  });

  test('purges by filter', async () => {
    await advance(MINUTE);
    const from = new Date(clock.now()).toISOString();
    await finish(await begin('echoing', 1));
    await finish(await begin('failing'));
    await begin('waiting', 1, 'left');
    const purge = (status: string) => call('DELETE', `/instances?createdTimeFrom=${from}&runtimeStatus=${status}`);
    expect((await call('DELETE', '/instances')).status).toBe(400);
    expect((await purge('Failed')).value).toEqual({ instancesDeleted: 1 });
    expect((await purge('')).value).toEqual({ instancesDeleted: 1 });
    expect((await purge('')).status).toBe(404);
    expect((await call('GET', '/instances/left')).status).toBe(202);
  });

  test.each(['raiseEvent/go', 'terminate', 'suspend', 'resume', 'rewind', 'restart'])(
    'knows no instance to %s',
    async (command) => {
      expect((await call('POST', `/instances/nobody/${command}`)).status).toBe(404);
    },
  );

  test('refuses everything once it has stopped', async () => {
    const other = startEngine();
    await other.engine.stop();
    expect((await other.call('GET', '/instances')).status).toBe(503);
  });
});
