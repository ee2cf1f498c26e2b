import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { INSIDE_KINDS, startInside, startRemote } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const LOADS = [
  { kind: 'mosquitto', qos: 2, upRate: 2000, downRate: 500, up: 300, down: 100, rounds: 3 },
  { kind: 'eventgrid', qos: 1, upRate: 60, downRate: 30, up: 40, down: 20, rounds: 2 },
] as const;

test.for(LOADS)(
  'F02 - SIGTERM under load to $kind ends the agent with 0 and neither loses nor repeats a message',
  async (load, scope) => {
    const { kind, qos } = load;
    const [local, remote] = await Promise.all([startMosquitto(scope), startRemote(scope, kind)]);
    const { start } = await prepareBridge(scope, {
      local: local.port,
      remote: remote.side(),
      routes: [outward('up', 'up/#'), inward('down', 'down/#', { qos })],
    });
    let agent = await start();
    await agent.ready();
    const [above, below] = await Promise.all([
      startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' }),
      startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#', qos }),
    ]);
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], rate: load.upRate });
    const down = startProducer(scope, {
      port: remote.port,
      name: 'down',
      topics: ['down/a'],
      qos,
      rate: load.downRate,
    });

    for (let round = 1; round <= load.rounds; round++) {
      await Promise.all([
        above.received(above.log.distinct() + load.up),
        below.received(below.log.distinct() + load.down),
      ]);
      expect(await agent.term()).toEqual({ code: 0, signal: null });
      agent = await start();
      await agent.ready();
    }
    await Promise.all([up.stop(), down.stop()]);
    await Promise.all([above.received(up.log.sent.length), below.received(down.log.sent.length)]);

    const upward = checkDelivery(up.log.sent, above.log.received);
    const downward = checkDelivery(down.log.sent, below.log.received);
    expect(upward.ok, upward.text).toBe(true);
    expect(downward.ok, downward.text).toBe(true);
  },
);

test.for(INSIDE_KINDS)(
  'F02 - an agent told to stop does not wait for a change that %s being away holds up',
  async (kind, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    const proxy = await startFaultProxy(scope, remote);
    const config = { local: local.port, remote: remote.side(proxy.port), routes: [inward('old', 'down/#')] };
    const bridge = await startBridge(scope, config);
    await proxy.down();
    await eventually(() => bridge.session('remote').state !== 'connected');
    void bridge.write({ ...config, routes: [inward('new', 'down/#')] }).catch(() => undefined);
    await eventually(() => bridge.snapshot().sessions.length === 4);
    let stopped = false;
    void bridge.stop().then(() => (stopped = true));
    await eventually(() => stopped, { deadlineMs: 7_000 });
  },
);
