import { expect, test } from 'vitest';
import { outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { INSIDE_KINDS, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

/** By this clock every patience lasts a thousand times as long as a test may. */
const slowly = () => performance.now() / 1000;

test.for(INSIDE_KINDS)(
  'stopping ends the waits of a reload at %s at once, however slow the clock',
  async (kind, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    const proxy = await startFaultProxy(scope, { port: remote.port });
    const config = { local: local.port, remote: remote.side(proxy.port), routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { now: slowly });
    const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
    proxy.add({ type: 'timeout', timeout: 0 });
    await source.publish({ topic: 'up/a', payload: 'held', qos: 1 });
    await eventually(() => bridge.route('up').counters.inflight === 1);

    const { generation } = bridge.snapshot().config;
    void bridge.write({ ...config, spec: { session: { keepAliveSeconds: 30 } } }).catch(() => undefined);
    await eventually(() => bridge.events('ConfigApplying').length === 2);
    await bridge.agent.stop(0);
    expect(bridge.snapshot().config.generation).toBeLessThanOrEqual(generation + 1);
    // The session that was replaced may already have sent the message once more.
    const { received, forwarded, dropped } = bridge.route('up').counters;
    expect({ forwarded, dropped }).toEqual({ forwarded: 0, dropped: { returned: received } });
  },
);

test('stopping does not wait for a message that is refused again and again', async (scope) => {
  const local = await startEmbedded(scope);
  const remote = await startEmbedded(scope, { hooks: { onPublish: () => ({ reasonCode: 0x97 }) } });
  const config = { local: local.port, remote: remote.port, routes: [outward('up', 'up/#')] };
  const bridge = await startBridge(scope, config, { now: slowly });
  const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
  await source.publish({ topic: 'up/a', payload: 'refused', qos: 1 });
  await eventually(() => (bridge.route('up').counters.retried['transient_refusal'] ?? 0) > 2);
  await bridge.agent.stop(60_000);
  expect(bridge.route('up').counters).toMatchObject({ received: 1, forwarded: 0, dropped: { returned: 1 } });
});
