import { expect, test } from 'vitest';
import { inward, outward } from '../../support/bridge-config.ts';
import { expectBalance, prepareBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { startProducer } from '../../support/load.ts';
import { sumMetric } from '../../support/metrics-text.ts';
import { INSIDE_KINDS, startInside } from '../../support/remote.ts';
import { startEmbedded } from '../../support/test-broker.ts';

test.for(INSIDE_KINDS)(
  'metrics and status of a process bridged to %s tell of every message what became of it',
  async (kind, scope) => {
    const local = await startEmbedded(scope);
    const remote = await startInside(scope, kind, {
      hooks: { onPublish: ({ topic }) => (topic === 'up/bad' ? { reasonCode: 0x87 } : undefined) },
    });
    const { start } = await prepareBridge(scope, {
      local: local.port,
      remote: remote.side(),
      routes: [outward('up', 'up/#', { excludes: ['up/no'] }), inward('down', 'down/#')],
    });
    const agent = await start();
    await agent.ready();
    const topics = ['up/a', 'up/no', 'up/bad'];
    const up = startProducer(scope, { port: local.port, name: 'up', topics, count: 300 });
    const down = startProducer(scope, { port: remote.port, name: 'down', topics: ['down/a'], qos: 0, count: 50 });
    await Promise.all([up.done, down.done]);
    const status = await eventually(async () => {
      const found = await agent.status();
      expectBalance(found.routes);
      const counts = found.routes.map(({ counters }) => counters);
      const arrived = counts[0].received === 300 && counts.every(({ received }) => received > 0);
      return arrived && counts.every(({ inflight }) => inflight === 0) ? found : undefined;
    });
    const [upward, downward] = status.routes.map(({ counters }) => counters);
    expect(upward).toMatchObject({ received: 300, forwarded: 100, dropped: { excluded: 100, not_authorized: 100 } });
    expect(downward.forwarded).toBe(downward.received);

    const samples = await agent.metrics();
    for (const { route, counters } of status.routes) {
      const total = (name: string) => sumMetric(samples, `mqttbridge_messages_${name}_total`, { route });
      expect(total('received')).toBe(counters.received);
      expect(total('forwarded') + total('dropped')).toBe(counters.received);
    }
    const labels = samples.flatMap((sample) => Object.values(sample.labels));
    for (const text of ['up/a', 'down/a', 'agent-up']) expect(labels).not.toContain(text);
    expect(await agent.get('/livez')).toMatchObject({ status: 200 });
    expect(await agent.get('/readyz')).toMatchObject({ status: 200 });
  },
);
