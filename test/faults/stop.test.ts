import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';

test('F02 - SIGTERM under load ends the agent with 0 and neither loses nor repeats a message', async (scope) => {
  const [local, remote] = await Promise.all([startMosquitto(scope), startMosquitto(scope)]);
  const { start } = await prepareBridge(scope, {
    local: local.port,
    remote: remote.port,
    routes: [outward('up', 'up/#'), inward('down', 'down/#', { qos: 2 })],
  });
  let agent = await start();
  await agent.ready();
  const [above, below] = await Promise.all([
    startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' }),
    startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#', qos: 2 }),
  ]);
  const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], rate: 2000 });
  const down = startProducer(scope, { port: remote.port, name: 'down', topics: ['down/a'], qos: 2, rate: 500 });

  for (let round = 1; round <= 3; round++) {
    await Promise.all([above.received(above.log.distinct() + 300), below.received(below.log.distinct() + 100)]);
    expect(await agent.term()).toEqual({ code: 0, signal: null });
    agent = await start();
    await agent.ready();
  }
  await Promise.all([up.stop(), down.stop()]);
  await Promise.all([above.received(up.log.sent.length), below.received(down.log.sent.length)]);

  const upward = checkDelivery(up.log.sent, above.log.received);
  const downward = checkDelivery(down.log.sent, below.log.received);
  expect(upward.ok, upward.text).toBe(true);
  expect(downward.ok, downward.text).toBe(true);
});
