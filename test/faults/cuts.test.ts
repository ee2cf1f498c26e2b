import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { createRandom } from '../support/random.ts';
import { BROKER_KINDS, startBroker } from '../support/test-broker.ts';

const COUNT = 2000;
const CUTS = 12;
const WINDOW = 50;

const CASES = BROKER_KINDS.flatMap((kind) =>
  (['v5', 'v3'] as const).flatMap((protocol) => ([1, 2] as const).map((qos) => ({ kind, protocol, qos }))),
);

describe('F06 - connections cut at any moment, on both sides, lose nothing', () => {
  test.for(CASES)('at QoS $qos with $protocol over $kind', async ({ kind, protocol, qos }, scope) => {
    const random = createRandom(0xf06 + qos);
    const version = protocol === 'v5' ? 5 : 4;
    const [local, remote] = await Promise.all([startBroker(scope, kind), startBroker(scope, kind)]);
    const proxies = [await startFaultProxy(scope, { port: local }), await startFaultProxy(scope, { port: remote })];
    // Pieces of any size show whether packets are put together rightly.
    for (const proxy of proxies) proxy.add({ type: 'slicer', average_size: 700, size_variation: 650 });
    const bridge = await startBridge(scope, {
      local: proxies[0].port,
      remote: proxies[1].port,
      routes: [outward('up', 'up/#', { qos }), inward('down', 'down/#', { qos })],
      spec: { protocol, session: { maxInflightMessages: WINDOW } },
    });
    const common = { version, qos } as const;
    const above = await startConsumer(scope, { ...common, port: remote, clientId: 'above', filters: 'up/#' });
    const below = await startConsumer(scope, { ...common, port: local, clientId: 'below', filters: 'down/#' });
    const load = { ...common, count: COUNT, rate: 1500 };
    const up = startProducer(scope, { ...load, port: local, name: 'up', topics: ['up/a', 'up/b'] });
    const down = startProducer(scope, { ...load, port: remote, name: 'down', topics: ['down/a'] });
    for (let cut = 0; cut < CUTS; cut++) {
      await delay(random() * 150);
      proxies[cut % 2].cutAll(random() < 0.5 ? 'reset' : 'close');
    }
    await Promise.all([up.done, down.done, above.received(COUNT), below.received(COUNT)]);
    await bridge.allReady();
    await bridge.settled();
    // At QoS 2 only a source that forgot its session may send a message again.
    const allowDuplicates = qos === 1 ? CUTS * WINDOW : 0;
    const upward = checkDelivery(up.log.sent, above.log.received, { allowDuplicates });
    const downward = checkDelivery(down.log.sent, below.log.received, { allowDuplicates });
    expect(upward.ok, upward.text).toBe(true);
    expect(downward.ok, downward.text).toBe(true);
    expect(bridge.snapshot().sessions.every(({ sessionLost }) => sessionLost === 0)).toBe(true);
  });
});

test('F02 - SIGTERM while the target is away ends at once with 0, and the next process forwards what was left', async (scope) => {
  const [local, remote] = await Promise.all([startBroker(scope, 'mosquitto'), startBroker(scope, 'embedded')]);
  const proxy = await startFaultProxy(scope, { port: remote });
  const { start } = await prepareBridge(scope, { local, remote: proxy.port, routes: [outward('up', 'up/#')] });
  const agent = await start();
  await agent.ready();
  await proxy.down();
  const up = startProducer(scope, { port: local, name: 'up', topics: ['up/a'], count: 500 });
  await up.done;
  await eventually(async () => (await agent.status()).routes[0].counters.inflight === 100);
  expect(await agent.term()).toEqual({ code: 0, signal: null });
  const above = await startConsumer(scope, { port: remote, clientId: 'above', filters: 'up/#' });
  await proxy.up();
  const next = await start();
  await above.received(500);
  await next.term();
  const report = checkDelivery(up.log.sent, above.log.received);
  expect(report.ok, report.text).toBe(true);
});
