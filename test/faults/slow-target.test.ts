import { describe, expect, test } from 'vitest';
import { outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { connectionOf, startRawBroker } from '../support/raw-broker.ts';
import { residentBytes } from '../support/resident-bytes.ts';
import { startInside, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const MIB = 1024 * 1024;
const WINDOW = 50;
const COUNT = 5000;

describe('F12 - a target that reads slowly or not at all', () => {
  test.for([1, 0] as const)(
    'holds up its own route only, and costs no memory, at QoS %i when it stops reading',
    async (qos, scope) => {
      const local = await startEmbedded(scope);
      const remote = await startRawBroker(scope);
      const { start } = await prepareBridge(scope, {
        local: local.port,
        remote: remote.port,
        routes: [outward('slow', 'slow/#', { qos }), outward('quick', 'quick/#')],
        spec: { session: { maxInflightMessages: WINDOW } },
      });
      const agent = await start();
      await agent.ready();
      const slowTarget = await connectionOf(remote, 'agent-slow');
      const quickTarget = await connectionOf(remote, 'agent-quick');
      const counts = async (route: string) =>
        (await agent.status()).routes.find((one) => one.route === route)?.counters ?? { received: 0, forwarded: 0 };

      const warm = startProducer(scope, {
        port: local.port,
        name: 'warm',
        topics: ['quick/a'],
        size: 1024,
        count: 2000,
      });
      await warm.done;
      await eventually(() => quickTarget.messages.length === 2000);
      const before = await residentBytes(agent.pid);
      slowTarget.setReading(false);
      const slow = startProducer(scope, {
        port: local.port,
        name: 'slow',
        topics: ['slow/a'],
        qos,
        size: 4096,
        count: COUNT,
      });
      const quick = startProducer(scope, { port: local.port, name: 'quick', topics: ['quick/a'], count: COUNT });
      await Promise.all([slow.done, quick.done]);
      await eventually(async () => (await counts('quick')).forwarded === 2000 + COUNT);
      const held = local.broker.sessions().find(({ clientId }) => clientId === 'agent-slow');
      expect((await residentBytes(agent.pid)) - before).toBeLessThan(24 * MIB);
      if (qos === 1) {
        expect(held?.inflight).toBeLessThanOrEqual(WINDOW);
        expect((await counts('slow')).forwarded).toBe(0);
      }

      slowTarget.setReading(true);
      await eventually(async () => (await counts('slow')).forwarded === COUNT, { describe: () => counts('slow') });
      await eventually(() => slowTarget.messages.length === COUNT);
      const numbers = slowTarget.messages.map(({ payload }) => Number(payload.toString('latin1').split(':')[1]));
      expect(numbers).toEqual(slow.log.sent.map(({ sequence }) => sequence));
    },
  );

  test.for([
    { kind: 'embedded', count: COUNT },
    // At the rate of Event Grid the others would take their time.
    { kind: 'eventgrid', count: 500 },
  ] as const)(
    'keeps its window as $kind at 1 KB a second, and gets everything when it is quick again',
    async ({ kind, count }, scope) => {
      const local = await startEmbedded(scope);
      const remote = await startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS });
      const proxy = await startFaultProxy(scope, remote);
      const { start } = await prepareBridge(scope, {
        local: local.port,
        remote: remote.side(proxy.port),
        routes: [outward('slow', 'slow/#')],
        spec: { session: { maxInflightMessages: WINDOW } },
      });
      const agent = await start();
      await agent.ready();
      const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });
      proxy.add({ type: 'bandwidth', rate: 1 }, 'upstream');
      const slow = startProducer(scope, { port: local.port, name: 'slow', topics: ['slow/a'], size: 1024, count });
      await slow.done;
      await above.received(2);
      const held = local.broker.sessions().find(({ clientId }) => clientId === 'agent-slow');
      expect(held?.inflight).toBe(WINDOW);
      expect(held?.queued).toBeGreaterThan(count - 3 * WINDOW);
      proxy.reset();
      await above.received(count);
      const report = checkDelivery(slow.log.sent, above.log.received);
      expect(report.ok, report.text).toBe(true);
    },
  );
});
