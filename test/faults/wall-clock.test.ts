import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { type Bridge, startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { PROPERTY } from '../support/properties.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { agentEvents, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** The jumps of a machine's date, and the time in which it stands still after each. */
const JUMPS_MS = [DAY_MS, -2 * DAY_MS, DAY_MS, 10 * MINUTE_MS, -10 * MINUTE_MS];

// The date of this process stands still: what measures time by it comes to a halt.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

function jump(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

function expectUndisturbed(bridge: Bridge): void {
  for (const session of bridge.snapshot().sessions) {
    expect(session).toMatchObject({ epoch: 1, state: 'connected', disconnects: {} });
  }
}

// At the same time, since they wait most of theirs; each one's jumps are the others' too.
describe.concurrent('F29 - a date that jumps by a day and by ten minutes, and stands still in between', () => {
  test('costs no connection, no ping and no message', async (scope) => {
    const [local, remote] = [
      await startEmbedded(scope),
      await startInside(scope, 'eventgrid', { settings: { maximumKeepAlive: 1 } }),
    ];
    const proxy = await startFaultProxy(scope, remote);
    const routes = [outward('up', 'up/#'), inward('down', 'down/#')];
    const bridge = await startBridge(scope, { local: local.port, remote: remote.side(proxy.port), routes });
    let pings = 0;
    proxy.swallow('upstream', ({ command }) => command === 'pingreq' && pings++ < 0);
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' });
    for (const [nth, ms] of JUMPS_MS.entries()) {
      const before = pings;
      jump(ms);
      for (const direction of ['up', 'down']) {
        const { port } = direction === 'up' ? local : remote;
        const name = `${direction}${nth}`;
        await startProducer(scope, { port, name, topics: [`${direction}/a`], count: 20 }).done;
      }
      await below.received((nth + 1) * 20);
      await bridge.settled();
      // Both remote sessions ping once per second.
      if (nth < 2) await eventually(() => pings >= before + 2);
    }
    expectUndisturbed(bridge);
    expect(bridge.route('up').counters).toMatchObject({ received: 100, forwarded: 100, dropped: {}, retried: {} });
    expect(agentEvents(remote).map(({ kind }) => kind)).toEqual(['connected', 'connected']);
  });

  test('changes no pause between attempts to connect', async (scope) => {
    const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid')];
    const proxy = await startFaultProxy(scope, remote);
    const config = { local: local.port, remote: remote.side(proxy.port), routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config);
    await proxy.down();
    const attempts = () => bridge.session('remote').connects['ConnectionRefused'] ?? 0;
    for (const ms of JUMPS_MS.slice(0, 2)) {
      const before = attempts();
      jump(ms);
      await eventually(() => attempts() > before);
      expect(Date.parse(bridge.session('remote').retryAt ?? '') - Date.now()).toBeLessThanOrEqual(1_000);
    }
    await proxy.up();
    await bridge.allReady();
    const pauses = bridge.events('Disconnected').map(({ nextDelayMs }) => Number(nextDelayMs));
    expect(pauses.every((pause) => pause >= 0 && pause <= 1_000)).toBe(true);
    const events = remote.emulator?.log.entries().map(({ kind }) => kind);
    expect(events).toEqual(['connected', 'disconnected', 'connected']);
  });

  test('does not count for the expiry of a message, which is reduced by the time it was held', async (scope) => {
    let held = 0;
    const now = () => performance.now() + held;
    const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid')];
    const proxy = await startFaultProxy(scope, remote);
    const config = { local: local.port, remote: remote.side(proxy.port), routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { now, timing: { ackTimeoutMs: 3_600_000 } });
    const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
    await sink.subscribe('up/#');
    await proxy.down();
    await eventually(() => bridge.session('remote').state !== 'connected');
    const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
    for (const seconds of [100_000, 40_000]) {
      const properties = [[PROPERTY.messageExpiryInterval, seconds]] as const;
      await source.publish({ topic: 'up/a', payload: `${seconds}`, qos: 1, properties });
    }
    await eventually(() => bridge.route('up').counters.inflight === 2);
    for (const ms of JUMPS_MS) jump(ms);
    held = 50_000_000;
    await proxy.up();
    await sink.received(1);
    await bridge.settled();
    const expiry = sink.messages[0].properties.find(([id]) => id === PROPERTY.messageExpiryInterval)?.[1];
    // The test itself takes some seconds.
    expect(expiry).toBeGreaterThan(49_900);
    expect(expiry).toBeLessThanOrEqual(50_000);
    expect(bridge.route('up').counters).toMatchObject({ forwarded: 1, dropped: { expired: 1 } });
  });

  test('makes no instance believe that another one died', async (scope) => {
    const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid')];
    const routes = [outward('a', 'up/a'), outward('b', 'up/b')];
    const config = { local: local.port, remote: remote.side(), routes, spec: { bridgeInstances: 2 } };
    const bridges = await Promise.all(
      [0, 1].map((instance) => startBridge(scope, config, { instance, unready: true })),
    );
    const slots = () => bridges.map((bridge) => bridge.snapshot().instances?.slots);
    const apart = () => JSON.stringify(slots()) === '[[0],[1]]';
    await eventually(apart, { describe: slots });
    await Promise.all(bridges.map((bridge) => bridge.allReady()));
    let heartbeats = 0;
    local.broker.events.on('published', ({ topic }) => void (topic.includes('/instances/') && heartbeats++));
    for (const ms of JUMPS_MS.slice(0, 2)) {
      const before = heartbeats;
      jump(ms);
      await eventually(() => heartbeats >= before + 2, { describe: () => heartbeats });
      expect(apart()).toBe(true);
    }
    for (const bridge of bridges) expectUndisturbed(bridge);
  });
});
