import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createScope } from '../../support/scope.ts';
import { seen } from '../../support/functions-app/seen.ts';
import { type Sample, startSample } from './start-sample.ts';

const scope = createScope();
let host: Sample;

beforeAll(async () => {
  host = await startSample(scope);
  return () => scope.close();
});

beforeEach(() => {
  seen.events.length = 0;
  host.engine.requests.length = 0;
});

describe('the durable management API', () => {
  const path = '/runtime/webhooks/durabletask/instances/Health-1/raiseEvent/wake';

  test.each(['', '?code=', '?code=wrong'])('is closed to a request with "%s"', async (query) => {
    expect((await fetch(`${host.url}${path}${query}`, { method: 'POST' })).status).toBe(401);
    expect(host.engine.requests).toEqual([]);
  });

  test.each(['durabletask_extension', 'master'] as const)(
    'is open to the key %s, which the engine does not see',
    async (name) => {
      const url = `${host.url}${path}?code=${host.secrets[name]}&x=1`;
      const response = await fetch(url, { method: 'POST', body: '{"a":1}', headers: { 'x-own': 'yes' } });
      expect([response.status, await response.json()]).toEqual([202, { id: 'wake' }]);
      const [request] = host.engine.requests;
      expect(request).toMatchObject({ method: 'POST', path: '/instances/Health-1/raiseEvent/wake', body: '{"a":1}' });
      expect([request?.query.toString(), request?.headers.get('X-Own'), request?.headers.get('none')]).toEqual([
        'x=1',
        'yes',
        null,
      ]);
    },
  );

  test('is what the client of durable-functions speaks to, from inside a function', async () => {
    const response = await fetch(`${host.url}/api/twice/t1`, { method: 'POST', body: '{"n":4}' });
    expect(response.status).toBe(202);
    const { instance, links } = (await response.json()) as { instance: string; links: Record<string, string> };
    expect(instance).toBe('t1');
    expect(links['statusQueryGetUri']).toMatch(`${host.url}/runtime/webhooks/durabletask/instances/t1?code=`);
    expect(host.engine.requests).toMatchObject([{ method: 'POST', path: '/orchestrators/twice/t1', body: '{"n":4}' }]);
  });
});

describe('the app as the durable engine sees it', () => {
  test('has names by trigger', () => {
    const runner = host.engine.runner();
    expect(runner.names('orchestrationTrigger')).toEqual(['twice']);
    expect(runner.names('activityTrigger')).toEqual(['double', 'failing']);
    expect(runner.names('entityTrigger')).toEqual(['counter']);
  });

  test('runs an activity, whose number comes back as JSON', async () => {
    expect(await host.engine.runner().run('double', { string: '21' })).toEqual({ json: '42' });
  });

  test('rejects with what an activity threw', async () => {
    await expect(host.engine.runner().run('failing', { string: '"x"' })).rejects.toThrow('cannot x');
  });

  test('replays an orchestrator by the protocol of the extension', async () => {
    const at = new Date(0).toISOString();
    const started = { EventId: -1, IsPlayed: false, Timestamp: at };
    const input = {
      history: [
        { ...started, EventType: 12 },
        { ...started, EventType: 0, Name: 'twice', Input: '4' },
      ],
      input: 4,
      instanceId: 't',
      isReplaying: false,
      upperSchemaVersion: 1,
      upperSchemaVersionNew: 3,
      longRunningTimerIntervalDuration: '3.00:00:00',
      maximumShortTimerDuration: '6.00:00:00',
    };
    const given = await host.engine.runner().run('twice', { string: JSON.stringify(input) });
    const state = JSON.parse(given?.json ?? given?.string ?? '') as object;
    expect(state).toMatchObject({ isDone: false, actions: [[{ actionType: 0, functionName: 'double', input: 4 }]] });
  });
});

describe('the Event Grid webhook', () => {
  const url = (name = 'onEvent', key: string = host.secrets.eventgrid_extension) =>
    `${host.url}/runtime/webhooks/eventgrid?functionName=${name}&code=${key}`;
  const post = (body: unknown, headers: Record<string, string> = {}, to = url()) =>
    fetch(to, { method: 'POST', body: JSON.stringify(body), headers });
  const cloudEvent = (id: string, data: object = {}) => ({
    specversion: '1.0',
    type: 'Microsoft.EventGrid.MQTTClientSessionConnected',
    source: '/namespaces/ns',
    subject: 'clients/edge',
    id,
    data,
  });

  test('is closed without its key', async () => {
    expect((await post([], {}, url('onEvent', 'wrong'))).status).toBe(401);
    expect((await post([], {}, url('onEvent', host.secrets.functions))).status).toBe(401);
  });

  test('knows functions with an Event Grid trigger only', async () => {
    expect((await post([cloudEvent('1')], {}, url('echo'))).status).toBe(404);
    expect((await post([cloudEvent('1')], {}, url(''))).status).toBe(404);
  });

  test('shakes hands by SubscriptionValidation', async () => {
    const response = await post([{ id: '1', data: { validationCode: 'abc' } }], {
      'aeg-event-type': 'SubscriptionValidation',
    });
    expect([response.status, await response.json()]).toEqual([200, { validationResponse: 'abc' }]);
    expect(seen.events).toEqual([]);
  });

  test('shakes hands as CloudEvents want it', async () => {
    const response = await fetch(url(), {
      method: 'OPTIONS',
      headers: { 'WebHook-Request-Origin': 'eventgrid.azure.net' },
    });
    expect([response.status, response.headers.get('WebHook-Allowed-Origin')]).toEqual([200, 'eventgrid.azure.net']);
    expect((await fetch(url(), { method: 'OPTIONS' })).status).toBe(400);
  });

  test('calls the function once per event of a batch', async () => {
    const response = await post([cloudEvent('1', { a: 1 }), cloudEvent('2')], { 'aeg-event-type': 'Notification' });
    expect(response.status).toBe(202);
    expect(seen.events).toMatchObject([
      { event: cloudEvent('1', { a: 1 }), metadata: { data: { a: 1 } } },
      { event: cloudEvent('2') },
    ]);
  });

  test('takes one event without a batch', async () => {
    expect((await post(cloudEvent('3'), { 'content-type': 'application/cloudevents+json' })).status).toBe(202);
    expect(seen.events).toHaveLength(1);
  });

  test('fails a batch of which one event fails, so that it comes again', async () => {
    expect((await post([cloudEvent('4'), cloudEvent('5', { fail: true })])).status).toBe(500);
    expect(seen.events).toHaveLength(1);
    expect(host.logger.lines).toContainEqual(expect.objectContaining({ evt: 'FunctionFailed', function: 'onEvent' }));
  });

  test('takes the message about the end of a subscription for no event', async () => {
    expect((await post([{}], { 'aeg-event-type': 'Unsubscribe' })).status).toBe(202);
    expect(seen.events).toEqual([]);
  });

  test.each(['', 'no JSON', '7', '[7]', '[null]'])('refuses the body "%s"', async (body) => {
    expect((await fetch(url(), { method: 'POST', body })).status).toBe(400);
  });

  test('takes no other method', async () => {
    expect((await fetch(url())).status).toBe(405);
  });
});
