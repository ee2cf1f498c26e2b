import { expect, test } from 'vitest';
import { inward } from '../support/bridge-config.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { countTakeOvers, lanesOf, startInstance, untilRunning } from '../support/instances.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startEmbedded } from '../support/test-broker.ts';

const FILTER = '$share/group/in/#';
const CLIENTS = ['agent-in-0', 'agent-in-1', 'agent-in-2'];
const RATE = 300;

test.concurrent.for([1, 2, 3, 5])(
  'F26 - groupMinimumShareNumber 3 makes three subscribers over %i instances, also when a line is cut and an instance dies',
  { timeout: 60_000 },
  async (slots, scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
    const takeOvers = countTakeOvers({ local, remote });
    const subscribed: string[] = [];
    remote.broker.events.on(
      'subscribed',
      ({ clientId, filter }) => void (filter === FILTER && subscribed.push(clientId)),
    );
    const route = inward('in', 'in/#', { sharedSubscription: { groupMinimumShareNumber: 3, groupName: 'group' } });
    const config = { local: local.port, remote: remote.port, routes: [route], spec: { bridgeInstances: slots } };
    const numbers = Array.from({ length: slots }, (_, slot) => slot);
    const instances = await Promise.all(numbers.map((slot) => startInstance(scope, config, slot)));
    await untilRunning(
      instances.map((instance, slot) => [instance, String(slot)]),
      3,
    );
    const subscribers = () =>
      remote.broker
        .sessions()
        .filter(({ subscriptions, connected }) => connected && subscriptions.includes(FILTER))
        .map(({ clientId }) => clientId)
        .sort();
    expect(subscribers()).toEqual(CLIENTS);
    expect(subscribed.toSorted()).toEqual(CLIENTS);
    const shares = (all: typeof instances) => all.map(({ bridge }) => lanesOf(bridge.snapshot()));
    // Nobody has two more than another.
    const most = Math.ceil(3 / slots);
    expect(Math.max(...shares(instances))).toBe(most);

    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'in/#' });
    const producer = startProducer(scope, { port: remote.port, name: 'p', topics: ['in/a'], rate: RATE });
    const flows = () => below.received(producer.log.sent.length + RATE / 2);
    await flows();
    remote.broker.cut('agent-in-1');
    await eventually(() => !subscribers().includes('agent-in-1'));
    await flows();
    await eventually(() => subscribers().join() === CLIENTS.join());

    const victim = instances.findLast(({ bridge }) => bridge.snapshot().routes.length > 0);
    const survivors = instances.filter((instance) => instance !== victim);
    if (survivors.length > 0) {
      await victim?.lose();
      await eventually(() => shares(survivors).reduce((sum, lanes) => sum + lanes, 0) === 3);
    }
    await eventually(() => subscribers().join() === CLIENTS.join(), { describe: subscribers });
    await flows();
    await producer.stop();
    await below.received(producer.log.sent.length);
    const report = checkDelivery(producer.log.sent, below.log.received, { ignoreOrder: true, allowDuplicates: true });
    expect(report.ok, report.text).toBe(true);
    expect([...takeOvers]).toEqual([]);
    expect(new Set(subscribed)).toEqual(new Set(CLIENTS));
  },
);
