import { describe, expect, type TestContext, test } from 'vitest';
import { DEFAULT_TIMING } from '../../agent/session/timing.ts';
import type { EmulatorEvent } from '../../local/emulator/life-cycle.ts';
import { type BridgeConfig, inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { encodeAck } from '../support/codec.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startProducer } from '../support/load.ts';
import { connectionOf, startRawBroker } from '../support/raw-broker.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { agentEvents, type InsideEnd, type RemoteOptions, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { createManualClock } from '../integration/broker/support/manual-clock.ts';

/** A bridge to Event Grid over a line that can be cut. */
async function setStage(
  scope: TestContext,
  config: Pick<BridgeConfig, 'routes' | 'spec'>,
  options: RemoteOptions = {},
) {
  const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, 'eventgrid', options)]);
  const proxy = await startFaultProxy(scope, remote);
  const bridge = await startBridge(scope, { ...config, local: local.port, remote: remote.side(proxy.port) });
  const sink = await connectRawClient(scope, { port: local.port, clientId: 'sink' });
  await sink.subscribe('in/#');
  return { local, remote, proxy, bridge, sink };
}

/** What Event Grid noted about the agent's sessions, in its own words. */
function storyOf(remote: InsideEnd): readonly string[] {
  return agentEvents(remote).map(wordOf);
}

function wordOf(event: EmulatorEvent): string {
  if (event.kind === 'disconnected') return event.disconnectionReason;
  if (event.kind === 'sessionDropped') return event.dropReason;
  return event.kind === 'throttled' ? event.throttleType : event.kind;
}

const IN = { routes: [inward('in', 'in/#')] };

describe.concurrent('F13 - a session that Event Grid ended', () => {
  test('because its queue ran over while the agent was away is reported as lost, and subscribed anew', async (scope) => {
    const { remote, proxy, bridge, sink } = await setStage(scope, IN);
    await proxy.down();
    await eventually(() => remote.broker.sessions().every(({ connected }) => !connected));
    for (let i = 0; i <= 100; i++) remote.broker.publish({ topic: 'in/a', payload: `${i}`, qos: 1 });
    expect(storyOf(remote)).toEqual(['connected', 'ConnectionLost', 'SessionOverflow']);
    await proxy.up();
    await bridge.allReady();
    remote.broker.publish({ topic: 'in/a', payload: 'next', qos: 1 });
    await sink.received(1);
    expect(sink.messages.map(({ payload }) => payload.toString())).toEqual(['next']);
    expect(bridge.session('remote').sessionLost).toBe(1);
    expect(bridge.events('SessionLost')).toMatchObject([{ clientId: 'agent-in', side: 'remote' }]);
  });

  test('because its queue ran over while the agent waited for its target is reported, and nothing received is lost', async (scope) => {
    let silent = true;
    const remote = await startInside(scope, 'eventgrid');
    const local = await startRawBroker(scope, {
      answer: ({ cmd }) => (silent && cmd === 'publish' ? 'silence' : undefined),
    });
    const bridge = await startBridge(scope, { ...IN, local: local.port, remote: remote.side() });
    const target = await connectionOf(local, 'agent-in');
    for (let i = 0; i <= 200; i++) remote.broker.publish({ topic: 'in/a', payload: `${i}`, qos: 1 });
    await eventually(() => bridge.session('remote').epoch === 2);
    await bridge.allReady();
    expect(storyOf(remote)).toEqual(['connected', 'SessionOverflow', 'SessionOverflow', 'connected']);
    silent = false;
    const acknowledged: number[] = [];
    remote.broker.events.on('acknowledged', ({ reasonCode }) => void acknowledged.push(reasonCode));
    for (const { packetId } of target.messages) target.send(encodeAck('puback', packetId));
    remote.broker.publish({ topic: 'in/a', payload: 'next', qos: 1 });
    await bridge.settled();
    await eventually(() => acknowledged.length === 1);
    const payloads = target.messages.map(({ payload }) => payload.toString());
    expect(payloads).toEqual([...Array.from({ length: 100 }, (_, i) => `${i}`), 'next']);
    expect(bridge.session('remote')).toMatchObject({ sessionLost: 1, disconnects: { QuotaExceeded: 1 } });
    // Acknowledgements of the lost session went nowhere.
    expect(storyOf(remote)).toHaveLength(4);
  });

  test('because nobody came for longer than it keeps sessions is reported as lost, and subscribed anew', async (scope) => {
    const clock = createManualClock();
    const config = { ...IN, spec: { session: { expirySeconds: 86_400, keepAliveSeconds: 65_535 } } };
    const { remote, proxy, bridge, sink } = await setStage(scope, config, { clock });
    expect(bridge.session('remote').limits?.sessionExpiry).toBe(3_600);
    expect(bridge.events('SessionExpiryShortened')).toMatchObject([
      { side: 'remote', askedSeconds: 86_400, grantedSeconds: 3_600 },
    ]);
    await proxy.down();
    await eventually(() => remote.broker.sessions().every(({ connected }) => !connected));
    clock.advance(3_600_000 - 1);
    expect(remote.broker.sessions()).toHaveLength(1);
    clock.advance(1);
    expect(storyOf(remote)).toEqual(['connected', 'ConnectionLost', 'SessionExpiry']);
    await proxy.up();
    await bridge.allReady();
    remote.broker.publish({ topic: 'in/a', payload: 'next', qos: 1 });
    await sink.received(1);
    expect(bridge.session('remote').sessionLost).toBe(1);
  });
});

