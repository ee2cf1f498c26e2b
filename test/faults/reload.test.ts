import { describe, expect, type TestContext, test } from 'vitest';
import type { RouteInput } from '../../shared/resources/topic-map.ts';
import { type BridgeConfig, inward, outward } from '../support/bridge-config.ts';
import { type Bridge, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery, type DeliveryExpectation } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { type Consumer, type Producer, startConsumer, startProducer } from '../support/load.ts';
import { type InsideEnd, type InsideKind, INSIDE_KINDS, startInside, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { type Embedded, startEmbedded } from '../support/test-broker.ts';

/** Messages per second; one session of Event Grid takes 1,000. */
const RATES = { embedded: 1500, eventgrid: 600 } as const;

interface Stage {
  readonly local: Embedded;
  readonly remote: InsideEnd;
  readonly bridge: Bridge;
  readonly config: BridgeConfig;
  readonly moved: Producer;
  readonly above: Consumer;
  readonly below: Consumer;
  /** Puts other routes in place of the changed one while messages flow. */
  readonly reload: (change: Partial<BridgeConfig>) => Promise<void>;
  /** Ends the load and checks that nothing of both routes was lost. */
  readonly finish: (expectation?: DeliveryExpectation) => Promise<void>;
}

const STILL = inward('still', 'still/#');

/** A remote broker whose subscribers get everything the test sends. */
function startAway(scope: TestContext, kind: InsideKind): Promise<InsideEnd> {
  return startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS });
}

/** Two routes under load: `still`, which no change concerns, and the one to be changed. */
async function setStage(scope: TestContext, kind: InsideKind, route: RouteInput): Promise<Stage> {
  const rate = RATES[kind];
  const [local, remote] = await Promise.all([startEmbedded(scope), startAway(scope, kind)]);
  const config: BridgeConfig = { local: local.port, remote: remote.side(), routes: [STILL, route] };
  const bridge = await startBridge(scope, config);
  const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });
  const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'still/#' });
  const moved = startProducer(scope, { port: local.port, name: 'moved', topics: ['moved/a'], rate });
  const still = startProducer(scope, { port: remote.port, name: 'still', topics: ['still/a'], rate });
  await above.received(200);
  return {
    local,
    remote,
    bridge,
    config,
    moved,
    above,
    below,
    async reload(change) {
      await bridge.write({ ...config, ...change });
      await bridge.allReady();
      await above.received(above.log.distinct() + 200);
    },
    async finish(expectation = {}) {
      await Promise.all([moved.stop(), still.stop()]);
      await below.received(still.log.sent.length);
      const downward = checkDelivery(still.log.sent, below.log.received);
      expect(downward.ok, downward.text).toBe(true);
      const own = () => above.log.received.filter(({ producer }) => producer === 'moved');
      await eventually(() => new Set(own().map(({ sequence }) => sequence)).size >= moved.log.sent.length);
      await bridge.settled();
      const upward = checkDelivery(moved.log.sent, own(), expectation);
      expect(upward.ok, upward.text).toBe(true);
      expect(bridge.session('remote', 'still')).toMatchObject({ epoch: 1, disconnects: {} });
      expect(bridge.session('local', 'still')).toMatchObject({ epoch: 1, disconnects: {} });
    },
  };
}

/** Judges a stream that changed its target topic on the way: each number once, on either topic, in order. */
function expectEachOnceOn(stage: Stage, topics: readonly string[], duplicates = 0): void {
  const own = stage.above.log.received.filter(({ producer }) => producer === 'moved');
  const sent = stage.moved.log.sent.map((message) => ({ ...message, topic: 'any' }));
  const received = own.map((message) => ({
    ...message,
    topic: topics.includes(message.topic) ? 'any' : message.topic,
  }));
  const report = checkDelivery(sent, received, { allowDuplicates: duplicates });
  expect(report.ok, report.text).toBe(true);
  expect(new Set(own.map(({ topic }) => topic))).toEqual(new Set(topics));
}

