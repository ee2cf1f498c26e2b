import { describe, expect, test } from 'vitest';
import { type BridgeConfig, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startEmbedded } from '../support/test-broker.ts';

const COUNT = 400;

describe.for(['v5', 'v3'] as const)('%s - a backlog outlives the name of its route', (protocol) => {
  test('when the target is down while the route is renamed', async (scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
    const proxy = await startFaultProxy(scope, { port: remote.port });
    const named = (name: string): BridgeConfig => ({
      local: local.port,
      remote: proxy.port,
      routes: [outward(name, 'moved/#')],
      spec: { protocol },
    });
    const bridge = await startBridge(scope, named('old'));
    const consumer = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });

    await proxy.down();
    const producer = startProducer(scope, { port: local.port, name: 'moved', topics: ['moved/a'], count: COUNT });
    await producer.done;
    await bridge.write(named('new'));
    await proxy.up();

    await consumer.received(COUNT);
    const report = checkDelivery(producer.log.sent, consumer.log.received);
    expect(report.ok, report.text).toBe(true);
    const clients = () => [local, remote].flatMap(({ broker }) => broker.sessions().map(({ clientId }) => clientId));
    await eventually(() => !clients().includes('agent-old'), { describe: clients });
    await eventually(() => bridge.events('SessionEnded').length === 2);
  });

  test('when the old name comes back before the backlog is gone', async (scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
    const proxy = await startFaultProxy(scope, { port: remote.port });
    const named = (name: string): BridgeConfig => ({
      local: local.port,
      remote: proxy.port,
      routes: [outward(name, 'moved/#')],
      spec: { protocol },
    });
    const bridge = await startBridge(scope, named('old'));
    const consumer = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });

    await proxy.down();
    const producer = startProducer(scope, { port: local.port, name: 'moved', topics: ['moved/a'], count: COUNT });
    await producer.done;
    await bridge.write(named('new'));
    await bridge.write(named('old'));
    await proxy.up();

    await consumer.received(COUNT);
    await bridge.settled();
    const report = checkDelivery(producer.log.sent, consumer.log.received, { allowDuplicates: true });
    expect(report.ok, report.text).toBe(true);
  });
});
