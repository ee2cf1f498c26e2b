import { describe, expect, type TestContext, test } from 'vitest';
import { type BridgeConfig, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { mount } from '../support/mounted.ts';
import { type InsideKind, startInside, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

const COUNT = 400;

type Protocol = 'v3' | 'v5';

/** A route called `old` with a backlog at its source, its target being away. */
async function setStage(scope: TestContext, protocol: Protocol, kind: InsideKind) {
  const [local, remote] = await Promise.all([
    startEmbedded(scope),
    startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS }),
  ]);
  const proxy = await startFaultProxy(scope, { port: remote.port });
  const named = (name: string): BridgeConfig => ({
    local: local.port,
    remote: remote.side(proxy.port),
    routes: [outward(name, 'moved/#')],
    spec: { protocol },
  });
  const bridge = await startBridge(scope, named('old'));
  const consumer = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });
  await proxy.down();
  const producer = startProducer(scope, { port: local.port, name: 'moved', topics: ['moved/a'], count: COUNT });
  await producer.done;
  return {
    bridge,
    clients: () => [local, remote].flatMap(({ broker }) => broker.sessions().map(({ clientId }) => clientId)),
    rename: (name: string) => bridge.write(named(name)),
    up: () => proxy.up(),
    report: async (allowDuplicates: boolean) => {
      await consumer.received(COUNT);
      await bridge.settled();
      return checkDelivery(producer.log.sent, consumer.log.received, { allowDuplicates });
    },
  };
}

const CASES = [
  { kind: 'embedded', protocol: 'v5' },
  { kind: 'embedded', protocol: 'v3' },
  { kind: 'eventgrid', protocol: 'v5' },
] as const;

describe.for(CASES)('$protocol to $kind - a backlog outlives the name of its route', ({ kind, protocol }) => {
  test('when the target is down while the route is renamed', async (scope) => {
    const { bridge, clients, rename, up, report } = await setStage(scope, protocol, kind);
    await rename('new');
    await up();
    expect(await report(false)).toMatchObject({ ok: true });
    await eventually(() => !clients().includes('agent-old'), { describe: clients });
    await eventually(() => bridge.events('SessionEnded').length === 2);
  });

  test('when the old name comes back before the backlog is gone', async (scope) => {
    const { rename, up, report } = await setStage(scope, protocol, kind);
    await rename('new');
    await rename('old');
    await up();
    expect(await report(true)).toMatchObject({ ok: true });
  });
});

test('v5 to eventgrid - a route is renamed while every session of its name is in use, and loses nothing', async (scope) => {
  const settings = { ...SWIFT_SUBSCRIBERS, maximumClientSessionsPerAuthenticationName: 1 };
  const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid', { settings })];
  const secretsDir = await createTempDir(scope, 'secrets');
  await mount(secretsDir, 'log-on', { username: 'edge', password: 'the emulator asks for none' });
  const side = { ...remote.side(), authentication: { usernamePassword: { secretName: 'log-on' } } };
  const named = (name: string) => ({ local: local.port, remote: side, routes: [outward(name, 'moved/#')] });
  const bridge = await startBridge(scope, named('old'), { secretsDir });
  const consumer = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#' });
  const producer = startProducer(scope, { port: local.port, name: 'moved', topics: ['moved/a'], rate: 200 });
  await consumer.received(50);
  await bridge.write(named('new'));
  await eventually(() => bridge.route('new').lanes.ready === 1);
  await producer.stop();
  await consumer.received(producer.log.sent.length);
  await bridge.settled();
  // For a moment both names read the source.
  const expectation = { allowDuplicates: true, ignoreOrder: true } as const;
  const report = checkDelivery(producer.log.sent, consumer.log.received, expectation);
  expect(report.ok, report.text).toBe(true);
  await eventually(() => remote.broker.sessions().length === 2);
});
