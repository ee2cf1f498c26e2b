import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { residentBytes } from '../support/resident-bytes.ts';
import { INSIDE_KINDS, startInside, startRemote, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const MIB = 1024 * 1024;

const OUTAGES = [
  { kind: 'mosquitto', warm: 2000, count: 5000 },
  // One session publishes 1 MB per second.
  { kind: 'eventgrid', warm: 500, count: 500 },
] as const;

test.for(OUTAGES)(
  'F03 - while $kind is down messages wait at the source, and all come in order afterwards',
  async (outage, scope) => {
    const local = await startMosquitto(scope);
    const remote = await startRemote(scope, outage.kind, { settings: SWIFT_SUBSCRIBERS });
    const proxy = await startFaultProxy(scope, remote);
    const { start } = await prepareBridge(scope, {
      local: local.port,
      remote: remote.side(proxy.port),
      routes: [outward('up', 'up/#')],
    });
    const agent = await start();
    await agent.ready();
    const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' });
    const warm = startProducer(scope, { port: local.port, name: 'warm', topics: ['up/warm'], count: outage.warm });
    await warm.done;
    await above.received(outage.warm);
    const before = await residentBytes(agent.pid);

    await proxy.down();
    const down = startProducer(scope, {
      port: local.port,
      name: 'up',
      topics: ['up/a', 'up/b'],
      size: 2048,
      count: outage.count,
    });
    await down.done;
    const status = await eventually(async () => {
      const found = await agent.status();
      const remoteFault = found.sessions.find(({ side, state }) => side === 'remote' && state === 'waiting')?.fault;
      // At first the reason is that of the loss, then that of the attempts.
      return remoteFault?.reason === 'ConnectionRefused' ? found : undefined;
    });
    expect(status.routes[0].counters.inflight).toBeLessThanOrEqual(100);
    expect((await agent.get('/readyz?verbose')).body).toContain('[-]remote failed');
    expect((await residentBytes(agent.pid)) - before).toBeLessThan(8 * MIB);

    await proxy.up();
    await above.received(outage.warm + outage.count);
    const sent = [...warm.log.sent, ...down.log.sent];
    const report = checkDelivery(sent, above.log.received, { allowDuplicates: 100 });
    expect(report.ok, report.text).toBe(true);
  },
);

// At the same time, since they wait most of theirs.
test.concurrent.for([
  { kind: 'embedded', count: 300 },
  { kind: 'eventgrid', count: 90 },
] as const)(
  'F06 - a connection open on the end of $kind only is found by its keep alive, and nothing is lost',
  {
    timeout: 40_000,
  },
  async ({ kind, count }, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    const proxy = await startFaultProxy(scope, remote);
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: remote.side(proxy.port),
      routes: [outward('up', 'up/#'), inward('down', 'down/#')],
      spec: { session: { keepAliveSeconds: 5 } },
    });
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' });
    const { epoch } = bridge.session('remote', 'down');
    proxy.add({ type: 'timeout', timeout: 0 });
    const down = startProducer(scope, { port: remote.port, name: 'down', topics: ['down/a'], count });
    await down.done;
    // MQTT5 3.1.2.10: one and a half times the keep alive, and a little for a busy machine.
    await eventually(() => bridge.session('remote', 'down').disconnects['KeepAliveTimeout'], { deadlineMs: 9_000 });
    proxy.reset();
    proxy.cutAll();
    await below.received(count);
    expect(bridge.session('remote', 'down').epoch).toBeGreaterThan(epoch);
    const report = checkDelivery(down.log.sent, below.log.received);
    expect(report.ok, report.text).toBe(true);
  },
);

test.for(INSIDE_KINDS)(
  'F06 - %s, when it no longer answers, is left after the ack timeout, and nothing is lost',
  async (kind, scope) => {
    const local = await startEmbedded(scope);
    const remote = await startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS });
    const proxy = await startFaultProxy(scope, remote);
    const config = { local: local.port, remote: remote.side(proxy.port), routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { timing: { ackTimeoutMs: 500 } });
    const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' });
    proxy.add({ type: 'timeout', timeout: 0 });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], count: 300 });
    await eventually(() => bridge.session('remote').disconnects['AckTimeout']);
    proxy.reset();
    proxy.cutAll();
    await above.received(300);
    await up.done;
    await bridge.settled();
    const report = checkDelivery(up.log.sent, above.log.received, { allowDuplicates: 100 });
    expect(report.ok, report.text).toBe(true);
  },
);