describe.for(INSIDE_KINDS)('F28 - a change under load to %s loses nothing and leaves other routes alone', (kind) => {
  test('when a route gets another target', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    await stage.reload({ routes: [STILL, outward('moved', 'moved/#', { target: 'new/a' })] });
    const { moved, above } = stage;
    await moved.stop();
    await eventually(
      () => above.log.received.filter(({ producer }) => producer === 'moved').length >= moved.log.sent.length,
    );
    expectEachOnceOn(stage, ['moved/a', 'new/a']);
    expect(stage.bridge.session('remote', 'moved').epoch).toBe(1);
    expect(stage.bridge.session('local', 'moved').epoch).toBe(1);
  });

  test('when a route gets a wider source', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    await stage.reload({ routes: [STILL, outward('moved', '+/#', { excludes: ['still/#'] })] });
    await stage.finish({ allowDuplicates: 100 });
    const view = stage.local.broker.sessions().find(({ clientId }) => clientId === 'agent-moved');
    expect(view?.subscriptions).toEqual(['+/#']);
  });

  test('when a route is renamed', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    await stage.reload({ routes: [STILL, outward('renamed', 'moved/#')] });
    // For a moment both names read the source.
    await stage.finish({ allowDuplicates: true, ignoreOrder: true });
    const { local, bridge } = stage;
    await eventually(() => local.broker.sessions().every(({ clientId }) => clientId !== 'agent-moved'));
    expect(bridge.snapshot().routes.map(({ route }) => route)).toEqual(['still', 'renamed']);
  });

  test('when a route gets another QoS', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    await stage.reload({ routes: [STILL, outward('moved', 'moved/#', { qos: 2 })] });
    await stage.finish({ allowDuplicates: 100 });
  });

  test('when routes are added', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    const added = Array.from({ length: 20 }, (_, i) => outward(`added-${i}`, `added/${i}`));
    await stage.reload({ routes: [...stage.config.routes, ...added] });
    stage.local.broker.publish({ topic: 'added/7', payload: 'x', qos: 1 });
    await eventually(() => stage.bridge.route('added-7').counters.forwarded === 1);
    await stage.finish();
    expect(stage.bridge.session('remote', 'moved').epoch).toBe(1);
  });

  test('when a route is removed, which ends its sessions and hands on what its broker had for it', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    const { local, remote, bridge, config } = stage;
    await bridge.write({ ...config, routes: [STILL] });
    const ours = (broker: Embedded) => broker.broker.sessions().filter(({ clientId }) => clientId === 'agent-moved');
    await eventually(() => ours(local).length === 0 && ours(remote).length === 0);
    expect(bridge.snapshot().routes.map(({ route }) => route)).toEqual(['still']);
    expect(bridge.snapshot().sessions.map(({ clientId }) => clientId)).toEqual(['agent-still', 'agent-still']);
    await stage.moved.stop();
    const received = stage.above.log.received.filter(({ producer }) => producer === 'moved');
    const report = checkDelivery(stage.moved.log.sent.slice(0, received.length), received);
    expect(report.ok, report.text).toBe(true);
  });

  test('when the remote endpoint changes', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    const other = await startAway(scope, kind);
    const there = await startConsumer(scope, { port: other.port, clientId: 'there', filters: '#' });
    const { bridge, config, moved, above } = stage;
    await bridge.write({ ...config, remote: other.side() });
    await there.received(200);
    await moved.stop();
    const received = () =>
      [...above.log.received, ...there.log.received].filter(({ producer }) => producer === 'moved');
    const distinct = () => new Set(received().map(({ sequence }) => sequence)).size;
    await eventually(() => distinct() >= moved.log.sent.length);
    await bridge.settled();
    const report = checkDelivery(moved.log.sent, received(), { allowDuplicates: 100 });
    expect(report.ok, report.text).toBe(true);
  });

  test('when only the order of the routes differs, which moves none of them', async (scope) => {
    const stage = await setStage(scope, kind, outward('moved', 'moved/#'));
    const { config, bridge } = stage;
    const { generation } = bridge.snapshot().config;
    await bridge.write({ ...config, routes: config.routes.toReversed() });
    await eventually(() => bridge.snapshot().config.generation === generation + 1);
    await stage.finish();
    expect(bridge.snapshot().sessions.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1]);
  });
});
