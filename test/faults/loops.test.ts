import { describe, expect, type TestContext, test } from 'vitest';
import { type BridgeConfig, inward, outward } from '../support/bridge-config.ts';
import { type Bridge, startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { INSIDE_KINDS, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

/** Brokers in a ring, each bridged to the next one by an agent of its own. */
async function startRing(scope: TestContext, size: number, spec: BridgeConfig['spec'] = {}) {
  const brokers = await Promise.all(Array.from({ length: size }, () => startEmbedded(scope)));
  const bridges: Bridge[] = [];
  for (const [i, { port }] of brokers.entries()) {
    const remote = brokers[(i + 1) % size].port;
    const config = { local: port, remote, routes: [outward('on', '#')], spec: { clientIdPrefix: `ring${i}`, ...spec } };
    bridges.push(await startBridge(scope, config));
  }
  return { brokers, bridges };
}

describe('F24 - a message that goes round is stopped', () => {
  test.for([
    [2, 4],
    [3, 4],
    [2, 1],
    [3, 7],
  ] as const)('in a ring of %i agents after %i hops', async ([size, maxHops], scope) => {
    const { brokers, bridges } = await startRing(scope, size, { maxHops });
    const sinks = await Promise.all(
      brokers.map(({ port }, i) => connectRawClient(scope, { port, clientId: `sink${i}` })),
    );
    await Promise.all(sinks.map((sink) => sink.subscribe('#')));
    await sinks[0].publish({ topic: 'round', payload: 'x', qos: 1 });
    const counted = () => bridges.map((bridge) => bridge.route('on').counters);
    await eventually(() => counted().some(({ dropped }) => dropped['loop'] === 1));
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(sum(counted().map(({ forwarded }) => forwarded))).toBe(maxHops);
    expect(sum(counted().map(({ dropped }) => dropped['loop'] ?? 0))).toBe(1);
    await eventually(() => sum(sinks.map(({ messages }) => messages.length)) === maxHops + 1);
  });

  test.for(INSIDE_KINDS)(
    'between two routes to %s, which is only a warning while hops are counted',
    async (kind, scope) => {
      const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
      const routes = [outward('up', 'x/#', { target: 'y/1' }), inward('down', 'y/#', { target: 'x/1' })];
      const bridge = await startBridge(scope, {
        local: local.port,
        remote: remote.side(),
        routes,
        spec: { maxHops: 3 },
      });
      const client = await connectRawClient(scope, { port: local.port, clientId: 'client' });
      await client.publish({ topic: 'x/0', payload: 'x', qos: 1 });
      await eventually(() => bridge.snapshot().routes.some(({ counters }) => counters.dropped['loop'] === 1));
      const forwarded = bridge.snapshot().routes.map(({ counters }) => counters.forwarded);
      expect(forwarded).toEqual([2, 1]);
    },
  );
});
