import { expect, test } from 'vitest';
import { inward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { INSIDE_KINDS, REMOTE_KINDS, type RemoteKind, startInside, startRemote } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const SHARED = { sharedSubscription: { groupMinimumShareNumber: 3, groupName: 'group' } };
const QUICK = { count: 3000, rate: 3000 };
/** Each of the three gets 100 messages per second, and 100 are kept while it is away. */
const SLOW = { count: 120, rate: 50 };
const loadOf = (kind: RemoteKind) => (kind === 'eventgrid' ? SLOW : QUICK);

test.for(REMOTE_KINDS)(
  'F26 - three clients share a subscription at %s, and a cut of their connections loses nothing',
  async (kind, scope) => {
    const { count, rate } = loadOf(kind);
    const [local, remote] = [await startEmbedded(scope), await startRemote(scope, kind)];
    const proxy = await startFaultProxy(scope, remote);
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: remote.side(proxy.port),
      routes: [inward('in', 'in/#', SHARED)],
    });
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'in/#' });
    const producer = startProducer(scope, { port: remote.port, name: 'p', topics: ['in/a'], count, rate });
    for (let cut = 1; cut <= 3; cut++) {
      await below.received((count / 4) * cut);
      proxy.cutAll();
      await bridge.allReady();
    }
    await producer.done;
    await below.received(count);
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

test.for(INSIDE_KINDS)(
  'F26 - when one of three sharing clients of %s is cut off, the other two go on and three subscribers remain',
  async (kind, scope) => {
    const { count, rate } = loadOf(kind);
    const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: remote.side(),
      routes: [inward('in', 'in/#', SHARED)],
    });
    const sentTo = new Set<string>();
    remote.broker.events.on('sent', ({ clientId }) => void sentTo.add(clientId));
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'in/#' });
    const producer = startProducer(scope, { port: remote.port, name: 'p', topics: ['in/a'], count, rate });
    await below.received(count / 3);
    remote.broker.cut('agent-in-1');
    await eventually(() => bridge.session('remote', 'in-1').epoch === 2);
    await bridge.allReady();
    await producer.done;
    await below.received(count);
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
  },
);
