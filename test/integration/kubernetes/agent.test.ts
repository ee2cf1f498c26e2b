import { expect, test } from 'vitest';
import { outward } from '../../support/bridge-config.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { watchedCluster } from '../../support/kubernetes/watched-agent.ts';
import { startMosquitto } from '../../support/mosquitto.ts';

test('an agent runs what is applied, and says so in the status', async (t) => {
  const [local, remote] = [await startMosquitto(t), await startMosquitto(t)];
  const cluster = await watchedCluster(t, await openCluster(t));
  await cluster.apply({ local: local.port, remote: remote.port, routes: [outward('up', 'a/#')] });
  const agent = await cluster.start();
  await agent.ready();
  await eventually(async () => (await cluster.condition('Ready')) === 'True/Ready', {
    describe: async () => [await cluster.status(), agent.output()],
  });
    JSON.stringify(await cluster.status(), null, 1),
    agent.output(),
    await agent.get('/readyz?verbose'),
    (await agent.status()).apiServer,
  );
  expect((await agent.term()).code).toBe(0);
});
