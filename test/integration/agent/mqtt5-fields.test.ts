import { describe, expect, test } from 'vitest';
import { inward, outward } from '../../support/bridge-config.ts';
import { QUICK_TIMING, startBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { PROPERTY, type Property } from '../../support/properties.ts';
import { connectionOf, startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { INSIDE_KINDS, localKind, REMOTE_KINDS, startInside, startRemote, takesQos } from '../../support/remote.ts';
import { startBroker, startEmbedded } from '../../support/test-broker.ts';

const HOPS = 'mqttbridge-hops';
const withoutHops = (properties: readonly Property[]) => properties.filter(([, name]) => name !== HOPS);

const PROPERTIES: readonly Property[] = [
  [PROPERTY.payloadFormatIndicator, 1],
  [PROPERTY.contentType, 'application/json; charset=utf-8'],
  [PROPERTY.responseTopic, 'answers/here'],
  [PROPERTY.correlationData, Buffer.from([0, 1, 2, 255])],
  [PROPERTY.userProperty, 'b', '2'],
  [PROPERTY.userProperty, 'a', '1'],
  [PROPERTY.userProperty, 'b', '2'],
  [PROPERTY.userProperty, 'b', 'another'],
  // Without a limit the hop count of others is none of our business, and stays in its place.
  [PROPERTY.userProperty, HOPS, '7'],
  [PROPERTY.userProperty, '', ''],
  [PROPERTY.userProperty, 'ключ', 'значение 🌉'],
];

describe('the fields of an MQTT 5 message arrive as they were sent', () => {
  const cases = REMOTE_KINDS.flatMap((kind) => ([0, 1, 2] as const).map((qos) => ({ kind, qos })));
  test.for(cases.filter(({ kind, qos }) => takesQos(kind, qos)))(
    'through $kind at QoS $qos',
    async ({ kind, qos }, scope) => {
      const [local, remote] = await Promise.all([startBroker(scope, localKind(kind)), startRemote(scope, kind)]);
      const routes = [outward('up', 'up/#', { qos })];
      await startBridge(scope, { local, remote: remote.side(), routes, spec: { maxHops: 0 } });
      const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
      await sink.subscribe('up/#', qos);
      const source = await connectRawClient(scope, { port: local, clientId: 'source' });
      const payload = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await source.publish({ topic: 'up/a', payload, qos, properties: PROPERTIES });
      await source.publish({ topic: 'up/a', payload: '', qos });
      await sink.received(2);
      const [first, second] = sink.messages;
      const order = (list: readonly Property[]) => [...list].sort(([a], [b]) => a - b);
      expect(first).toMatchObject({ topic: 'up/a', qos, retain: false });
      expect(first.payload).toEqual(payload);
      expect(order(first.properties)).toEqual(order(PROPERTIES));
      expect(second.properties).toEqual([]);
      expect(second.payload.length).toBe(0);
    },
  );
});

test('topic aliases and subscription identifiers of the source do not reach the target', async (scope) => {
  const [remote, local] = await Promise.all([startRawBroker(scope), startRawBroker(scope)]);
  const config = { local: local.port, remote: remote.port, routes: [inward('in', '#')] };
  const bridge = await startBridge(scope, config);
  const source = await connectionOf(remote, 'agent-in');
  const alias = (n: number): Property => [PROPERTY.topicAlias, n];
  const most = source.connect.properties?.topicAliasMaximum ?? 0;
  expect(most).toBeGreaterThan(0);
  source.publish({
    topic: 'a',
    payload: '1',
    qos: 1,
    properties: [alias(1), [PROPERTY.subscriptionIdentifier, 268_435_455]],
  });
  source.publish({ topic: '', payload: '2', qos: 1, properties: [alias(1), [PROPERTY.subscriptionIdentifier, 1]] });
  source.publish({ topic: 'b', payload: '3', qos: 0, properties: [alias(1)] });
  source.publish({ topic: '', payload: '4', qos: 0, properties: [alias(1)] });
  source.publish({ topic: 'c', payload: '5', qos: 2, properties: [alias(most)] });
  source.publish({ topic: '', payload: '6', qos: 2, properties: [alias(most)] });
  const target = await connectionOf(local, 'agent-in');
  await eventually(() => target.messages.length === 6);
  await bridge.settled();
  const byPayload = [...target.messages].sort((a, b) => Number(a.payload) - Number(b.payload));
  expect(byPayload.map(({ topic }) => topic)).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  for (const { properties } of target.messages) expect(withoutHops(properties)).toEqual([]);
});

describe('the message expiry', () => {
  test.for(INSIDE_KINDS)('is passed on unchanged to %s when the message is not held', async (kind, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    await startBridge(scope, { local: local.port, remote: remote.side(), routes: [outward('up', '#')] });
    const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
    await sink.subscribe('#');
    const expiry: Property = [PROPERTY.messageExpiryInterval, 3600];
    await sink.publish({ topic: 'warm', payload: '' });
    const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
    await source.publish({ topic: 'a', payload: 'x', qos: 1, properties: [expiry] });
    await sink.received(2);
    expect(sink.messages[1].properties).toContainEqual(expiry);
  });

  test('is reduced by the seconds held while the target is away, and a message that expires is dropped', async (scope) => {
    let skipped = 0;
    const now = () => performance.now() + skipped;
    const local = await startRawBroker(scope);
    const remote = await startRawBroker(scope);
    const proxy = await startFaultProxy(scope, remote);
    const bridge = await startBridge(
      scope,
      { local: local.port, remote: proxy.port, routes: [outward('up', '#')] },
      { now, timing: { ...QUICK_TIMING, ackTimeoutMs: 3_600_000 } },
    );
    const source = await connectionOf(local, 'agent-up');
    await proxy.down();
    await eventually(() => bridge.session('remote').state !== 'connected');
    for (const seconds of [100, 30, 31, 4_294_967_295]) {
      source.publish({ topic: 'a', payload: '', qos: 1, properties: [[PROPERTY.messageExpiryInterval, seconds]] });
    }
    source.publish({ topic: 'a', payload: '', qos: 1 });
    await eventually(() => bridge.route('up').counters.inflight === 5);
    skipped = 30_500;
    await proxy.up();
    const target = await connectionOf(remote, 'agent-up', 1);
    await eventually(() => target.messages.length === 4);
    await bridge.settled();
    const expiries = target.messages.map(({ properties }) => properties.find(([id]) => id === 2)?.[1]);
    expect(expiries).toEqual([70, 1, 4_294_967_265, undefined]);
    expect(bridge.route('up').counters).toMatchObject({ forwarded: 4, dropped: { expired: 1 } });
    await eventually(() => source.count('puback') === 5);
  });
});

test.for(INSIDE_KINDS)(
  'MQTT 5 properties have no way through a connector of MQTT 3.1.1 to %s, the message has',
  async (kind, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    const routes = [outward('up', '#')];
    await startBridge(scope, { local: local.port, remote: remote.side(), routes, spec: { protocol: 'v3' } });
    const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
    await sink.subscribe('#');
    const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
    await source.publish({ topic: 'a', payload: 'x', qos: 1, properties: PROPERTIES });
    await sink.received(1);
    expect(sink.messages[0]).toMatchObject({ topic: 'a', properties: [] });
  },
);

test.for(INSIDE_KINDS)(
  'each bridge to %s counts itself in a user property behind those of the message',
  async (kind, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    await startBridge(scope, { local: local.port, remote: remote.side(), routes: [outward('up', '#')] });
    const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
    await sink.subscribe('#');
    const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
    await source.publish({ topic: 'a', payload: 'x', qos: 1, properties: [[PROPERTY.userProperty, 'k', 'v']] });
    await sink.received(1);
    expect(sink.messages[0].properties).toEqual([
      [PROPERTY.userProperty, 'k', 'v'],
      [PROPERTY.userProperty, HOPS, '1'],
    ]);
  },
);
