import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { AccessToken } from '../../agent/session/credentials/token-source.ts';
import { DEFAULT_TIMING } from '../../agent/session/timing.ts';
import { createDirectory, type DirectoryRules } from '../../local/emulator/authentication/directory.ts';
import { createEventGridEmulator, type EventGridOptions } from '../../local/emulator/emulator.ts';
import { createTokenIssuer } from '../../local/identity/issuer.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { type Bridge, startBridge } from '../support/bridge-harness.ts';
import { createAuthority } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { explanationsOf } from '../support/explanations.ts';
import { mount } from '../support/mounted.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const OBJECT_ID = '11111111-2222-3333-4444-555555555555';
const ROLE = 'az role assignment create --role "EventGrid TopicSpaces';
/** Everybody is the same identity. */
const ONE_NAME = { authenticator: () => ({ kind: 'known', name: 'edge', attributes: {} }) as const };
const profile = 'eventgrid' as const;

async function startEmulator(scope: TestContext, options: EventGridOptions) {
  const emulator = createEventGridEmulator(options);
  scope.onTestFinished(() => emulator.close());
  return { emulator, port: (await emulator.listen()).port };
}

/** An identity whose tokens are for any audience that is asked for, and a directory that knows its issuer. */
async function startIdentity() {
  const issuer = await createTokenIssuer({ objectId: OBJECT_ID });
  const getToken = async (scope: string): Promise<AccessToken> => {
    const { token, expiresAt } = await issuer.issue(scope.replace(/\/\.default$/, ''));
    return { token, expiresOnTimestamp: expiresAt * 1_000 };
  };
  const rules: DirectoryRules = {
    entra: { issuer: issuer.issuer, audiences: [AUDIENCE], keys: { jwks: issuer.jwks } },
  };
  const identity = { open: () => Promise.resolve({ getToken }) };
  return { identity, authenticator: createDirectory(rules, Date.now) };
}

const managed = (audience = AUDIENCE) => ({ authentication: { systemAssignedManagedIdentity: { audience } } });

/** Pauses that were announced after refusals of the remote broker, in milliseconds. */
const pausesOf = (bridge: Bridge) =>
  bridge.events('Disconnected').flatMap(({ side, nextDelayMs }) => (side === 'remote' ? [Number(nextDelayMs)] : []));

describe('a wrong audience', () => {
  test('is named with the one to set, and tried again at the documented pace', async (scope) => {
    const { identity, authenticator } = await startIdentity();
    const { port } = await startEmulator(scope, { authenticator });
    const local = await startEmbedded(scope);
    const remote = { port, profile, ...managed('https://storage.azure.com') };
    const bridge = await startBridge(
      scope,
      { local: local.port, remote, routes: [outward('up', 'up/#')] },
      { identity, unready: true, timing: { reconnect: DEFAULT_TIMING.reconnect } },
    );
    await eventually(() => pausesOf(bridge).length === 2);
    const { log, status, readyz } = explanationsOf(bridge, 'Disconnected');
    const cause = `"https://storage.azure.com", and Event Grid's is ${AUDIENCE}`;
    const fix = `spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity.audience: ${AUDIENCE}`;
    expect(log.at(-1)).toMatchObject({ reason: 'NotAuthorized', msg: expect.stringContaining(cause), fix });
    const fault = status.sessions.find(({ side }) => side === 'remote')?.fault;
    expect(fault).toMatchObject({ reason: 'NotAuthorized', message: expect.stringContaining(cause), fix });
    expect(readyz).toContain(`try: ${fix}`);
    // Once soon with a fresh token, then slowly.
    expect(pausesOf(bridge)[0]).toBeLessThanOrEqual(1_000);
    expect(pausesOf(bridge)[1]).toBeGreaterThanOrEqual(2_500);
  });
});

