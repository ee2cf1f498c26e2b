import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { createRandom } from '../support/random.ts';

const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 24);
const RATE = 400;
const WINDOW = 100;

test('F01 - an agent killed every few seconds under QoS 1 load loses nothing and repeats at most its window', {
  timeout: SECONDS * 1000 + 60_000,
}, async (scope) => {
  const random = createRandom(0xf01);
  const [local, remote] = await Promise.all([
    startMosquitto(scope, { maxInflight: WINDOW }),
    startMosquitto(scope, { maxInflight: WINDOW }),
  ]);
  const { start } = await prepareBridge(scope, {
    local: local.port,
    remote: remote.port,
    routes: [outward('up', 'up/#'), inward('down', 'down/#')],
    spec: { session: { maxInflightMessages: WINDOW } },
  });
  let agent = await start();
  await agent.ready();
  const [above, below] = await Promise.all([
    startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' }),
    startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' }),
  ]);
  const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a', 'up/b'], rate: RATE });
  const down = startProducer(scope, { port: remote.port, name: 'down', topics: ['down/a', 'down/b'], rate: RATE });

  let kills = 0;
  for (const end = performance.now() + SECONDS * 1000; performance.now() < end; kills++) {
    await delay(2000 + random() * 3000);
    await agent.kill9();
    agent = await start();
    await agent.ready();
  }
  await Promise.all([up.stop(), down.stop()]);
  await Promise.all([above.received(up.log.sent.length), below.received(down.log.sent.length)]);

  const allowDuplicates = kills * WINDOW;
  const upward = checkDelivery(up.log.sent, above.log.received, { allowDuplicates });
  const downward = checkDelivery(down.log.sent, below.log.received, { allowDuplicates });
  expect(upward.ok, upward.text).toBe(true);
  expect(downward.ok, downward.text).toBe(true);
  expect(kills).toBeGreaterThan(SECONDS / 6);
});
