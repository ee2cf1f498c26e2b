import { describe, expect, test } from 'vitest';
import { createEventGridEmulator } from '../../../local/emulator/emulator.ts';
import { inward, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { checkDelivery } from '../../support/delivery.ts';
import { startConsumer, startProducer } from '../../support/load.ts';
import { startEmbedded } from '../../support/test-broker.ts';

const COUNT = 60;

describe('a bridge to the emulator', () => {
  test.for(['v5', 'v3'] as const)('passes every message both ways with %s', async (protocol, scope) => {
    const emulator = createEventGridEmulator();
    scope.onTestFinished(() => emulator.close());
    const { port: remote } = await emulator.listen();
    const { port: local } = await startEmbedded(scope);
    const version = protocol === 'v5' ? 5 : 4;
    const routes = [outward('up', 'up/#'), inward('down', 'down/#')];
    const bridge = await startBridge(scope, { local, remote, routes, spec: { protocol } });
    const [above, below] = await Promise.all([
      startConsumer(scope, { port: remote, version, clientId: 'above', filters: 'up/#', qos: 1 }),
      startConsumer(scope, { port: local, version, clientId: 'below', filters: 'down/#', qos: 1 }),
    ]);
    const load = { version, qos: 1, count: COUNT } as const;
    const up = startProducer(scope, { ...load, port: local, name: 'up', topics: ['up/a'] });
    const down = startProducer(scope, { ...load, port: remote, name: 'down', topics: ['down/a'] });
    await Promise.all([up.done, down.done, above.received(COUNT), below.received(COUNT)]);
    await bridge.settled();
    for (const [sent, received] of [
      [up.log.sent, above.log.received],
      [down.log.sent, below.log.received],
    ] as const) {
      const delivery = checkDelivery(sent, received);
      expect(delivery.ok, delivery.text).toBe(true);
    }
    expect(emulator.log.entries().filter(({ kind }) => kind === 'throttled' || kind === 'unauthorized')).toEqual([]);
  });
});
