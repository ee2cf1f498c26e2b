import { describe, expect, type TestContext, test } from 'vitest';
import type { AuthenticationAttempt, AuthenticationVerdict } from '../../../local/broker/hooks.ts';
import { inward, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { mount } from '../../support/mounted.ts';
import { type Reply, startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startEmbedded } from '../../support/test-broker.ts';
import { advanceBy, createFakeIdentity } from '../../unit/agent/credentials/fake-identity.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const MANAGED = { authentication: { systemAssignedManagedIdentity: { audience: AUDIENCE } } };
const LIFE_MS = 600_000;

/** A bridge whose remote side logs on with tokens of ten minutes, by a clock that both the agent and the broker have. */
async function setUp(
  scope: TestContext,
  judge?: (attempt: AuthenticationAttempt) => AuthenticationVerdict | undefined,
) {
  const fake = createFakeIdentity(LIFE_MS / 1_000);
  const seen: string[] = [];
  const remote = await startEmbedded(scope, {
    clock: fake.clock,
    hooks: {
      authenticate(attempt) {
        seen.push(`${attempt.again ? 'AUTH' : 'CONNECT'} ${attempt.method} ${String(attempt.data)}`);
        // A token is issued at the moment it is shown: there is no other traffic on this clock.
        return judge?.(attempt) ?? { kind: 'accepted', validForMs: LIFE_MS };
      },
    },
  });
  const local = await startEmbedded(scope);
  const config = {
    local: local.port,
    remote: { port: remote.port, ...MANAGED },
    routes: [outward('up', 'up/#'), inward('down', 'down/#')],
    // The broker's clock runs ahead of the one that the agent sends its pings by.
    spec: { session: { keepAliveSeconds: 65_535 } },
  };
  const identity = { open: fake.open, clock: fake.clock };
  const bridge = await startBridge(scope, config, { identity, timing: { connectTimeoutMs: 500 } });
  return { fake, seen, remote, local, bridge };
}

describe('F15 - a token that ends', () => {
  test('is renewed on the live connection for six hours, and costs no reconnect', async (scope) => {
    const { fake, seen, bridge } = await setUp(scope);
    while (fake.clock.now() < 6 * 3_600_000) {
      await advanceBy(fake.clock, 5_000);
      await eventually(() => seen.length === fake.issued());
      await eventually(() => bridge.events('Reauthenticated').length === fake.issued() - 1);
    }
    expect(fake.issued()).toBeGreaterThan(36);
    expect(seen.slice(0, 3)).toEqual([
      'CONNECT OAUTH2-JWT token-1',
      'AUTH OAUTH2-JWT token-2',
      'AUTH OAUTH2-JWT token-3',
    ]);
    expect(seen.filter((line) => line.startsWith('CONNECT'))).toHaveLength(1);
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, state: 'connected', disconnects: {} });
    expect(bridge.snapshot().tokens).toMatchObject([{ side: 'remote', method: 'OAUTH2-JWT' }]);
    expect(bridge.log()).not.toContain('token-1');
  });

  test('is renewed while messages flow both ways', async (scope) => {
    const { fake, remote, local, bridge } = await setUp(scope);
    const client = (port: number, clientId: string) => connectRawClient(scope, { port, clientId });
    const [edge, cloud] = [await client(local.port, 'edge'), await client(remote.port, 'cloud')];
    await edge.subscribe('down/#');
    await cloud.subscribe('up/#');
    const messages = (topic: string) =>
      Array.from({ length: 2_000 }, (_, n) => ({ topic, payload: `${n}`, qos: 1 as const }));
    const flowing = Promise.all([edge.publishAll(messages('up/a')), cloud.publishAll(messages('down/a'))]);
    await eventually(() => bridge.route('up').counters.forwarded > 100);
    const before = bridge.route('up').counters.forwarded;
    for (let minute = 0; minute < 60; minute++) await advanceBy(fake.clock, 60_000);
    expect(before).toBeLessThan(2_000);
    await flowing;
    await Promise.all([edge.received(2_000), cloud.received(2_000)]);
    await bridge.settled();
    expect(bridge.events('Reauthenticated').length).toBeGreaterThan(5);
    for (const { messages } of [edge, cloud]) {
      expect(messages.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    }
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, disconnects: {} });
  });

  test('is shown on a new connection, once, where the broker refuses it on the live one', async (scope) => {
    const { fake, seen, bridge } = await setUp(scope, ({ again }) =>
      again ? { kind: 'refused', reasonCode: 0x87 } : undefined,
    );
    await advanceBy(fake.clock, LIFE_MS - 60_000);
    await eventually(() => seen.length === 3);
    await bridge.allReady();
    expect(seen).toEqual(['CONNECT OAUTH2-JWT token-1', 'AUTH OAUTH2-JWT token-2', 'CONNECT OAUTH2-JWT token-2']);
    expect(bridge.session('remote').disconnects).toEqual({ ReauthenticationFailed: 1 });
  });

  test('is shown on the next connection when it ended while there was none', async (scope) => {
    let away = false;
    const { fake, seen, remote, bridge } = await setUp(scope, () =>
      away ? { kind: 'refused', reasonCode: 0x88 } : undefined,
    );
    away = true;
    remote.broker.cut(bridge.session('remote').clientId);
    await eventually(() => bridge.session('remote').fault?.reason === 'ServerUnavailable');
    await advanceBy(fake.clock, LIFE_MS);
    away = false;
    await bridge.allReady();
    expect(seen.at(-1)).toBe('CONNECT OAUTH2-JWT token-2');
    expect(seen.filter((line) => line.startsWith('AUTH'))).toEqual([]);
  });
});

