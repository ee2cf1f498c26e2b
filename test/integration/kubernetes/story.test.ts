import { describe, expect, test } from 'vitest';
import { outward } from '../../support/bridge-config.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import type { Scope } from '../../support/scope.ts';
import {
  CONNECTORS,
  connectorOf,
  isReady,
  MAPS,
  mapOf,
  ownedObjects,
  ROUTES,
  SECRET,
  secret,
  startTraffic,
  type StoryStage,
  storyStage,
  untilReady,
  USER,
} from './story-stage.ts';

const connect = { username: USER.username, password: Buffer.from(USER.password) };

/** Applies a route more, and returns once messages pass over it. */
async function addRoute(scope: Scope, { apply, until, remote, local }: StoryStage): Promise<void> {
  const above = await connectRawClient(scope, { port: remote.port, connect, clientId: 'reader' });
  await above.subscribe('more/#', 1);
  await apply(MAPS, mapOf('map', [...ROUTES, outward('more', 'more/#', { qos: 1 })]));
  const below = await connectRawClient(scope, { port: local.port, clientId: 'writer' });
  await until(async () => {
    await below.publish({ topic: 'more/a', payload: Buffer.from('1'), qos: 1 });
    return above.messages.length > 0;
  });
}

describe.concurrent('the life of a connector on a cluster', { timeout: 120_000 }, () => {
  test('begins with a topic map and a missing Secret, and goes through changes, mistakes, scaling and deaths without a loss', async (t) => {
    const stage = await storyStage(t);
    const { apply, condition, kubelet, until } = stage;
    const operator = await stage.operators.start(t);
    await operator.ready();

    await apply(MAPS, mapOf('map', ROUTES));
    await until(async () => (await condition(MAPS, 'map', 'Accepted')) !== undefined);
    expect(await condition(MAPS, 'map', 'ConnectorResolved')).toBe('False/ConnectorNotFound');

    await apply(CONNECTORS, connectorOf(stage));
    await until(async () => (await condition(MAPS, 'map', 'ConnectorResolved')) === 'True/ConnectorFound');
    await until(async () => (await condition(CONNECTORS, 'edge', 'CredentialsValid')) === 'False/SecretMissing');
    expect(JSON.stringify((await stage.read(CONNECTORS, 'edge')).status)).toContain(SECRET);

    await apply('secrets', secret());
    await untilReady(t, stage);
    const traffic = await startTraffic(t, stage);
    await traffic.flows();

    await addRoute(t, stage);
    await until(async () => (await condition(MAPS, 'map', 'Programmed')) === 'True/Programmed');

    // What is refused leaves what runs as it is.
    const { pid } = kubelet.pods.get('aio-mq-edge-0') ?? {};
    await apply(MAPS, mapOf('twin', [outward('up', 'other/#')]));
    await until(async () => (await condition(CONNECTORS, 'edge', 'Accepted'))?.startsWith('False/') ?? false);
    await traffic.flows();
    expect(kubelet.pods.get('aio-mq-edge-0')?.pid).toBe(pid);
    await stage.remove(MAPS, 'twin');
    await until(async () => (await condition(CONNECTORS, 'edge', 'Accepted')) === 'True/Accepted');

    await apply(CONNECTORS, connectorOf(stage, { bridgeInstances: 2 }));
    await until(() => isReady(stage, 2));
    await apply(CONNECTORS, connectorOf(stage));
    await until(async () => kubelet.pods.size === 1 && (await isReady(stage, 1)));
    await traffic.flows();

    kubelet.pods.get('aio-mq-edge-0')?.child.signal('SIGKILL');
    await until(() => kubelet.starts('aio-mq-edge-0') === 2);
    await traffic.end();
    await until(() => isReady(stage, 1));

    await stage.remove(CONNECTORS, 'edge');
    await until(async () => (await ownedObjects(stage)).length === 0 && kubelet.pods.size === 0);
    await until(async () => (await condition(MAPS, 'map', 'ConnectorResolved')) === 'False/ConnectorNotFound');
    expect((await operator.child.end('SIGTERM')).code, operator.output()).toBe(0);
    expect(operator.output()).not.toContain('Forbidden');
  });

  test('goes on while its operator is dead: agents take changes themselves, and the next operator takes over', async (t) => {
    const stage = await storyStage(t);
    const { apply, kubelet, until } = stage;
    await apply('secrets', secret());
    await apply(MAPS, mapOf('map', ROUTES));
    await apply(CONNECTORS, connectorOf(stage));
    const killed = await stage.operators.start(t);
    await until(() => isReady(stage, 1));
    await killed.child.end('SIGKILL');
    const next = await stage.operators.start(t);
    const traffic = await startTraffic(t, stage);
    await traffic.flows();

    await addRoute(t, stage);
    await apply(CONNECTORS, connectorOf(stage, { logLevel: 'debug' }));
    await until(() => isReady(stage, 1));
    await traffic.end();
    expect(kubelet.starts('aio-mq-edge-0'), next.output()).toBe(1);
  });
});
