import { expect, type TestContext, test } from 'vitest';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import type { AgentProcess } from '../../support/agent-process.ts';
import { inward, outward } from '../../support/bridge-config.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { plainClient } from '../../support/kubernetes/plain-client.ts';
import { watchedCluster } from '../../support/kubernetes/watched-agent.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startTwoWayLoad } from '../../support/two-way-load.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];

/** Two brokers, and an API server that agents reach over a line that can be cut. */
async function startPlant(scope: TestContext) {
  const [local, remote, server] = await Promise.all([
    startMosquitto(scope),
    startMosquitto(scope),
    startApiServer(scope),
  ]);
  const line = await startFaultProxy(scope, { port: Number(new URL(server.url).port) });
  const namespace = 'default';
  const kubeconfig = server.kubeconfig();
  const cluster = await watchedCluster(scope, {
    namespace,
    kubeconfig,
    admin: plainClient(kubeconfig),
    kubeconfigFor: async (account) =>
      server.kubeconfig(server.tokenFor(namespace, account)).replace(server.url, `https://127.0.0.1:${line.port}`),
  });
  const define = (routes: readonly RouteInput[]) => cluster.apply({ local: local.port, remote: remote.port, routes });
  const load = () => startTwoWayLoad(scope, { local: local.port, remote: remote.port, names: ['a', 'b'], rate: 200 });
  return { ...cluster, define, load, server, line };
}

const runs = (agent: AgentProcess, name: string) =>
  eventually(async () => {
    const { routes } = await agent.status();
    return routes.some(({ route, lanes }) => route === name && lanes.ready === lanes.total);
  });

test('an API server that is away, cuts, stalls and forgets costs no message, and what changed meanwhile is taken', async (scope) => {
  const { define, start, load, server, line, condition } = await startPlant(scope);
  await define(ROUTES);
  const agent = await start();
  await agent.ready();
  const traffic = await load();
  await eventually(async () => (await condition('Ready')) === 'True/Ready');

  await line.down();
  await define([...ROUTES, outward('away', 'away/#')]);
  await eventually(async () =>
    (await agent.get('/readyz?verbose')).body.includes('[-]api-server failed: ApiServerUnreach'),
  );
  await traffic.flows();
  expect((await agent.get('/readyz')).status).toBe(200);
  await line.up();
  await runs(agent, 'away');

  for (const watch of server.watches()) watch.stall();
  await define([...ROUTES, outward('stalled', 'stalled/#')]);
  await traffic.flows();
  for (const watch of server.watches()) watch.resume();
  await runs(agent, 'stalled');

  await line.down();
  await define([...ROUTES, outward('forgotten', 'forgotten/#')]);
  server.store.compact();
  await line.up();
  await runs(agent, 'forgotten');

  for (const watch of server.watches()) watch.cut();
  await define([...ROUTES, outward('cut', 'cut/#')]);
  server.failNext({ verb: 'patch', code: 503, reason: 'ServiceUnavailable' });
  await runs(agent, 'cut');
  await eventually(async () => {
    const { statusWrites, fault } = (await agent.status()).apiServer ?? {};
    return statusWrites?.['ApiServerUnavailable'] === 1 && fault === undefined;
  });
  await traffic.end({});
  const { config, sessions } = await agent.status();
  expect(config.generation).toBe(5);
  for (const { clientId, epoch } of sessions)
    if (/-(?:up|down)$/.test(clientId)) expect([clientId, epoch]).toEqual([clientId, 1]);
});

test('an agent asks nothing and writes nothing while messages flow and nothing changes', async (scope) => {
  const { define, start, load, server, condition, entry } = await startPlant(scope);
  await define(ROUTES);
  const agent = await start();
  await agent.ready();
  const traffic = await load();
  await eventually(async () => (await condition('Ready')) === 'True/Ready');
  await traffic.flows();
  // A write that met messages under way tells of them, and is followed by one that tells of none.
  await eventually(async () => (await entry())?.backlog === 0);
  await eventually(() => server.watches().length === 2);
  server.log.clear();
  await traffic.flows(2.5);
  expect(server.log.requests()).toEqual([]);
  await traffic.end({});
});

test('a start without an API server begins with the last good definition, and takes the newest when it is there', async (scope) => {
  const { define, start, load, line, entry } = await startPlant(scope);
  const data = await createTempDir(scope, 'data');
  await define(ROUTES);
  const first = await start({ data });
  await first.ready();
  const traffic = await load();
  await traffic.flows();
  await line.down();
  await first.kill9();
  await define([...ROUTES, outward('more', 'more/#')]);

  const second = await start({ data });
  await second.ready();
  expect(await second.status()).toMatchObject({ apiServer: { up: false, documentFrom: 'disk' } });
  await traffic.flows();
  await line.up();
  await runs(second, 'more');
  await eventually(async () => (await entry())?.routes?.ready === 3);
  await traffic.end({ allowDuplicates: true });
});