describe.concurrent('F11 - what Event Grid says in CONNACK', () => {
  test('is taken over: keep alive, aliases, window and sizes', async (scope) => {
    const spec = { session: { keepAliveSeconds: 3_600, maxInflightMessages: 5_000 } };
    const { bridge, remote, proxy, local } = await setStage(scope, { routes: [outward('up', 'up/#')], spec });
    expect(bridge.session('remote')).toMatchObject({
      limits: {
        keepAlive: 1_160,
        topicAliasMaximum: 10,
        receiveMaximum: 1_000,
        maximumPacketSize: 524_288,
        maximumQos: 1,
      },
      windowMessages: 1_000,
      windowBytes: 65_536,
    });
    proxy.cutAll();
    const topics = Array.from({ length: 30 }, (_, i) => `up/${i}`);
    const producer = startProducer(scope, { port: local.port, name: 'p', topics, size: 4_000, count: 150 });
    await producer.done;
    await eventually(() => bridge.route('up').counters.forwarded === 150);
    expect(storyOf(remote)).toEqual(['connected', 'ConnectionLost', 'connected']);
  });

  test('is kept by pings', async (scope) => {
    const { proxy, bridge, remote } = await setStage(scope, IN, { settings: { maximumKeepAlive: 1 } });
    let pings = 0;
    proxy.swallow('upstream', ({ command }) => command === 'pingreq' && pings++ < 0);
    await eventually(() => pings === 2);
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, limits: { keepAlive: 1 } });
    expect(storyOf(remote)).toEqual(['connected']);
  });

  test('about its Receive Maximum is never exceeded, and all messages arrive', async (scope) => {
    const config = { routes: [outward('up', 'up/#')] };
    const { remote, bridge, local } = await setStage(scope, config, { settings: { receiveMaximum: 3 } });
    expect(bridge.session('remote').windowMessages).toBe(3);
    const producer = startProducer(scope, { port: local.port, name: 'p', topics: ['up/a'], count: 300 });
    await producer.done;
    await eventually(() => bridge.route('up').counters.forwarded === 300);
    expect(storyOf(remote)).toEqual(['connected']);
  });
});

