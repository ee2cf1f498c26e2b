import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { createRandom } from '../support/random.ts';
import {
  INSIDE_KINDS,
  localKind,
  REMOTE_KINDS,
  type RemoteKind,
  startInside,
  startRemote,
  SWIFT_SUBSCRIBERS,
  takesQos,
} from '../support/remote.ts';
import { startBroker } from '../support/test-broker.ts';

const WINDOW = 50;
const QUICK = { count: 2000, rate: 1500, cuts: 12, pauseMs: 150 };
/** Event Grid keeps 100 messages for who is away, and lets nobody come back within a second. */
const SLOW = { count: 100, rate: 25, cuts: 6, pauseMs: 600 };

const CASES = REMOTE_KINDS.flatMap((kind) =>
  (['v5', 'v3'] as const).flatMap((protocol) => ([1, 2] as const).map((qos) => ({ kind, protocol, qos }))),
).filter(({ kind, qos }) => takesQos(kind, qos));

interface Case {
  readonly kind: RemoteKind;
  readonly protocol: 'v5' | 'v3';
  readonly qos: 1 | 2;
}

async function cutAnywhere({ kind, protocol, qos }: Case, scope: TestContext): Promise<void> {
  const random = createRandom(0xf06 + qos);
  const version = protocol === 'v5' ? 5 : 4;
  const { count, rate, cuts, pauseMs } = kind === 'eventgrid' ? SLOW : QUICK;
  const [local, remote] = await Promise.all([startBroker(scope, localKind(kind)), startRemote(scope, kind)]);
  const proxies = [await startFaultProxy(scope, { port: local }), await startFaultProxy(scope, remote)];
  // Pieces of any size show whether packets are put together rightly.
  for (const proxy of proxies) proxy.add({ type: 'slicer', average_size: 700, size_variation: 650 });
  const bridge = await startBridge(scope, {
    local: proxies[0].port,
    remote: remote.side(proxies[1].port),
    routes: [outward('up', 'up/#', { qos }), inward('down', 'down/#', { qos })],
    spec: { protocol, session: { maxInflightMessages: WINDOW } },
  });
  const common = { version, qos } as const;
  const above = await startConsumer(scope, { ...common, port: remote.port, clientId: 'above', filters: 'up/#' });
  const below = await startConsumer(scope, { ...common, port: local, clientId: 'below', filters: 'down/#' });
  const load = { ...common, count, rate };
  const up = startProducer(scope, { ...load, port: local, name: 'up', topics: ['up/a', 'up/b'] });
  const down = startProducer(scope, { ...load, port: remote.port, name: 'down', topics: ['down/a'] });
  for (let cut = 0; cut < cuts; cut++) {
    await delay(random() * pauseMs);
    proxies[cut % 2].cutAll(random() < 0.5 ? 'reset' : 'close');
  }
  await Promise.all([up.done, down.done, above.received(count), below.received(count)]);
  await bridge.allReady();
  await bridge.settled();
  // At QoS 2 only a source that forgot its session may send a message again.
  const allowDuplicates = qos === 1 ? cuts * WINDOW : 0;
  const upward = checkDelivery(up.log.sent, above.log.received, { allowDuplicates });
  const downward = checkDelivery(down.log.sent, below.log.received, { allowDuplicates });
  expect(upward.ok, upward.text).toBe(true);
  expect(downward.ok, downward.text).toBe(true);
  expect(bridge.snapshot().sessions.every(({ sessionLost }) => sessionLost === 0)).toBe(true);
}

describe('F06 - connections cut at any moment, on both sides, lose nothing', () => {
  const [quick, slow] = [
    CASES.filter(({ kind }) => kind !== 'eventgrid'),
    CASES.filter(({ kind }) => kind === 'eventgrid'),
  ];
  test.for(quick)('at QoS $qos with $protocol over $kind', cutAnywhere);
  // At the same time, since they wait most of theirs.
  test.concurrent.for(slow)('at QoS $qos with $protocol over $kind', cutAnywhere);
});

test.for(INSIDE_KINDS)(
  'F02 - SIGTERM while %s is away ends at once with 0, and the next process forwards the rest',
  async (kind, scope) => {
    const local = await startBroker(scope, 'mosquitto');
    const remote = await startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS });
    const proxy = await startFaultProxy(scope, remote);
    const routes = [outward('up', 'up/#')];
    const { start } = await prepareBridge(scope, { local, remote: remote.side(proxy.port), routes });
    const agent = await start();
    await agent.ready();
    await proxy.down();
    const up = startProducer(scope, { port: local, name: 'up', topics: ['up/a'], count: 500 });
    await up.done;
    await eventually(async () => (await agent.status()).routes[0].counters.inflight === 100);
    expect(await agent.term()).toEqual({ code: 0, signal: null });
    const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' });
    await proxy.up();
    const next = await start();
    await above.received(500);
    await next.term();
    const report = checkDelivery(up.log.sent, above.log.received);
    expect(report.ok, report.text).toBe(true);
  },
);
