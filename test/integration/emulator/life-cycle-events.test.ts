import { describe, expect, onTestFinished, test } from 'vitest';
import type { LifeCycleCloudEvent } from '../../../local/emulator/cloud-events.ts';
import { emulatorConfigSchema } from '../../../local/emulator/config.ts';
import type { EventGridEmulator, Expulsion } from '../../../local/emulator/emulator.ts';
import { createEventWebhook } from '../../../local/emulator/event-webhook.ts';
import { emulatorFromConfig } from '../../../local/emulator/from-config.ts';
import { eventually } from '../../support/eventually.ts';
import { createManualClock, type ManualClock } from '../broker/support/manual-clock.ts';
import { connectRaw, roundTrip } from '../broker/support/raw-client.ts';
import { startEmulator } from './support/emulator.ts';
import { startWebServer, type Answer, type WebServer } from './support/web-server.ts';

const agrees: Answer = (_request, response) => void response.setHeader('webhook-allowed-origin', '*').end();

function eventsOf({ requests }: WebServer): LifeCycleCloudEvent[] {
  return requests.filter(({ method }) => method === 'POST').flatMap(({ body }) => JSON.parse(body));
}

describe('the hook for life-cycle events', () => {
  test('gets each connection and disconnection as a CloudEvent', async () => {
    const seen: LifeCycleCloudEvent[] = [];
    const { emulator, port, clock } = await startEmulator({
      onLifeCycleEvent: (event) => void seen.push(event),
      newId: () => `id ${seen.length}`,
      resourceId: '/subscriptions/x/namespaces/plant',
    });
    await connectRaw(port, 's', { username: 'ann' });
    clock.advance(1_000);
    emulator.disconnect('s');
    const data = {
      namespaceName: 'plant',
      clientAuthenticationName: 'ann',
      clientSessionName: 's',
      sequenceNumber: 1,
    };
    expect(seen).toMatchObject([
      { id: 'id 0', time: '1970-01-01T00:00:00.000Z', source: '/subscriptions/x/namespaces/plant', data },
      { id: 'id 1', time: '1970-01-01T00:00:01.000Z', subject: 'clients/ann/sessions/s', data },
    ]);
  });

  test.each([
    { why: 'ClientAuthenticationError', code: 0x87 },
    { why: 'ClientAuthorizationError', code: 0x87 },
    { why: 'ClientError', code: 0x82 },
    { why: 'IpForbidden', code: 0x87 },
    { why: 'QuotaExceeded', code: 0x97 },
    { why: 'ServerError', code: 0x80 },
    { why: 'ServerInitiatedDisconnect', code: 0x98 },
    { why: 'SessionOverflow', code: 0x97 },
    { why: 'SessionTakenOver', code: 0x8e },
  ] satisfies { why: Expulsion; code: number }[])('says $why when the service is told so', async ({ why, code }) => {
    const seen: LifeCycleCloudEvent[] = [];
    const { emulator, port } = await startEmulator({ onLifeCycleEvent: (event) => void seen.push(event) });
    const client = await connectRaw(port, 's');
    emulator.expel('s', why);
    expect((await client.expect('disconnect')).reasonCode).toBe(code);
    expect(seen[1]).toMatchObject({ data: { sequenceNumber: 1, disconnectionReason: why } });
  });

  test('says ServerError when serving a client fails', async () => {
    const seen: LifeCycleCloudEvent[] = [];
    const { emulator, port } = await startEmulator({
      onLifeCycleEvent: (event) => void seen.push(event),
      authenticator: ({ data, request }) => {
        if (String(data) === 'bad') return Promise.reject(new Error('a defect'));
        return { kind: 'known', name: request.clientId, attributes: {} };
      },
    });
    const method = { authenticationMethod: 'M' };
    const client = await connectRaw(port, 's', { properties: method });
    const ended = emulator.events.next('disconnected');
    client.send({ cmd: 'auth', reasonCode: 0x19, properties: { ...method, authenticationData: Buffer.from('bad') } });
    await ended;
    expect(seen[1]).toMatchObject({ data: { disconnectionReason: 'ServerError' } });
  });
});

