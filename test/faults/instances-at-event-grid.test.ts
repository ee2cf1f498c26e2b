import { expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../agent/session/timing.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { checkDelivery } from '../support/delivery.ts';
import { startInstance, untilRunning } from '../support/instances.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { mount } from '../support/mounted.ts';
import { agentEvents, startInside } from '../support/remote.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

test('an instance that dies and returns costs neither a session of Event Grid nor a message, with one session per slot granted', async (scope) => {
  const settings = { maximumClientSessionsPerAuthenticationName: 2 };
  const [local, remote] = [await startEmbedded(scope), await startInside(scope, 'eventgrid', { settings })];
  const secretsDir = await createTempDir(scope, 'secrets');
  await mount(secretsDir, 'log-on', { username: 'edge', password: 'the emulator asks for none' });
  const names = ['a', 'b'];
  const config = {
    local: local.port,
    remote: { ...remote.side(), authentication: { usernamePassword: { secretName: 'log-on' } } },
    routes: names.flatMap((name) => [outward(`up-${name}`, `up/${name}`), inward(`down-${name}`, `down/${name}`)]),
    spec: { bridgeInstances: 2, remoteSessions: 'perInstance' },
  } as const;
  const timing = { reconnect: DEFAULT_TIMING.reconnect };
  const start = (instance: number) => startInstance(scope, config, instance, { secretsDir, timing });
  const [stays, dies] = [await start(0), await start(1)];
  await untilRunning([
    [stays, '0'],
    [dies, '1'],
  ]);
  const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' });
  const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' });
  const topics = (direction: string) => names.map((name) => `${direction}/${name}`);
  const up = startProducer(scope, { port: local.port, name: 'up', topics: topics('up'), rate: 50 });
  const down = startProducer(scope, { port: remote.port, name: 'down', topics: topics('down'), rate: 20 });
  await Promise.all([above.received(20), below.received(10)]);
  await dies.lose();
  await untilRunning([[stays, '0,1']]);
  const returned = await start(1);
  await untilRunning([
    [stays, '0'],
    [returned, '1'],
  ]);
  await Promise.all([up.stop(), down.stop()]);
  await Promise.all([above.received(up.log.sent.length), below.received(down.log.sent.length)]);
  for (const [producer, consumer] of [
    [up, above],
    [down, below],
  ] as const) {
    const report = checkDelivery(producer.log.sent, consumer.log.received, { allowDuplicates: true });
    expect(report.ok, report.text).toBe(true);
  }
  const events = agentEvents(remote);
  expect(events.filter(({ kind }) => kind === 'sessionDropped')).toEqual([]);
  // Who has the slot next may connect within a second of who had it before.
  const limits = events.flatMap((event) => (event.kind === 'throttled' ? [event.throttleType] : []));
  expect(limits.filter((type) => type !== 'ConnectPacketsPerSession')).toEqual([]);
  const refusals = [stays, returned].flatMap(({ bridge }) =>
    bridge.events('Disconnected').filter(({ reason }) => reason === 'QuotaExceeded'),
  );
  for (const { nextDelayMs } of refusals) expect(nextDelayMs).toBeLessThanOrEqual(1_000);
  expect(remote.broker.sessions().filter(({ authenticationName }) => authenticationName === 'edge')).toHaveLength(2);
});
