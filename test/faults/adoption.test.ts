import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';

test('the slot of a killed instance is adopted and handed back when it returns', { timeout: 60_000 }, async (scope) => {
  const [local, remote] = await Promise.all([startMosquitto(scope), startMosquitto(scope)]);
  const { start } = await prepareBridge(scope, {
    local: local.port,
    remote: remote.port,
    routes: [outward('a', 'up/a'), outward('b', 'up/b'), inward('c', 'down/c'), inward('d', 'down/d')],
    spec: { bridgeInstances: 2 },
  });
  const first = await start(0);
  const second = await start(1);
  await Promise.all([first.ready(), second.ready()]);
  const slots = async (agent: typeof first) => (await agent.status()).instances?.slots;
  await eventually(async () => (await slots(first))?.join() === '0' && (await slots(second))?.join() === '1');
  const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#', qos: 1 });
  const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a', 'up/b'], rate: 200 });
  await above.received(100);
  await second.kill9();
  await eventually(async () => (await slots(first))?.join() === '0,1');
  const third = await start(1);
  await eventually(async () => (await slots(third))?.join() === '1', {
    describe: () => [first.output(), third.output()],
  });
  await up.stop();
  await above.received(up.log.sent.length);
  const report = checkDelivery(up.log.sent, above.log.received, { allowDuplicates: 200 });

  expect(report.ok, report.text).toBe(true);
});
