import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { BrokerEvents } from '../../../local/broker/events.ts';
import { createDirectory, type DirectoryRules } from '../../../local/emulator/authentication/directory.ts';
import { createEventGridEmulator } from '../../../local/emulator/emulator.ts';
import type { EventGridSettings } from '../../../local/emulator/settings.ts';
import { createTokenIssuer, type TokenIssuer } from '../../../local/identity/issuer.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { inward, outward, type SideFields } from '../../support/bridge-config.ts';
import { type BridgeOptions, startBridge } from '../../support/bridge-harness.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { mount } from '../../support/mounted.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startEmbedded } from '../../support/test-broker.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const authority = await createAuthority();
const server = await authority.issue({ purpose: 'server' });
const edge = await authority.issue({ commonName: 'edge', purpose: 'client' });
const stranger = await (await createAuthority('Stranger')).issue({ commonName: 'edge', purpose: 'client' });

/** Event Grid behind TLS, which lets in who is in its directory, to the topics of the test. */
async function startNamespace(scope: TestContext, rules: DirectoryRules, settings: Partial<EventGridSettings> = {}) {
  const topicSpaces = [{ name: 'space', templates: ['up/#', 'down/${client.authenticationName}/#'] }];
  const permissions = (['Publisher', 'Subscriber'] as const).map((role) => ({ topicSpace: 'space', role }));
  const authenticator = createDirectory(rules, Date.now);
  const emulator = createEventGridEmulator({ settings, authenticator, permissions: { topicSpaces, permissions } });
  scope.onTestFinished(() => emulator.close());
  const tls = { key: server.key, cert: server.chain, requestCert: true, rejectUnauthorized: false };
  const { port } = await emulator.listen({ tls });
  return { emulator, port };
}

/** A bridge that logs on to Event Grid as said, with everything mounted. */
async function startLoggingOn(
  scope: TestContext,
  port: number,
  name: string,
  authentication: ConnectorInput['spec']['remoteBrokerConnection']['authentication'],
  options: BridgeOptions & { readonly pair?: typeof edge } = {},
) {
  const { pair, ...rest } = options;
  const dir = await createTempDir(scope, 'mounts');
  const [configmapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
  await Promise.all([mkdir(configmapsDir), mkdir(secretsDir)]);
  await mount(configmapsDir, 'trust', { 'ca.crt': authority.certificate });
  if (pair) await mount(secretsDir, 'pair', { 'client_cert.pem': pair.chain, 'client_key.pem': pair.key });
  const local = await startEmbedded(scope);
  const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' };
  const remote: SideFields = { port, profile: 'eventgrid', tls, authentication };
  const routes = [outward('up', 'up/#'), inward('down', `down/${name}/#`)];
  const bridge = await startBridge(
    scope,
    { local: local.port, remote, routes },
    { configmapsDir, secretsDir, ...rest },
  );
  const client = await connectRawClient(scope, { port: local.port, clientId: 'client' });
  await client.subscribe('down/#');
  return { bridge, client };
}

function payloadsAt(events: BrokerEvents): readonly string[] {
  const payloads: string[] = [];
  events.on('published', ({ clientId, payload }) => void (clientId && payloads.push(payload.toString())));
  return payloads;
}

// At the same time, since they wait most of theirs.
describe.concurrent('a bridge logs on to Event Grid', () => {
  const certificates = {
    authorities: [authority.certificate],
    alternativeNameSources: ['ClientCertificateSubject' as const],
    clients: [
      {
        authenticationName: 'edge',
        validation: 'SubjectMatchesAuthenticationName' as const,
        thumbprints: [],
        attributes: {},
      },
    ],
  };
  const x509 = { x509: { secretName: 'pair' } };

  test('with a certificate, one session of its name per route and direction', async (scope) => {
    const settings = { maximumClientSessionsPerAuthenticationName: 2 };
    const { emulator, port } = await startNamespace(scope, { certificates }, settings);
    const { bridge, client } = await startLoggingOn(scope, port, 'edge', x509, { pair: edge });
    const arrived = payloadsAt(emulator.events);
    await client.publish({ topic: 'up/a', payload: 'up', qos: 1 });
    emulator.publish({ topic: 'down/edge/a', payload: 'down', qos: 1 });
    await client.received(1);
    await bridge.settled();
    expect(arrived).toEqual(['up']);
    const names = emulator.sessions().map(({ authenticationName }) => authenticationName);
    expect(names).toEqual(['edge', 'edge']);
  });

  test('in vain with a certificate of somebody else, and says so', async (scope) => {
    const { emulator, port } = await startNamespace(scope, { certificates });
    const { bridge } = await startLoggingOn(scope, port, 'edge', x509, { pair: stranger, unready: true });
    const fault = await eventually(() => bridge.session('remote', 'up').fault);
    expect(fault).toMatchObject({ reason: 'NotAuthorized', reasonCode: 0x87 });
    expect(emulator.sessions()).toEqual([]);
  });

  test('by managed identity with the only session of its name, and renews its token on the live connection', async (scope) => {
    const issuer = await createTokenIssuer({ lifetimeSeconds: 6 });
    const { emulator, port } = await startNamespace(scope, { entra: rulesOf(issuer) });
    const managed = { systemAssignedManagedIdentity: { audience: AUDIENCE } };
    const identity = { open: async () => ({ getToken: (wanted: string) => tokenOf(issuer, wanted) }) };
    const { bridge, client } = await startLoggingOn(scope, port, issuer.objectId, managed, { identity });
    const arrived = payloadsAt(emulator.events);
    await eventually(() => bridge.events('Reauthenticated').length === 1);
    await client.publish({ topic: 'up/a', payload: 'up', qos: 1 });
    emulator.publish({ topic: `down/${issuer.objectId}/a`, payload: 'down', qos: 1 });
    await client.received(1);
    await bridge.settled();
    expect(arrived).toEqual(['up']);
    expect(emulator.sessions().map(({ authenticationName }) => authenticationName)).toEqual([issuer.objectId]);
    expect(emulator.log.entries().map(({ kind }) => kind)).toEqual(['connected']);
  });

  test('again when the session of its client ID no longer belongs to another name', async (scope) => {
    const settings = { maximumClientSessionsPerAuthenticationName: 2 };
    const emulator = createEventGridEmulator({ settings });
    scope.onTestFinished(() => emulator.close());
    const { port } = await emulator.listen();
    const session = { clientId: 'agent-up', clean: false, sessionExpiry: 3_600 };
    const owner = await connectRawClient(scope, { port, ...session, connect: { username: 'owner' } });
    await owner.disconnect();
    const local = await startEmbedded(scope);
    const remote: SideFields = { port, profile: 'eventgrid' };
    const routes = [outward('up', 'up/#')];
    const bridge = await startBridge(scope, { local: local.port, remote, routes }, { unready: true });
    // At first it comes too soon after the owner.
    await eventually(() => bridge.session('remote').fault?.reason === 'NotAuthorized');
    emulator.forget('agent-up');
    await bridge.allReady();
  });
});

function rulesOf({ issuer, jwks }: TokenIssuer): Required<DirectoryRules>['entra'] {
  return { issuer, audiences: [AUDIENCE], keys: { jwks } };
}

async function tokenOf(issuer: TokenIssuer, wanted: string) {
  const { token, expiresAt } = await issuer.issue(wanted.replace(/\/\.default$/, ''));
  return { token, expiresOnTimestamp: expiresAt * 1_000 };
}
