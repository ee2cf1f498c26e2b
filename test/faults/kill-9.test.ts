import { setTimeout as delay } from 'node:timers/promises';
import { expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { type RemoteEnd, type RemoteKind, startRemote } from '../support/remote.ts';
import { createRandom } from '../support/random.ts';

/** The whole minute of the acceptance test runs with FAULT_SECONDS=60. */
const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 20);
const WINDOW = 100;
const CASES = [
  { kind: 'mosquitto', protocol: 'v5', qos: 1, seconds: SECONDS, rate: 400 },
  { kind: 'mosquitto', protocol: 'v3', qos: 2, seconds: SECONDS / 2, rate: 400 },
  // Event Grid gives a subscriber 100 messages per second, and keeps 100 for one that is away.
  { kind: 'eventgrid', protocol: 'v5', qos: 1, seconds: SECONDS / 3, rate: 25 },
] as const;

async function startTarget(scope: TestContext, kind: RemoteKind): Promise<RemoteEnd> {
  if (kind !== 'mosquitto') return startRemote(scope, kind);
  const { port } = await startMosquitto(scope, { maxInflight: WINDOW });
  return { port, side: () => ({ port }) };
}

test.for(CASES)(
  'F01 - an agent killed every few seconds under load at QoS $qos with $protocol to $kind loses nothing and repeats at most its window',
  { timeout: SECONDS * 1000 + 60_000 },
  async ({ kind, protocol, qos, seconds, rate }, scope) => {
    const random = createRandom(0xf01);
    const [local, remote] = await Promise.all([
      startMosquitto(scope, { maxInflight: WINDOW }),
      startTarget(scope, kind),
    ]);
    const { start } = await prepareBridge(scope, {
      local: local.port,
      remote: remote.side(),
      routes: [outward('up', 'up/#', { qos }), inward('down', 'down/#', { qos })],
      spec: { protocol, session: { maxInflightMessages: WINDOW } },
    });
    let agent = await start();
    await agent.ready();
    const [above, below] = await Promise.all([
      startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#', qos }),
      startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#', qos }),
    ]);
    const load = { qos, rate };
    const up = startProducer(scope, { ...load, port: local.port, name: 'up', topics: ['up/a', 'up/b'] });
    const down = startProducer(scope, { ...load, port: remote.port, name: 'down', topics: ['down/a', 'down/b'] });

    let kills = 0;
    const end = performance.now() + seconds * 1000;
    for (; performance.now() < end; kills++) {
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
    expect(kills).toBeGreaterThan(seconds / 6);
  },
);
