import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { inward, outward, type SideFields } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { createAuthority } from '../../support/certificates.ts';
import { checkDelivery } from '../../support/delivery.ts';
import { eventually } from '../../support/eventually.ts';
import { startConsumer, startProducer } from '../../support/load.ts';
import { mount } from '../../support/mounted.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { REMOTE_KINDS, type RemoteKind, startInside } from '../../support/remote.ts';
import { startEmbedded } from '../../support/test-broker.ts';

const authority = await createAuthority();
const server = await authority.issue();
const COUNT = 120;

async function mounts(scope: TestContext) {
  const dir = await createTempDir(scope, 'mounts');
  const [configmapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
  await Promise.all([mkdir(configmapsDir), mkdir(secretsDir)]);
  await mount(configmapsDir, 'trust', { 'ca.crt': authority.certificate });
  return { configmapsDir, secretsDir };
}

/** A broker with a port for clients of the test, and one that speaks as the row says. */
async function startSpeaking(
  scope: TestContext,
  kind: RemoteKind,
  secure: boolean,
  webSocket: boolean,
): Promise<{ readonly plain: number; readonly side: SideFields }> {
  if (kind !== 'mosquitto') {
    const { broker, port, side } = await startInside(scope, kind);
    const tls = { key: server.key, cert: server.chain };
    return { plain: port, side: side((await broker.listen({ webSocket, ...(secure && { tls }) })).port) };
  }
  const tls = { certificate: server.chain, key: server.key };
  const mosquitto = await startMosquitto(scope, { ...(secure && { tls }), websockets: webSocket });
  const { port, tlsPort, wsPort, wssPort } = mosquitto;
  return { plain: port, side: { port: (webSocket ? (secure ? wssPort : wsPort) : secure ? tlsPort : port) ?? 0 } };
}

const CASES = REMOTE_KINDS.flatMap((kind) =>
  [
    { kind, transport: 'TLS', secure: true, webSocket: false },
    { kind, transport: 'WebSocket', secure: false, webSocket: true },
    { kind, transport: 'secure WebSocket', secure: true, webSocket: true },
  ]
    // Event Grid takes no connection without TLS.
    .filter(({ secure }) => secure || kind !== 'eventgrid')
    .flatMap((row) => (['v5', 'v3'] as const).map((protocol) => ({ ...row, protocol }))),
);

describe('a bridge passes messages both ways', () => {
  test.for(CASES)('over $transport to $kind with $protocol', async ({ kind, secure, webSocket, protocol }, scope) => {
    const remote = await startSpeaking(scope, kind, secure, webSocket);
    const local = await startEmbedded(scope);
    const side: SideFields = {
      ...remote.side,
      protocol: webSocket ? 'webSocket' : 'mqtt',
      tls: secure ? { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' } : { tlsEnabled: false },
    };
    const routes = [outward('up', 'up/#'), inward('down', 'down/#')];
    const config = { local: local.port, remote: side, routes, spec: { protocol } };
    const bridge = await startBridge(scope, config, await mounts(scope));
    const above = await startConsumer(scope, { port: remote.plain, clientId: 'above', filters: 'up/#' });
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], size: 2000, count: COUNT });
    const down = startProducer(scope, {
      port: remote.plain,
      name: 'down',
      topics: ['down/a'],
      size: 2000,
      // Event Grid takes 64 KB without acknowledgement.
      window: 30,
      count: COUNT,
    });
    await Promise.all([up.done, down.done, above.received(COUNT), below.received(COUNT)]);
    await bridge.settled();
    const upward = checkDelivery(up.log.sent, above.log.received);
    const downward = checkDelivery(down.log.sent, below.log.received);
    expect(upward.ok, upward.text).toBe(true);
    expect(downward.ok, downward.text).toBe(true);
  });
});

describe('a bridge logs on', () => {
  test('with user name and password at both brokers', async (scope) => {
    const users = { edge: 'correct horse' };
    const [local, remote] = await Promise.all([startMosquitto(scope, { users }), startMosquitto(scope, { users })]);
    const { secretsDir, configmapsDir } = await mounts(scope);
    await mount(secretsDir, 'log-on', { username: 'edge', password: 'correct horse' });
    const authentication = { usernamePassword: { secretName: 'log-on' } };
    const bridge = await startBridge(
      scope,
      {
        local: { port: local.port, authentication },
        remote: { port: remote.port, authentication },
        routes: [outward('up', 'up/#')],
      },
      { secretsDir, configmapsDir },
    );
    expect(bridge.snapshot().sessions.map(({ state }) => state)).toEqual(['connected', 'connected']);
  });

  test('and says so when the broker does not let it, until the mounted password is right', async (scope) => {
    const local = await startEmbedded(scope);
    const remote = await startMosquitto(scope, { users: { edge: 'correct horse' } });
    const { secretsDir, configmapsDir } = await mounts(scope);
    const secret = await mount(secretsDir, 'log-on', { username: 'edge', password: 'wrong' });
    const side = { port: remote.port, authentication: { usernamePassword: { secretName: 'log-on' } } };
    const config = { local: local.port, remote: side, routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { unready: true, secretsDir, configmapsDir });
    await eventually(() => bridge.session('remote').fault);
    expect(bridge.session('remote').fault).toMatchObject({ reason: 'NotAuthorized', reasonCode: 0x87 });
    expect(Object.keys(bridge.session('remote').connects)).toEqual(['NotAuthorized']);
    await secret.update({ username: 'edge', password: 'correct horse' });
    await bridge.allReady();
  });

  test('with a Kubernetes service account token, as MQTT 5 enhanced authentication or as a user name', async (scope) => {
    const dir = await createTempDir(scope, 'token');
    await writeFile(join(dir, 'sat'), 'token-of-this-pod');
    const seen: string[] = [];
    const local = await startEmbedded(scope, {
      hooks: {
        authenticate({ request, method, data }) {
          seen.push(`${method ?? request.username}:${String(data ?? request.password)}`);
          return { kind: 'accepted' };
        },
      },
    });
    const remote = await startEmbedded(scope);
    for (const protocol of ['v5', 'v3'] as const) {
      const config = {
        local: { port: local.port, authentication: { kubernetes: { secretPath: dir } } },
        remote: remote.port,
        routes: [outward('up', 'up/#')],
        spec: { protocol },
      };
      const bridge = await startBridge(scope, config as never);
      await bridge.stop();
    }
    expect(seen).toEqual(['K8S-SAT:token-of-this-pod', '$sat:token-of-this-pod']);
  });
});
