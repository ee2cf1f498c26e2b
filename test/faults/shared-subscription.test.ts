import { expect, test } from 'vitest';
import { inward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { BROKER_KINDS, startBroker, startEmbedded } from '../support/test-broker.ts';

const COUNT = 3000;

test.for(BROKER_KINDS)(
  'F26 - three clients share a subscription at %s, and a cut of their connections loses nothing',
  async (kind, scope) => {
    const [local, remote] = [await startEmbedded(scope), await startBroker(scope, kind)];
    const proxy = await startFaultProxy(scope, { port: remote });
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: proxy.port,
      routes: [inward('in', 'in/#', { sharedSubscription: { groupMinimumShareNumber: 3, groupName: 'group' } })],
    });
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'in/#' });
    const producer = startProducer(scope, { port: remote, name: 'p', topics: ['in/a'], count: COUNT, rate: 3000 });
    for (let cut = 1; cut <= 3; cut++) {
      await below.received((COUNT / 4) * cut);
      proxy.cutAll();
      await bridge.allReady();
    }
    await producer.done;
    await below.received(COUNT);
    await bridge.settled();
    const clientIds = bridge
      .snapshot()
      .sessions.filter(({ side }) => side === 'remote')
      .map(({ clientId }) => clientId);
    expect(clientIds.sort()).toEqual(['agent-in-0', 'agent-in-1', 'agent-in-2']);
    expect(bridge.route('in').lanes).toEqual({ total: 3, ready: 3 });
    const options = { ignoreOrder: true, allowDuplicates: true };
    const report = checkDelivery(producer.log.sent, below.log.received, options);
    expect(report.ok, report.text).toBe(true);
  },
);

test('F26 - when one of three sharing clients is cut off, the other two go on and three subscribers remain', async (scope) => {
  const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: remote.port,
    routes: [inward('in', 'in/#', { sharedSubscription: { groupMinimumShareNumber: 3, groupName: 'group' } })],
  });
  const sentTo = new Set<string>();
  remote.broker.events.on('sent', ({ clientId }) => void sentTo.add(clientId));
  const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'in/#' });
  const producer = startProducer(scope, { port: remote.port, name: 'p', topics: ['in/a'], count: COUNT, rate: 3000 });
  await below.received(COUNT / 3);
  remote.broker.cut('agent-in-1');
  await eventually(() => bridge.session('remote', 'in-1').epoch === 2);
  await bridge.allReady();
  await producer.done;
  await below.received(COUNT);
  await bridge.settled();
  expect([bridge.session('remote', 'in-0').epoch, bridge.session('remote', 'in-2').epoch]).toEqual([1, 1]);
  expect([...sentTo].sort()).toEqual(['agent-in-0', 'agent-in-1', 'agent-in-2']);
  const subscribers = remote.broker
    .sessions()
    .filter(({ subscriptions }) => subscriptions.includes('$share/group/in/#'));
  expect(subscribers.map(({ connected }) => connected)).toEqual([true, true, true]);
  const options = { ignoreOrder: true, allowDuplicates: 100 };
  const report = checkDelivery(producer.log.sent, below.log.received, options);
  expect(report.ok, report.text).toBe(true);
});
