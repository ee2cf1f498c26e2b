import { expect, type TestContext, test } from 'vitest';
import { connectorStatusSchema } from '../../../shared/resources/status.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { bridgeYaml, inward, outward } from '../../support/bridge-config.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { watchedCluster } from '../../support/kubernetes/watched-agent.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startTwoWayLoad } from '../../support/two-way-load.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];
const MORE = [...ROUTES, outward('more', 'more/#')];

/** Two brokers, a cluster that defines a bridge between them, and a way to start agents of it. */
async function startPlant(scope: TestContext) {
  const [local, remote, opened] = await Promise.all([startMosquitto(scope), startMosquitto(scope), openCluster(scope)]);
  const cluster = await watchedCluster(scope, opened);
  const config = (routes: readonly RouteInput[], spec = {}) => ({
    local: local.port,
    remote: remote.port,
    routes,
    spec,
  });
  const load = () => startTwoWayLoad(scope, { local: local.port, remote: remote.port, names: ['a', 'b'], rate: 200 });
  const define = (routes: readonly RouteInput[], spec = {}) => cluster.apply(config(routes, spec));
  // Fine by itself, so the API server takes it; together with the other map it is not.
  const applyClash = () =>
    cluster.apply(
      bridgeYaml({ ...config([]), maps: { clash: [outward('up', 'x/#')] } })
        .split('---\n')
        .at(-1) ?? '',
    );
  return { ...cluster, define, load, applyClash };
}

test('a route that is applied runs without a restart, and those beside it do not notice', async (scope) => {
  const { define, start, load, entry, generation } = await startPlant(scope);
  await define(ROUTES);
  const agent = await start();
  await agent.ready();
  const traffic = await load();
  await traffic.flows();
  const before = await agent.status();

  await define(MORE);
  const after = await eventually(async () => {
    const status = await agent.status();
    return status.routes.find(({ route, lanes }) => route === 'more' && lanes.ready === lanes.total) && status;
  });
  await traffic.flows();
  const connections = (status: typeof after) =>
    new Map(status.sessions.map(({ clientId, side, epoch }) => [`${side}/${clientId}`, epoch]));
  for (const [session, epoch] of connections(before))
    expect([session, connections(after).get(session)]).toEqual([session, epoch]);
  await traffic.end({});

  await eventually(async () => (await entry())?.routes?.ready === 3);
  expect(await entry()).toMatchObject({ observedGeneration: await generation(), revision: after.config.revision });
  expect(await agent.get('/readyz?verbose')).toMatchObject({ body: expect.stringContaining('[+]api-server ok') });
});

test('a change that breaks a rule leaves the last good one running, and the entry says which rule and where', async (scope) => {
  const { define, start, load, entry, condition, generation, applyClash, remove } = await startPlant(scope);
  await define(ROUTES);
  const agent = await start();
  await agent.ready();
  const traffic = await load();
  await traffic.flows();
  await eventually(async () => (await condition('Ready')) === 'True/Ready');
  const before = await entry();

  await applyClash();
  await define(MORE, { logLevel: 'debug' });
  const acceptedOf = (found: typeof before) => found?.conditions?.find(({ type }) => type === 'Accepted');
  await eventually(async () => {
    const accepted = acceptedOf(await entry());
    // The clash alone is invalid too, and may have been judged before the connector was seen to change.
    return accepted?.status === 'False' && accepted.observedGeneration === (await generation());
  });
  await traffic.flows();
  const after = await entry();
  expect(after).toMatchObject({ revision: before?.revision, observedGeneration: before?.observedGeneration });
  const accepted = acceptedOf(after);
  expect(accepted?.reason).toBe('Invalid');
  expect(accepted?.message).toMatch(/^XR004 MqttBridgeTopicMap\/[-\w]+\/\w+ spec\.routes\[0\]\.name: .*Try: .*goes on/);
  expect(await condition('Ready')).toBe('True/Ready');

  await remove('mqttbridgetopicmaps', 'clash');
  await eventually(async () => (await condition('Accepted')) === 'True/Accepted');
  await eventually(async () => (await entry())?.routes?.ready === 3);
  await traffic.end({});
});

test('a connector that vanishes stops nothing, and one that is awaited is begun with', async (scope) => {
  const { define, start, load, remove, condition } = await startPlant(scope);
  const agent = await start();
  // As long as `ready` gives a process to start.
  const started = { deadlineMs: 15_000, describe: agent.output };
  await eventually(async () => (await agent.get('/readyz')).body.includes('ConnectorNotFound'), started);

  await define(ROUTES);
  await agent.ready();
  const traffic = await load();
  await traffic.flows();
  await remove('mqttbridgeconnectors', 'bridge');
  await remove('mqttbridgetopicmaps', 'routes');
  await eventually(async () => (await agent.get('/readyz?verbose')).body.includes('ConnectorNotFound'));
  await traffic.flows();
  expect((await agent.get('/readyz')).status).toBe(200);

  await define(ROUTES);
  await eventually(async () => (await condition('Ready')) === 'True/Ready');
  await traffic.end({});
  expect((await agent.status()).config.generation).toBe(1);
});

test('instances write their entries side by side, and say at their end that they end', async (scope) => {
  const { define, start, status, condition } = await startPlant(scope);
  await define(ROUTES, { bridgeInstances: 2 });
  const agents = [await start({ instance: 0 }), await start({ instance: 1 })];
  for (const agent of agents) await agent.ready();
  await eventually(
    async () => {
      for (const instance of ['0', '1']) expect(await condition('Ready', instance)).toMatch(/^True\//);
      const { instances = [] } = connectorStatusSchema.parse(await status());
      expect(new Set(instances.map(({ revision }) => revision)).size).toBe(1);
      const ready = instances.map(({ routes }) => routes?.ready ?? 0);
      return ready.reduce((sum, each) => sum + each, 0) >= 2;
    },
    { describe: status },
  );

  expect((await agents[1].term()).code).toBe(0);
  expect(await condition('Ready', '1')).toBe('False/Stopping');
  await eventually(async () => (await condition('Ready', '0'))?.startsWith('True/'), { describe: status });
});

test('a start with an invalid definition runs the last good one', async (scope) => {
  const { define, start, load, condition, applyClash } = await startPlant(scope);
  const data = await createTempDir(scope, 'data');
  await define(ROUTES);
  const first = await start({ data });
  await first.ready();
  const traffic = await load();
  await traffic.flows();
  await applyClash();
  await eventually(async () => (await condition('Accepted')) === 'False/Invalid');
  await first.kill9();

  const second = await start({ data });
  await second.ready();
  await traffic.end({ allowDuplicates: true });
  await eventually(async () => (await second.status()).apiServer?.documentFrom === 'disk');
  await eventually(async () => (await condition('Ready')) === 'True/Ready');
  await eventually(async () => (await condition('Accepted')) === 'False/Invalid');
});
