import { expect, test } from 'vitest';
import { outward } from '../../support/bridge-config.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { watchedCluster } from '../../support/kubernetes/watched-agent.ts';
import { startMosquitto } from '../../support/mosquitto.ts';

test('an agent runs what is applied, says so in the status, and says at its end that it ends', async (t) => {
  const [local, remote] = [await startMosquitto(t), await startMosquitto(t)];
  const cluster = await watchedCluster(t, await openCluster(t));
  await cluster.apply({ local: local.port, remote: remote.port, routes: [outward('up', 'a/#')] });
  const agent = await cluster.start();
  await agent.ready();
  await eventually(async () => (await cluster.condition('Ready')) === 'True/Ready');
  expect((await agent.term()).code).toBe(0);
  expect(await cluster.condition('Ready')).toBe('False/Stopping');
});
