import { describe, expect, type TestContext, test } from 'vitest';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { inward, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { PROPERTY } from '../../support/properties.ts';
import { connectionOf, startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import {
  INSIDE_KINDS,
  localKind,
  REMOTE_KINDS,
  type RemoteKind,
  startInside,
  startRemote,
} from '../../support/remote.ts';
import { startBroker, startEmbedded } from '../../support/test-broker.ts';

async function setStage(scope: TestContext, route: RouteInput, kind: RemoteKind) {
  const [local, { port: remote, side }] = await Promise.all([
    startBroker(scope, localKind(kind)),
    startRemote(scope, kind),
  ]);
  const bridge = await startBridge(scope, { local, remote: side(), routes: [route] });
  const source = await connectRawClient(scope, { port: local, clientId: 'source' });
  const sink = await connectRawClient(scope, { port: remote, clientId: 'sink' });
  await sink.subscribe([{ topic: '#', qos: 2, rap: true }]);
  return { bridge, source, sink, remote };
}

describe.for(INSIDE_KINDS)('the target of a route to %s', (kind) => {
  const rows: [string, RouteInput, string[], string[]][] = [
    ['left out is the topic itself', outward('r', 'a/#'), ['a', 'a/b', 'a//c', 'b/a'], ['a', 'a/b', 'a//c']],
    ['fixed takes all topics together', outward('r', 'a/+', { target: 'one' }), ['a/1', 'a/2', 'a'], ['one', 'one']],
    [
      '${inputTopic} puts something around',
      outward('r', '+/b', { target: 'x/${inputTopic}/y' }),
      ['a/b', '/b'],
      ['x/a/b/y', 'x//b/y'],
    ],
    [
      '${inputTopic.N} takes levels, in any order',
      outward('r', 'a/+/+', { target: '${inputTopic.3}/${inputTopic.2}/z' }),
      ['a/b/c', 'a/1/2'],
      ['c/b/z', '2/1/z'],
    ],
  ];
  test.for(rows)('%s', async ([, route, topics, expected], scope) => {
    const { bridge, source, sink } = await setStage(scope, route, kind);
    for (const topic of topics) await source.publish({ topic, payload: topic, qos: 1 });
    await sink.received(expected.length);
    await bridge.settled();
    expect(sink.messages.map(({ topic }) => topic)).toEqual(expected);
  });

  test('that needs a level which a topic lacks drops that message and says so', async (scope) => {
    const { bridge, source, sink } = await setStage(scope, outward('r', 'a/#', { target: 'x/${inputTopic.3}' }), kind);
    for (const topic of ['a', 'a/b', 'a/b/c']) await source.publish({ topic, payload: '', qos: 1 });
    await sink.received(1);
    await bridge.settled();
    expect(sink.messages.map(({ topic }) => topic)).toEqual(['x/c']);
    expect(bridge.route('r').counters.dropped).toEqual({ unresolved_template: 2 });
  });
});

test.for(INSIDE_KINDS)('topics excluded from a route to %s are left out and counted', async (kind, scope) => {
  const route = outward('r', 'a/#', { excludes: ['a/secret/#', 'a/+/raw'] });
  const { bridge, source, sink } = await setStage(scope, route, kind);
  for (const topic of ['a/1', 'a/secret', 'a/secret/2', 'a/x/raw', 'a/x/raw/3']) {
    await source.publish({ topic, payload: '', qos: 2 });
  }
  await sink.received(2);
  await bridge.settled();
  expect(sink.messages.map(({ topic }) => topic)).toEqual(['a/1', 'a/x/raw/3']);
  expect(bridge.route('r').counters).toMatchObject({ received: 5, forwarded: 2, dropped: { excluded: 3 } });
});

describe('the QoS of a route is a ceiling', () => {
  const rows = (['mosquitto', 'eventgrid'] as const).flatMap((kind) =>
    ([0, 1, 2] as const).map((qos) => ({ kind, qos })),
  );
  test.for(rows)('of $qos to $kind', async ({ kind, qos }, scope) => {
    const { source, sink } = await setStage(scope, outward('r', 'a/#', { qos }), kind);
    for (const sent of [0, 1, 2] as const) await source.publish({ topic: 'a/b', payload: `${sent}`, qos: sent });
    await sink.received(3);
    const seen = Object.fromEntries(sink.messages.map((message) => [message.payload.toString(), message.qos]));
    const most = kind === 'eventgrid' ? 1 : 2;
    expect(seen).toEqual({ 0: 0, 1: Math.min(1, qos), 2: Math.min(most, qos) });
  });
});

describe('the retain flag', () => {
  test.for(REMOTE_KINDS.flatMap((kind) => (['Keep', 'Never'] as const).map((retain) => ({ kind, retain }))))(
    'with $retain at $kind',
    async ({ kind, retain }, scope) => {
      const { bridge, source, sink, remote } = await setStage(scope, outward('r', 'a/#', { retain }), kind);
      await source.publish({ topic: 'a/kept', payload: 'x', qos: 1, retain: true });
      await source.publish({ topic: 'a/live', payload: 'x', qos: 1 });
      await sink.received(2);
      await bridge.settled();
      expect(sink.messages.map((message) => message.retain)).toEqual([retain === 'Keep', false]);
      const late = await connectRawClient(scope, { port: remote, clientId: 'late' });
      await late.subscribe('a/#');
      await sink.publish({ topic: 'a/end', payload: '', qos: 1 });
      await late.received(retain === 'Keep' ? 2 : 1);
      expect(late.messages[0].topic).toBe(retain === 'Keep' ? 'a/kept' : 'a/end');
    },
  );

  test.for(INSIDE_KINDS)('of an empty message clears what %s keeps', async (kind, scope) => {
    const { source, sink, remote } = await setStage(scope, outward('r', 'a/#'), kind);
    await source.publish({ topic: 'a/b', payload: 'x', qos: 1, retain: true });
    await source.publish({ topic: 'a/b', payload: '', qos: 1, retain: true });
    await sink.received(2);
    const late = await connectRawClient(scope, { port: remote, clientId: 'late' });
    await late.subscribe('a/#');
    await sink.publish({ topic: 'a/end', payload: '', qos: 1 });
    await late.received(1);
    expect(late.messages[0].topic).toBe('a/end');
  });
});

describe.for(INSIDE_KINDS)('a message that %s refuses', (kind) => {
  const refusing = (code: number) => ({
    hooks: {
      onPublish: ({ topic }: { topic: string }) => (topic.startsWith('bad') ? { reasonCode: code } : undefined),
    },
  });

  test.for([
    [0x87, 'not_authorized'],
    [0x90, 'topic_refused'],
    [0x99, 'payload_refused'],
    [0x83, undefined],
  ] as const)('with 0x%x is dropped as %s, or tried again, and the next ones pass', async ([code, reason], scope) => {
    let refusals = 0;
    const remote = await startInside(scope, kind, {
      hooks: {
        onPublish: ({ topic }) =>
          topic === 'bad' && (reason !== undefined || refusals++ < 3) ? { reasonCode: code } : undefined,
      },
    });
    const local = await startEmbedded(scope);
    const bridge = await startBridge(scope, { local: local.port, remote: remote.side(), routes: [outward('r', '#')] });
    for (const topic of ['good/1', 'bad', 'good/2']) local.broker.publish({ topic, payload: '', qos: 1 });
    await eventually(() => bridge.route('r').counters.received === 3);
    await bridge.settled();
    const expected = reason
      ? { forwarded: 2, dropped: { [reason]: 1 } }
      : { forwarded: 3, dropped: {}, retried: { transient_refusal: 3 } };
    expect(bridge.route('r').counters).toMatchObject(expected);
    expect(bridge.session('remote').epoch).toBe(1);
  });

  test('goes to the dead-letter topic at the source, with the reason and without loss of its own fields', async (scope) => {
    const remote = await startInside(scope, kind, refusing(0x87));
    const local = await startEmbedded(scope);
    const routes = [outward('r', 'bad/#', { onReject: 'deadLetter' })];
    const bridge = await startBridge(scope, { local: local.port, remote: remote.side(), routes });
    const watcher = await connectRawClient(scope, { port: local.port, clientId: 'watcher' });
    await watcher.subscribe('mqttbridge/#');
    const properties = [
      [PROPERTY.contentType, 'text/plain'],
      [PROPERTY.userProperty, 'k', 'v'],
    ] as const;
    await watcher.publish({ topic: 'bad/1', payload: 'kept', qos: 1, properties });
    await watcher.received(1);
    await bridge.settled();
    const [letter] = watcher.messages;
    expect(letter.topic).toBe('mqttbridge/bridge/dead-letter/r/bad/1');
    expect(letter.payload.toString()).toBe('kept');
    expect(letter.properties).toEqual(expect.arrayContaining([...properties]));
    expect(letter.properties).toContainEqual([PROPERTY.userProperty, 'mqttbridge-reason', 'not_authorized']);
    expect(bridge.route('r').counters).toMatchObject({ received: 1, forwarded: 0, dropped: { dead_lettered: 1 } });
  });

  test('goes to a dead-letter topic of its own', async (scope) => {
    const remote = await startInside(scope, kind, refusing(0x90));
    const local = await startEmbedded(scope);
    const routes = [outward('r', 'bad/#', { qos: 2, onReject: 'deadLetter', deadLetterTopic: 'rejected' })];
    const bridge = await startBridge(scope, { local: local.port, remote: remote.side(), routes });
    const watcher = await connectRawClient(scope, { port: local.port, clientId: 'watcher' });
    await watcher.subscribe('rejected/#');
    await watcher.publish({ topic: 'bad/2', payload: '', qos: 2 });
    await watcher.received(1);
    await bridge.settled();
    expect(watcher.messages[0].topic).toBe('rejected/bad/2');
  });

  test('stops its route with onReject block until the target takes it, and loses nothing', async (scope) => {
    let refusing = true;
    const remote = await startInside(scope, kind, {
      hooks: { onPublish: ({ topic }) => (refusing && topic === 'bad' ? { reasonCode: 0x87 } : undefined) },
    });
    const local = await startEmbedded(scope);
    const routes = [outward('r', 'bad', { onReject: 'block' }), outward('other', 'good/#')];
    const bridge = await startBridge(scope, { local: local.port, remote: remote.side(), routes });
    for (let i = 0; i < 5; i++) local.broker.publish({ topic: 'bad', payload: `${i}`, qos: 1 });
    for (let i = 0; i < 5; i++) local.broker.publish({ topic: 'good/1', payload: `${i}`, qos: 1 });
    await eventually(() => bridge.route('other').counters.forwarded === 5);
    await eventually(() => (bridge.route('r').counters.retried['blocked'] ?? 0) > 5);
    expect(bridge.route('r').counters).toMatchObject({ received: 5, forwarded: 0, inflight: 5, dropped: {} });
    const order: string[] = [];
    remote.broker.events.on(
      'published',
      ({ topic, payload }) => void (topic === 'bad' && order.push(payload.toString())),
    );
    refusing = false;
    await bridge.settled();
    expect(order).toEqual(['0', '1', '2', '3', '4']);
    expect(bridge.route('r').counters.forwarded).toBe(5);
  });

  test('for which the broker closes the connection is found, dropped, and the rest passes', async (scope) => {
    const local = await startEmbedded(scope);
    const remote = await startInside(scope, kind, {
      hooks: { onPublish: ({ topic }) => (topic === 'bad' ? { reasonCode: 0x87, disconnect: true } : undefined) },
    });
    const config = { local: local.port, remote: remote.side(), routes: [outward('r', '#')] };
    const bridge = await startBridge(scope, config);
    const seen: string[] = [];
    remote.broker.events.on('published', ({ payload }) => void seen.push(payload.toString()));
    for (let i = 0; i < 20; i++) local.broker.publish({ topic: i === 7 ? 'bad' : 'good', payload: `${i}`, qos: 1 });
    await eventually(() => bridge.route('r').counters.received === 20);
    await bridge.settled();
    expect(bridge.route('r').counters).toMatchObject({ forwarded: 19, dropped: { not_authorized: 1 } });
    expect(new Set(seen).size).toBe(19);
  });
});

test('a subscription that the source refuses is reported, and asked for again until it is granted', async (scope) => {
  let refusing = true;
  const remote = await startEmbedded(scope, {
    hooks: { onSubscribe: ({ filter }) => (refusing && filter === 'closed/#' ? { reasonCode: 0x87 } : undefined) },
  });
  const local = await startEmbedded(scope);
  const routes = [inward('closed', 'closed/#'), inward('open', 'open/#')];
  const config = { local: local.port, remote: remote.port, routes };
  const bridge = await startBridge(scope, config, { unready: true });
  await eventually(() => bridge.route('open').lanes.ready === 1);
  await eventually(() => bridge.events('SubscribeRefused').length > 0);
  expect(bridge.route('closed').lanes).toEqual({ total: 1, ready: 0 });
  expect(bridge.events('SubscribeRefused')[0]).toMatchObject({
    route: 'closed',
    side: 'remote',
    reason: 'NotAuthorized',
  });
  refusing = false;
  await bridge.allReady();
});

test('a broker is told our limits in CONNECT', async (scope) => {
  const remote = await startRawBroker(scope);
  const local = await startEmbedded(scope);
  const session = { maxInflightMessages: 7, maxPacketBytes: 4096, keepAliveSeconds: 30, expirySeconds: 600 };
  const config = { local: local.port, remote: remote.port, routes: [inward('in', '#')], spec: { session } };
  await startBridge(scope, config);
  const { connect } = await connectionOf(remote, 'agent-in');
  expect(connect).toMatchObject({ clean: false, keepalive: 30 });
  expect(connect.properties).toMatchObject({
    receiveMaximum: 7,
    maximumPacketSize: 4096,
    sessionExpiryInterval: 600,
  });
});

test('a stop while a dead letter waits for its acknowledgement leaves the message with the source and the books even', async (scope) => {
  const local = await startRawBroker(scope, { answer: ({ cmd }) => (cmd === 'publish' ? 'silence' : undefined) });
  const remote = await startEmbedded(scope, { hooks: { onPublish: () => ({ reasonCode: 0x87 }) } });
  const routes = [outward('r', 'bad/#', { onReject: 'deadLetter' })];
  const bridge = await startBridge(scope, { local: local.port, remote: remote.port, routes });
  const source = await connectionOf(local, 'agent-r');
  source.publish({ topic: 'bad/1', payload: 'x', qos: 1 });
  await eventually(() => source.messages.length === 1);
  await bridge.agent.stop(100);
  await bridge.stop();
  expect(bridge.route('r').counters).toMatchObject({
    received: 1,
    forwarded: 0,
    inflight: 0,
    dropped: { returned: 1 },
  });
  expect(source.count('puback')).toBe(0);
});