describe('an expired client certificate', () => {
  test('is named with its Secret and the command that replaces it, and a new one is taken', async (scope) => {
    const authority = await createAuthority();
    const dir = await createTempDir(scope, 'mounts');
    const [configmapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
    await Promise.all([mkdir(configmapsDir), mkdir(secretsDir)]);
    await mount(configmapsDir, 'trust', { 'ca.crt': authority.certificate });
    const pairOf = async (expired: boolean) => {
      const { chain, key } = await authority.issue({ commonName: 'edge', expired, purpose: 'client' });
      return { 'client_cert.pem': chain, 'client_key.pem': key };
    };
    const secret = await mount(secretsDir, 'edge-cert', await pairOf(true));
    const clients = [
      {
        authenticationName: 'edge',
        validation: 'SubjectMatchesAuthenticationName',
        thumbprints: [],
        attributes: {},
      } as const,
    ];
    const alternativeNameSources = ['ClientCertificateSubject'] as const;
    const rules = { certificates: { authorities: [authority.certificate], alternativeNameSources, clients } };
    const emulator = createEventGridEmulator({ authenticator: createDirectory(rules, Date.now) });
    scope.onTestFinished(() => emulator.close());
    const { key, chain: cert } = await authority.issue();
    const { port } = await emulator.listen({ tls: { key, cert, requestCert: true, rejectUnauthorized: false } });
    const local = await startEmbedded(scope);
    const remote = {
      port,
      profile,
      tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
      authentication: { x509: { secretName: 'edge-cert' } },
    };
    const config = { local: local.port, remote, routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { configmapsDir, secretsDir, unready: true });
    await eventually(() => bridge.session('remote').fault);
    const { log, status, readyz } = explanationsOf(bridge, 'Disconnected');
    const fix =
      'kubectl create secret generic edge-cert --namespace test --from-file=client_cert.pem --from-file=client_key.pem --dry-run=client --output yaml | kubectl apply --namespace test --filename -';
    const cause = expect.stringContaining('The client certificate from Secret edge-cert ended at ');
    expect(log.at(-1)).toMatchObject({ reason: 'NotAuthorized', msg: cause, fix });
    expect(status.sessions.find(({ side }) => side === 'remote')?.fault).toMatchObject({ message: cause, fix });
    expect(readyz).toContain(`try: ${fix}`);
    await secret.update(await pairOf(false));
    await bridge.allReady();
  });
});

describe('a missing role', () => {
  const topicSpaces = [
    { name: 'own', templates: ['up/#', 'down/#'] },
    { name: 'alarms', templates: ['alarms/#', 'orders/#'] },
  ];
  const permissions = [
    { topicSpace: 'own', role: 'Publisher' },
    { topicSpace: 'own', role: 'Subscriber' },
  ] as const;

  test.for(['nack', 'disconnect'] as const)(
    'to publish is named with route, role and identity, and other routes go on (%s)',
    async (whenUnauthorized, scope) => {
      const { identity, authenticator } = await startIdentity();
      const { emulator, port } = await startEmulator(scope, {
        authenticator,
        permissions: { topicSpaces, permissions },
        settings: { whenUnauthorized, connectsPerSecond: 1_000, maximumClientSessionsPerAuthenticationName: 9 },
      });
      const local = await startEmbedded(scope);
      const routes = [outward('alarms', 'alarms/#'), outward('up', 'up/#')];
      const bridge = await startBridge(
        scope,
        // Sessions of their own: where the service ends the connection, others on it would wait for the next.
        { local: local.port, remote: { port, profile, ...managed() }, routes, spec: { remoteSessions: 'perRoute' } },
        { identity },
      );
      const edge = await connectRawClient(scope, { port: local.port, clientId: 'edge' });
      await edge.publish({ topic: 'alarms/1', payload: 'x', qos: 1 });
      await eventually(() => bridge.route('alarms').refusal);
      await edge.publish({ topic: 'up/1', payload: 'x', qos: 1 });
      await eventually(() => bridge.route('up').counters.forwarded === 1);

      const { log, status, readyz } = explanationsOf(bridge, 'PublishRefused');
      const cause = `identity ${OBJECT_ID} publish to "alarms/#" (route alarms)`;
      expect(log).toHaveLength(1);
      expect(log[0]).toMatchObject({ route: 'alarms', reason: 'NotAuthorized', reasonCode: 0x87 });
      expect(log[0]?.['msg']).toContain(cause);
      expect(log[0]?.['fix']).toContain(`${ROLE} Publisher" --assignee ${OBJECT_ID} --scope /subscriptions/`);
      const refusal = status.routes.find(({ route }) => route === 'alarms')?.refusal;
      expect(refusal).toMatchObject({ reason: 'NotAuthorized', fix: log[0]?.['fix'], message: log[0]?.['msg'] });
      expect(status.routes.find(({ route }) => route === 'up')?.refusal).toBeUndefined();
      expect(readyz).toContain(`[-]route routes/alarms failed: `);
      expect(readyz).toContain(`try: ${String(log[0]?.['fix'])}`);
      expect(readyz).toContain('[+]route routes/up ok');
      expect(emulator.log.entries().some(({ kind }) => kind === 'unauthorized')).toBe(true);
    },
  );

  test('to subscribe is named with route, role and identity, and other routes go on', async (scope) => {
    const { identity, authenticator } = await startIdentity();
    const { port } = await startEmulator(scope, { authenticator, permissions: { topicSpaces, permissions } });
    const local = await startEmbedded(scope);
    const routes = [inward('orders', 'orders/#'), inward('down', 'down/#')];
    const bridge = await startBridge(
      scope,
      { local: local.port, remote: { port, profile, ...managed() }, routes },
      { identity, unready: true },
    );
    await eventually(() => bridge.snapshot().routes.find(({ route }) => route === 'orders')?.fault);
    await eventually(() => bridge.route('down').lanes.ready === 1);
    const { log, status, readyz } = explanationsOf(bridge, 'SubscribeRefused');
    expect(log[0]?.['msg']).toContain(`identity ${OBJECT_ID} subscribe to "orders/#" (route orders)`);
    expect(log[0]?.['fix']).toContain(`${ROLE} Subscriber" --assignee ${OBJECT_ID} --scope /subscriptions/`);
    const fault = status.routes.find(({ route }) => route === 'orders')?.fault;
    expect(fault).toMatchObject({ reason: 'NotAuthorized', fix: log[0]?.['fix'], message: log[0]?.['msg'] });
    expect(readyz).toContain(`try: ${String(log[0]?.['fix'])}`);
    expect(readyz).toContain('[+]route routes/down ok');
  });
});

describe('a session name that belongs to another identity', () => {
  test('is told from a missing permission by the sessions that the broker takes, and they go on', async (scope) => {
    const { port } = await startEmulator(scope, {
      authenticator: ({ request }) => ({ kind: 'known', name: request.username ?? 'edge', attributes: {} }),
      settings: { maximumClientSessionsPerAuthenticationName: 9 },
    });
    const other = await connectRawClient(scope, {
      port,
      clientId: 'agent-b',
      sessionExpiry: 3_600,
      connect: { username: 'other' },
    });
    await other.disconnect();
    const local = await startEmbedded(scope);
    const routes = [outward('a', 'a/#'), outward('b', 'b/#')];
    const config = { local: local.port, remote: { port, profile }, routes };
    const bridge = await startBridge(scope, config, { unready: true });
    const cause = 'The session name "agent-b" at 127.0.0.1 belongs to another identity';
    await eventually(() => bridge.session('remote', 'b').fault?.message.startsWith(cause));
    await eventually(() => bridge.route('a').lanes.ready === 1);
    const { log, status, readyz } = explanationsOf(bridge, 'Disconnected');
    const fix = 'spec.clientIdPrefix: agent-2';
    expect(log.at(-1)).toMatchObject({ reason: 'NotAuthorized', fix });
    expect(
      status.sessions.find(({ clientId, side }) => side === 'remote' && clientId === 'agent-b')?.fault,
    ).toMatchObject({ reason: 'NotAuthorized', fix });
    expect(readyz).toContain(`try: ${fix}`);
  });
});

describe('F08 - a full session table', () => {
  test('keeps one client of three waiting, less than once a second, and says which setting to raise to what', async (scope) => {
    const { emulator, port } = await startEmulator(scope, {
      ...ONE_NAME,
      settings: { maximumClientSessionsPerAuthenticationName: 3 },
    });
    const other = await connectRawClient(scope, { port, clientId: 'other' });
    const local = await startEmbedded(scope);
    const routes = [outward('a', 'a/#'), outward('b', 'b/#'), outward('c', 'c/#')];
    const config = { local: local.port, remote: { port, profile }, routes };
    const bridge = await startBridge(scope, config, { unready: true });
    await eventually(() => pausesOf(bridge).length >= 2);
    const ready = bridge.snapshot().routes.filter(({ lanes }) => lanes.ready === 1);
    expect(ready).toHaveLength(2);
    const edge = await connectRawClient(scope, { port: local.port, clientId: 'edge' });
    for (const { route } of ready) {
      await edge.publish({ topic: `${route}/1`, payload: 'x', qos: 1 });
      await eventually(() => bridge.route(route).counters.forwarded === 1);
    }

    const { log, status, readyz } = explanationsOf(bridge, 'Disconnected');
    const fix =
      'az eventgrid namespace update --resource-group GROUP --name NAMESPACE --topic-spaces-configuration "{maximumClientSessionsPerAuthenticationName:3}"';
    const cause = expect.stringContaining('needs 3 under "Maximum client sessions per authentication name"');
    const [waiting] = status.sessions.filter(({ fault }) => fault !== undefined);
    expect(waiting?.fault).toMatchObject({ reason: 'QuotaExceeded', reasonCode: 0x97, message: cause, fix });
    expect(log.at(-1)).toMatchObject({ reason: 'QuotaExceeded', msg: cause, fix });
    expect(readyz).toContain(`[-]remote failed: 2 of 3 sessions connected; QuotaExceeded: `);
    expect(readyz).toContain(`try: ${fix}`);
    for (const pause of pausesOf(bridge)) expect(pause).toBeGreaterThanOrEqual(900);
    expect(emulator.log.entries().filter(({ kind }) => kind === 'throttled')).toEqual([]);

    await other.disconnect();
    await bridge.allReady();
    expect(bridge.snapshot().sessions.filter(({ fault }) => fault)).toEqual([]);
  });

  test('is asked once after a second, and then after 2.5 s and more at the pace of every agent', async (scope) => {
    const { port } = await startEmulator(scope, {
      ...ONE_NAME,
      settings: { maximumClientSessionsPerAuthenticationName: 0 },
    });
    const local = await startEmbedded(scope);
    const config = { local: local.port, remote: { port, profile }, routes: [outward('a', 'a/#')] };
    const timing = { reconnect: DEFAULT_TIMING.reconnect };
    const bridge = await startBridge(scope, config, { unready: true, timing });
    await eventually(() => pausesOf(bridge).length === 2);
    const [first, second] = pausesOf(bridge);
    expect(first).toBeGreaterThanOrEqual(900);
    expect(second).toBeGreaterThanOrEqual(2_500);
  });
});