describe('a subscriber of life-cycle events', () => {
  async function start(
    answer: Answer,
  ): Promise<{ web: WebServer; emulator: EventGridEmulator; port: number; given: unknown[] }> {
    const web = await startWebServer(answer);
    const config = emulatorConfigSchema.parse({
      settings: { maximumClientSessionsPerAuthenticationName: 10 },
      lifeCycleEvents: {
        source: '/subscriptions/x/namespaces/plant',
        webhook: { url: web.url, bearerToken: 'of the topic', timeoutMs: 2_000 },
      },
    });
    const given: unknown[] = [];
    const emulator = emulatorFromConfig('eventgrid', config, {
      wallClock: () => 0,
      undelivered: (count, detail) => void given.push([count, detail]),
    });
    onTestFinished(() => emulator.close());
    const { port } = await emulator.listen();
    return { web, emulator, port, given };
  }

  test('is asked first, then gets batches in order, the last at the close of the emulator', async () => {
    const { web, emulator, port } = await start(agrees);
    await connectRaw(port, 's1');
    const other = await connectRaw(port, 's2');
    await eventually(() => eventsOf(web).length === 2);
    await roundTrip(other);
    await emulator.close();
    const [asked, first] = web.requests;
    expect(asked).toMatchObject({
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net', authorization: 'Bearer of the topic' },
    });
    expect(first?.headers).toMatchObject({
      'content-type': 'application/cloudevents-batch+json; charset=utf-8',
      'aeg-event-type': 'Notification',
      authorization: 'Bearer of the topic',
    });
    const short = eventsOf(web).map(({ type, data }) => `${data.sequenceNumber} ${type.split('Session')[1]}`);
    expect(short).toEqual(['1 Connected', '2 Connected', '1 Disconnected', '2 Disconnected']);
    expect(web.requests.filter(({ method }) => method === 'OPTIONS')).toHaveLength(1);
  });

  test.each([
    { what: 'does not agree', answer: ((_, response) => void response.end()) satisfies Answer, says: /not allow/ },
    {
      what: 'refuses them',
      answer: ((_, response) => void response.writeHead(404).end()) satisfies Answer,
      says: /404/,
    },
  ])('that $what gets none, and that is reported', async ({ answer, says }) => {
    const { web, port, given } = await start(answer);
    await connectRaw(port, 's');
    await eventually(() => given.length === 1);
    expect(given).toEqual([[1, expect.stringMatching(says)]]);
    expect(eventsOf(web)).toEqual([]);
  });
});

describe('delivery of life-cycle events', () => {
  const event = { id: '1' } as LifeCycleCloudEvent;

  function createHook(web: WebServer): {
    clock: ManualClock;
    given: [number, string][];
    push: () => void;
    close: () => Promise<void>;
  } {
    const clock = createManualClock();
    const given: [number, string][] = [];
    const undelivered = (count: number, detail: string): void => void given.push([count, detail]);
    const hook = createEventWebhook({ url: web.url, timeoutMs: 2_000 }, { clock, undelivered }, [10_000, 30_000]);
    onTestFinished(() => hook.close());
    return { clock, given, push: () => hook.push(event), close: () => hook.close() };
  }
  const unwell: Answer = (request, response) => {
    if (request.method === 'OPTIONS') agrees(request, response);
    else response.writeHead(503).end();
  };
  const posts = (web: WebServer) => web.requests.filter(({ method }) => method === 'POST').length;
  /** Advances time until another attempt has come. */
  async function retry(web: WebServer, clock: ManualClock, ms: number): Promise<void> {
    const before = posts(web);
    await eventually(() => {
      clock.advance(ms);
      return posts(web) > before;
    });
  }

  test('is tried again while the subscriber is not well', async () => {
    const web = await startWebServer(unwell);
    const { clock, given, push } = createHook(web);
    push();
    await eventually(() => posts(web) === 1);
    web.answer = agrees;
    await retry(web, clock, 10_000);
    push();
    await eventually(() => posts(web) === 3);
    expect(given).toEqual([]);
  });

  test('is given up in the end', async () => {
    const web = await startWebServer(unwell);
    const { clock, given, push } = createHook(web);
    push();
    await eventually(() => posts(web) === 1);
    for (const ms of [10_000, 30_000]) await retry(web, clock, ms);
    await eventually(() => given.length === 1);
    expect(given).toEqual([[1, 'the subscriber answered 503']]);
    expect(posts(web)).toBe(3);
  });

  test('does not hold up a close for longer than one attempt', async () => {
    const web = await startWebServer(unwell);
    const { given, push, close } = createHook(web);
    push();
    await eventually(() => posts(web) === 1);
    for (let index = 0; index < 150; index += 1) push();
    await close();
    expect(given.reduce((sum, [count]) => sum + count, 0)).toBe(151);
    expect(posts(web)).toBe(2);
  });

  test('keeps a bounded number of events', async () => {
    const web = await startWebServer(unwell);
    const { given, push } = createHook(web);
    for (let index = 0; index < 10_002; index += 1) push();
    expect(given).toEqual(Array.from({ length: 2 }, () => [1, 'more than 10000 events wait']));
  });
});
