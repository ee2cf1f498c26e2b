import { describe, expect, test } from 'vitest';
import { opsCheckSchema } from '../../../../cli/check/as-object.ts';
import { bridgeYaml, inward, outward } from '../../../support/bridge-config.ts';
import { startBridge } from '../../../support/bridge-harness.ts';
import { freePort } from '../../../support/free-port.ts';
import { startMosquitto } from '../../../support/mosquitto.ts';
import { mount } from '../../../support/mounted.ts';
import { startRawBroker } from '../../../support/raw-broker.ts';
import { connectRawClient } from '../../../support/raw-client.ts';
import { startEmbedded } from '../../../support/test-broker.ts';
import { folderOf } from '../../../unit/cli/sample-config.ts';
import { check, execute } from './run-check.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];

describe('check between two brokers', () => {
  test('finds nothing wrong, and warns of the queue of a Mosquitto that it is told nothing about (F04)', async (scope) => {
    const [local, remote] = [await startMosquitto(scope), await startMosquitto(scope)];
    const config = { local: local.port, remote: remote.port, routes: ROUTES };
    const { code, report, of } = await check(config);
    expect([code, report.status, report.counts.error]).toEqual([0, 'warning', 0]);
    expect(of('connect').map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(of('subscribe').map(({ route, status }) => [route, status])).toEqual([
      ['routes/up', 'ok'],
      ['routes/down', 'ok'],
    ]);
    expect(of('queue', 'local')).toMatchObject([
      { status: 'warning', reason: 'SourceQueueRisk', details: { queueMessages: 1_000, routes: ['routes/up'] } },
    ]);
    expect(of('publish').map(({ status }) => status)).toEqual(['skipped', 'skipped']);

    expect((await check(config, { args: ['--warnings-as-errors'] })).code).toBe(1);
    const told = await check(config, { args: ['--source-queue', '5000', '--warnings-as-errors'] });
    expect([told.code, told.report.status]).toEqual([0, 'ok']);
    const short = await check(config, { args: ['--source-queue', '99'] });
    expect(short.of('queue', 'local')).toMatchObject([{ status: 'warning', reason: 'SourceQueueRisk' }]);
    expect(local.log()).not.toContain('Protocol error');
  });

  test('takes neither a session nor a message from a bridge that runs', async (scope) => {
    const [local, remote] = [await startMosquitto(scope), await startEmbedded(scope)];
    const shared = { sharedSubscription: { groupName: 'g', groupMinimumShareNumber: 2 } };
    const config = { local: local.port, remote: remote.port, routes: [outward('up', 'up/#', shared)] };
    const bridge = await startBridge(scope, config);
    const cloud = await connectRawClient(scope, { port: remote.port, clientId: 'cloud' });
    await cloud.subscribe('up/#');
    const edge = await connectRawClient(scope, { port: local.port, clientId: 'edge' });
    await edge.publish({ topic: 'up/retained', payload: 'x', qos: 1, retain: true });
    const published = edge.publishAll(
      Array.from({ length: 3_000 }, (_, n) => ({ topic: 'up/a', payload: `${n}`, qos: 1 as const })),
    );
    const [checked] = await Promise.all([check(config), published]);
    expect(checked.code).toBe(0);
    await cloud.received(3_001);
    await bridge.settled();
    expect(bridge.snapshot().sessions.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1]);
    expect(cloud.messages).toHaveLength(3_001);
  });

  test('publishes only where it may, and only when it is asked to', async (scope) => {
    const [local, remote] = [await startEmbedded(scope), await startEmbedded(scope)];
    const config = { local: local.port, remote: remote.port, routes: ROUTES };
    const watcher = await connectRawClient(scope, { port: remote.port, clientId: 'watcher' });
    await watcher.subscribe('#');
    await check(config);
    const { code, of } = await check(config, { args: ['--probe-topic', 'probe/here'] });
    expect(code).toBe(0);
    expect(of('publish').map(({ side, status }) => [side, status])).toEqual([
      ['local', 'ok'],
      ['remote', 'ok'],
    ]);
    await watcher.received(1);
    expect(watcher.messages.map(({ topic }) => topic)).toEqual(['probe/here']);
  });

  test('names each route that may not read, and the topic that may not be written', async (scope) => {
    const local = await startEmbedded(scope, {
      hooks: { onSubscribe: ({ filter }) => (filter === 'closed/#' ? { reasonCode: 0x87 } : undefined) },
    });
    const remote = await startEmbedded(scope, { hooks: { onPublish: () => ({ reasonCode: 0x87 }) } });
    const routes = [outward('open', 'up/#'), outward('closed', 'closed/#')];
    const config = { local: local.port, remote: remote.port, routes };
    const { code, of } = await check(config, { args: ['--probe-topic', 'probe'] });
    expect(code).toBe(1);
    expect(of('subscribe')).toMatchObject([
      { route: 'routes/open', status: 'ok' },
      { route: 'routes/closed', status: 'error', reason: 'NotAuthorized', details: { source: 'closed/#' } },
    ]);
    expect(of('publish')).toMatchObject([{ side: 'remote', status: 'error', reason: 'NotAuthorized' }]);
  });

  test('says why a broker takes no client: password, version, silence, another protocol', async (scope) => {
    const guarded = await startMosquitto(scope, { users: { bridge: 'secret' } });
    const old = await startRawBroker(scope, {
      answer: ({ cmd }) =>
        cmd === 'connect' ? { cmd: 'connack', reasonCode: 0x84, sessionPresent: false } : undefined,
    });
    const refused = await check({ local: guarded.port, remote: old.port, routes: ROUTES });
    expect(refused.code).toBe(1);
    const speaks = expect.stringContaining('spec.protocol') as string;
    expect(refused.of('connect')).toMatchObject([
      { side: 'local', status: 'error', reason: 'NotAuthorized' },
      { side: 'remote', status: 'error', reason: 'UnsupportedProtocolVersion', advice: speaks },
    ]);
    expect(refused.of('subscribe').map(({ status, details }) => [status, details?.['because']])).toEqual([
      ['skipped', 'connect'],
      ['skipped', 'connect'],
    ]);

    const silent = await startRawBroker(scope, { answer: () => 'silence' });
    const waited = await check(
      { local: silent.port, remote: await freePort(), routes: ROUTES },
      { args: ['--timeout', '3'] },
    );
    expect(waited.of('connect', 'local')).toMatchObject([{ status: 'error' }]);
    expect(waited.of('tcp', 'remote')).toMatchObject([{ status: 'error', reason: 'ConnectionRefused' }]);
    for (const name of ['tls', 'connect', 'subscribe'] as const) {
      expect(waited.of(name, 'remote')).toMatchObject([{ status: 'skipped', details: { because: 'tcp' } }]);
    }
  });

  test('says what MQTT 3.1.1 can not do', async (scope) => {
    const [local, remote] = [await startMosquitto(scope), await startEmbedded(scope)];
    const config = { local: local.port, remote: remote.port, routes: ROUTES, spec: { protocol: 'v3' as const } };
    const { code, of } = await check(config);
    expect(code).toBe(0);
    expect(of('loops')).toMatchObject([{ status: 'warning', reason: 'HopCountImpossible' }]);
    expect(of('connect').map(({ message }) => message)).toEqual([
      expect.stringContaining('MQTT 3.1.1'),
      expect.stringContaining('MQTT 3.1.1'),
    ]);
  });

  test('prints a table by side, without a secret, and the form of az iot ops check', async (scope) => {
    const local = await startMosquitto(scope, { users: { bridge: 'very-secret' } });
    const remote = await startEmbedded(scope);
    const authentication = { usernamePassword: { secretName: 'local-broker' } };
    const config = { local: { port: local.port, authentication }, remote: remote.port, routes: ROUTES };
    const folder = await folderOf({ 'bridge.yaml': bridgeYaml(config) });
    const secrets = await folderOf({});
    await mount(secrets, 'local-broker', { username: 'bridge', password: 'very-secret' });
    const dirs = ['--secrets-dir', secrets];
    const { code, stdout } = await execute(folder, { args: [...dirs, '--detail-level', '2'] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bridge local\n {2}\[ok\] {3}dns /m);
    expect(stdout).toMatch(/^ {2}\[warn\] queue .*\n {11}try: /m);
    expect(stdout).toMatch(/^\d+ ok, \d+ to look at, 0 failed, \d+ skipped$/m);
    expect(stdout).not.toContain('very-secret');

    const object = opsCheckSchema.parse(JSON.parse((await execute(folder, { args: [...dirs, '--as-object'] })).stdout));
    const [evaluation] = object.postDeployment;
    const { test: target } = evaluation.targets['mqttbridgeconnectors.mq.iotoperations.azure.com'];
    expect(target.evaluations.slice(0, 2)).toMatchObject([
      { name: 'bridge', kind: 'mqttbridgeconnector', status: 'warning', value: { configStatusLevel: 'warn' } },
      { name: 'bridge', value: { spec: { bridgeInstances: 1 } } },
    ]);
    expect(JSON.stringify(object)).not.toContain('very-secret');
  });
});