describe('AUTH of success', () => {
  const method = { authenticationMethod: 'OAUTH2-JWT' };
  const forms: [string, Reply][] = [
    ['in full', { cmd: 'auth', reasonCode: 0, properties: method }],
    ['of two bytes', Buffer.of(0xf0, 0)],
    ['without properties', Buffer.of(0xf0, 2, 0, 0)],
  ];
  test.for(forms)('%s is understood', async ([, form], scope) => {
    const { bridge, remote } = await againstRawBroker(scope, form);
    await eventually(() => bridge.events('Reauthenticated').length === 1);
    await eventually(() => bridge.session('remote').state === 'connected');
    expect(remote.connections).toHaveLength(1);
  });

  test('that never comes ends the connection, and the next one shows the new token', async (scope) => {
    const { bridge, remote } = await againstRawBroker(scope, 'silence');
    const next = await remote.connection(1);
    expect(next.connect.properties?.authenticationData?.toString()).toBe('token-2');
    await bridge.allReady();
    expect(remote.connections[0].count('disconnect')).toBe(1);
    expect(bridge.session('remote').disconnects).toEqual({ ReauthenticationFailed: 1 });
  });
});

async function againstRawBroker(scope: TestContext, form: Reply) {
  const fake = createFakeIdentity(LIFE_MS / 1_000);
  const remote = await startRawBroker(scope, { answer: (packet) => (packet.cmd === 'auth' ? form : undefined) });
  const local = await startEmbedded(scope);
  const bridge = await startBridge(
    scope,
    { local: local.port, remote: { port: remote.port, ...MANAGED }, routes: [outward('up', 'up/#')] },
    { identity: { open: fake.open, clock: fake.clock }, timing: { connectTimeoutMs: 300 } },
  );
  await advanceBy(fake.clock, LIFE_MS - 60_000);
  return { bridge, remote };
}

test('F15 - a rotated service account token is shown on the live connection, an empty or unreadable one never', async (scope) => {
  const dir = await createTempDir(scope, 'tokens');
  const folder = await mount(dir, 'sat', { sat: 'one' });
  const seen: string[] = [];
  const local = await startEmbedded(scope, {
    hooks: {
      authenticate({ request, method, data, again }) {
        if (request.clientId.startsWith('agent')) seen.push(`${again ? 'AUTH' : 'CONNECT'} ${method} ${String(data)}`);
        return { kind: 'accepted' };
      },
    },
  });
  const remote = await startEmbedded(scope);
  const kubernetes = { secretPath: folder.path, serviceAccountTokenName: 'sat' };
  const bridge = await startBridge(scope, {
    local: { port: local.port, authentication: { kubernetes } as never },
    remote: remote.port,
    routes: [outward('up', 'up/#')],
  });
  await folder.update({ sat: '' });
  await folder.update({ other: 'x' });
  await folder.update({ sat: 'one' });
  await folder.update({ sat: 'two' });
  await eventually(() => bridge.events('Reauthenticated').length === 1);
  expect(seen).toEqual(['CONNECT K8S-SAT one', 'AUTH K8S-SAT two']);
  expect(bridge.session('local')).toMatchObject({ epoch: 1, disconnects: {} });
});