test('nothing that is wrong with a message is ever said to Event Grid, which would end the connection over it', async (scope) => {
  const remote = await startInside(scope, 'eventgrid');
  const local = await startEmbedded(scope, {
    profile: { maximumPacketSize: 4_096 },
    hooks: { onPublish: ({ topic }) => (topic === 'in/refused' ? { reasonCode: 0x87 } : undefined) },
  });
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: remote.side(),
    routes: [
      inward('in', 'in/#', { excludes: ['in/out'] }),
      inward('level', 'level/#', { target: 'x/${inputTopic.3}' }),
    ],
    spec: { maxHops: 1 },
  });
  const codes: number[] = [];
  remote.broker.events.on('acknowledged', ({ reasonCode }) => void codes.push(reasonCode));
  const source = await connectRawClient(scope, { port: remote.port, clientId: 'source' });
  const hops = [[0x26, 'mqttbridge-hops', '1']] as const;
  await source.publish({ topic: 'in/refused', payload: 'x', qos: 1 });
  await source.publish({ topic: 'in/large', payload: Buffer.alloc(5_000), qos: 1 });
  await source.publish({ topic: 'in/out', payload: 'x', qos: 1 });
  await source.publish({ topic: 'in/loop', payload: 'x', qos: 1, properties: hops });
  await source.publish({ topic: 'level/1', payload: 'x', qos: 1 });
  await source.publish({ topic: 'in/fine', payload: 'x', qos: 1 });
  await eventually(() => codes.length === 6);
  expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
  expect(bridge.route('in').counters).toMatchObject({
    forwarded: 1,
    dropped: { not_authorized: 1, too_large: 1, excluded: 1, loop: 1 },
  });
  expect(bridge.route('level').counters.dropped).toEqual({ unresolved_template: 1 });
  expect(storyOf(remote)).toEqual(['connected', 'connected']);
});

test.concurrent.for([0x98, 0x8b, 0x89, 0x88] as const)(
  'an operational DISCONNECT of Event Grid with %i costs a reconnect and no message',
  async (code, scope) => {
    const { remote, bridge, sink } = await setStage(scope, IN);
    for (let i = 0; i < 50; i++) remote.broker.publish({ topic: 'in/a', payload: `${i}`, qos: 1 });
    remote.broker.disconnect('agent-in', code);
    for (let i = 50; i < 100; i++) remote.broker.publish({ topic: 'in/a', payload: `${i}`, qos: 1 });
    await eventually(() => new Set(sink.messages.map(({ payload }) => payload.toString())).size === 100);
    expect(storyOf(remote)).toEqual(['connected', 'ServerInitiatedDisconnect', 'connected']);
    expect(bridge.session('remote')).toMatchObject({ epoch: 2, sessionLost: 0 });
  },
);

test('more subscriptions than Event Grid grants one session are reported, and the others are read', async (scope) => {
  const routes = Array.from({ length: 52 }, (_, i) => inward(`r${i}`, `in/${i}`));
  const remote = await startInside(scope, 'eventgrid');
  const local = await startEmbedded(scope);
  const config = { local: local.port, remote: remote.side(), routes, spec: { remoteSessions: 'perInstance' } } as const;
  const bridge = await startBridge(scope, config, { unready: true });
  const ready = () => bridge.snapshot().routes.filter(({ lanes }) => lanes.ready === 1).length;
  await eventually(() => ready() === 50, { describe: ready });
  await eventually(() => bridge.events('SubscribeRefused').length >= 2);
  const refused = bridge.snapshot().routes.filter(({ lanes }) => lanes.ready === 0);
  expect(refused.map(({ fault }) => fault?.reason)).toEqual(['QuotaExceeded', 'QuotaExceeded']);
  for (const i of [0, 49]) remote.broker.publish({ topic: `in/${i}`, payload: 'x', qos: 1 });
  await eventually(() => bridge.route('r0').counters.forwarded + bridge.route('r49').counters.forwarded === 2);
  expect(storyOf(remote)).not.toContain('SubscribeOperationsPerConnection');
  expect(bridge.session('remote').epoch).toBe(1);
});

test('an agent started a moment after another one with its client ID is let in a second later', async (scope) => {
  const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid')];
  const before = await connectRawClient(scope, { port: remote.port, clientId: 'agent-up' });
  await before.disconnect();
  const config = { local: local.port, remote: remote.side(), routes: [outward('up', 'up/#')] };
  const timing = { reconnect: DEFAULT_TIMING.reconnect };
  const bridge = await startBridge(scope, config, { unready: true, timing });
  await bridge.allReady();
  expect(storyOf(remote)).toEqual([
    'connected',
    'ClientInitiatedDisconnect',
    'TransientSession',
    'ConnectPacketsPerSession',
    'refused',
    'connected',
  ]);
  expect(Number(bridge.events('Disconnected')[0].nextDelayMs)).toBeLessThanOrEqual(1_000);
});
