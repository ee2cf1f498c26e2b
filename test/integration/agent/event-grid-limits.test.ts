import type { ISubscribePacket } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { inward, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { startInside } from '../../support/remote.ts';
import { startEmbedded } from '../../support/test-broker.ts';

const profile = 'eventgrid';

test('what Event Grid would refuse is not sent, and the policy of the route decides', async (scope) => {
  const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, profile)]);
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: remote.side(),
    routes: [outward('drop', 'drop/#'), outward('bury', 'bury/#', { onReject: 'deadLetter', deadLetterTopic: 'dead' })],
  });
  const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
  await source.subscribe('dead/#');
  const levels = (count: number) => Array.from({ length: count - 1 }, () => 'x').join('/');
  const send = (topic: string, payload: string | Buffer = '', qos: 0 | 1 = 1) =>
    source.publish({ topic, payload, qos });
  await send(`drop/${levels(15)}`);
  await send(`drop/${levels(16)}`);
  await send(`drop/${levels(16)}`, '', 0);
  await send(`drop/${'y'.repeat(251)}`);
  await send(`drop/${'y'.repeat(252)}`);
  await send('drop/large', Buffer.alloc(512 * 1024));
  await send(`bury/${levels(16)}`, 'kept');
  await eventually(() => bridge.route('drop').counters.received === 6 && bridge.route('bury').counters.received === 1);
  await source.received(1);
  await bridge.settled();
  expect(source.messages[0]).toMatchObject({ topic: `dead/bury/${levels(16)}`, payload: Buffer.from('kept') });
  expect(bridge.route('drop').counters).toMatchObject({ forwarded: 2, dropped: { topic_refused: 3, too_large: 1 } });
  expect(bridge.route('bury').counters).toMatchObject({ forwarded: 0, dropped: { dead_lettered: 1 } });
  expect(bridge.session('remote', 'drop')).toMatchObject({
    epoch: 1,
    windowBytes: 65_536,
    limits: { maximumPacketSize: 524_288, maximumTopicBytes: 256, maximumTopicLevels: 15 },
    publishRate: { allowedMessages: 970, allowedBytes: 970_000, throttled: 0 },
  });
  expect(bridge.session('local', 'drop').publishRate).toBeUndefined();
  expect(new Set(remote.emulator?.log.entries().map(({ kind }) => kind))).toEqual(new Set(['connected']));
});

test('a broker that ends the connection because of the rate gets everything, more slowly', async (scope) => {
  let refusals = 0;
  const arrived = new Set<string>();
  const local = await startEmbedded(scope);
  const remote = await startInside(scope, profile, {
    hooks: {
      onPublish: ({ payload }) => {
        if (arrived.size === 20 && refusals++ === 0) return { reasonCode: 0x97, disconnect: true };
        arrived.add(payload.toString());
        return undefined;
      },
    },
  });
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: remote.side(),
    routes: [outward('r', '#')],
  });
  for (let i = 0; i < 50; i++) local.broker.publish({ topic: 'a', payload: `${i}`, qos: 1 });
  await eventually(() => bridge.route('r').counters.forwarded === 50);
  expect(arrived.size).toBe(50);
  const { epoch, publishRate, disconnects } = bridge.session('remote');
  expect({ epoch, disconnects }).toEqual({ epoch: 2, disconnects: { QuotaExceeded: 1 } });
  expect(publishRate?.throttled).toBe(1);
  expect(publishRate?.allowedMessages).toBeLessThan(970);
  expect(bridge.session('local').epoch).toBe(1);
});

test('a broker that refuses publishes because of the rate keeps its connection and gets everything', async (scope) => {
  let refusals = 0;
  const local = await startEmbedded(scope);
  const remote = await startInside(scope, profile, {
    hooks: { onPublish: () => (refusals++ < 5 ? { reasonCode: 0x97 } : undefined) },
  });
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: remote.side(),
    routes: [outward('r', '#')],
  });
  for (let i = 0; i < 30; i++) local.broker.publish({ topic: 'a', payload: `${i}`, qos: 1 });
  await eventually(() => bridge.route('r').counters.forwarded === 30);
  expect(bridge.route('r').counters).toMatchObject({ dropped: {}, retried: { throttled: 5 } });
  expect(bridge.session('remote')).toMatchObject({ epoch: 1, publishRate: { throttled: 5 } });
});

test('filters of one session share SUBSCRIBE packets', async (scope) => {
  const local = await startEmbedded(scope);
  const remote = await startRawBroker(scope);
  const routes = Array.from({ length: 23 }, (_, i) => inward(`r${i}`, `down/${i}`));
  await startBridge(scope, {
    local: local.port,
    remote: { port: remote.port, profile },
    routes,
    spec: { remoteSessions: 'perInstance' },
  });
  const asked = (await remote.connection(0)).packets.filter(
    (packet): packet is ISubscribePacket => packet.cmd === 'subscribe',
  );
  expect(asked.map(({ subscriptions }) => subscriptions.length)).toEqual([10, 10, 3]);
  const filters = asked.flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic));
  expect(filters).toEqual(routes.map(({ source }) => source));
});

test('a client ID connects no more than once per second', async (scope) => {
  const local = await startEmbedded(scope);
  const times: number[] = [];
  const remote = await startRawBroker(scope, {
    answer(packet, _nth, connection) {
      if (packet.cmd !== 'connect') return undefined;
      times.push(performance.now());
      if (times.length < 3) connection.drop();
      return times.length < 3 ? 'silence' : undefined;
    },
  });
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: { port: remote.port, profile },
    routes: [outward('r', 'a')],
  });
  expect(bridge.session('remote')).toMatchObject({ state: 'connected', epoch: 3 });
  expect(times.slice(1).every((time, i) => time - times[i] >= 1000)).toBe(true);
});
