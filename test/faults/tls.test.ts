import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { createAuthority, createSelfSigned, type Identity } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { mount } from '../support/mounted.ts';
import { startRawBroker } from '../support/raw-broker.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

const authority = await createAuthority();
const stranger = await createAuthority('Stranger');

/** Where Secrets and ConfigMaps are mounted; the ConfigMap `trust` holds the authority. */
async function mounts(scope: TestContext) {
  const dir = await createTempDir(scope, 'mounts');
  const [configmapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
  await Promise.all([mkdir(configmapsDir), mkdir(secretsDir)]);
  await mount(configmapsDir, 'trust', { 'ca.crt': authority.certificate });
  return { configmapsDir, secretsDir };
}

const encrypted = { tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' } };

describe('F16 - a broker whose certificate must not be believed is refused, and the status says why', () => {
  const abuses: [string, () => Promise<Identity>, string, object?][] = [
    ['of an unknown authority', () => stranger.issue(), 'TlsVerifyFailed'],
    ['signed by itself', () => createSelfSigned(), 'TlsVerifyFailed'],
    ['for another name', () => authority.issue({ names: ['other.example'] }), 'TlsNameMismatch'],
    ['that has expired', () => authority.issue({ expired: true }), 'TlsExpired'],
    [
      'over TLS 1.1',
      () => authority.issue(),
      'TlsVersionRefused',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    ],
  ];
  test.for(abuses)('%s', async ([, issue, reason, options], scope) => {
    const { key, chain } = await issue();
    const remote = await startRawBroker(scope, { tls: { key, cert: chain, ...options } });
    const local = await startEmbedded(scope);
    const config = { local: local.port, remote: { port: remote.port, ...encrypted }, routes: [inward('in', '#')] };
    const bridge = await startBridge(scope, config, { unready: true, ...(await mounts(scope)) });
    await eventually(() => (bridge.session('remote').connects[reason] ?? 0) >= 2);
    await eventually(() => bridge.session('remote').fault?.reason === reason);
    expect(Object.keys(bridge.session('remote').connects)).toEqual([reason]);
    expect(remote.connections.length).toBe(0);
    expect(bridge.route('in').lanes.ready).toBe(0);
  });

  test('and an agent told by its environment not to check certificates does not start', async (scope) => {
    const { start } = await prepareBridge(
      scope,
      { local: 1, remote: 2, routes: [inward('in', '#')] },
      { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
    );
    const agent = await start();
    expect(await agent.exit).toEqual({ code: 2, signal: null });
    expect(agent.output()).toContain('NODE_TLS_REJECT_UNAUTHORIZED');
  });
});

test('F17 - a rotated client certificate and CA are used at the next connection, and a pair that does not match never', async (scope) => {
  const { configmapsDir, secretsDir } = await mounts(scope);
  const server = await authority.issue();
  const users: string[] = [];
  const remote = await startEmbedded(scope, {
    hooks: {
      authenticate({ request }) {
        users.push(String(request.certificate?.subject.CN));
        return { kind: 'accepted' };
      },
    },
  });
  const tls = { key: server.key, cert: server.chain, ca: authority.certificate, requestCert: true };
  const { port } = await remote.broker.listen({ tls });
  const pairOf = ({ chain, key }: Identity) => ({ 'client_cert.pem': chain, 'client_key.pem': key });
  const identities = await Promise.all([0, 1, 2].map((n) => authority.issue({ commonName: `edge-${n}` })));
  const secret = await mount(secretsDir, 'client', pairOf(identities[0]));
  const local = await startEmbedded(scope);
  const bridge = await startBridge(
    scope,
    {
      local: local.port,
      remote: { port, ...encrypted, authentication: { x509: { secretName: 'client' } } },
      routes: [outward('up', 'up/#')],
    },
    { configmapsDir, secretsDir },
  );
  const reconnect = async () => {
    const { epoch } = bridge.session('remote');
    remote.broker.cut('agent-up');
    await eventually(() => bridge.session('remote').epoch > epoch);
    await bridge.allReady();
  };
  expect(users).toEqual(['edge-0']);

  await secret.update(pairOf(identities[1]));
  await reconnect();
  expect(users).toEqual(['edge-0', 'edge-1']);

  await secret.update({ ...pairOf(identities[2]), 'client_key.pem': identities[0].key });
  await reconnect();
  expect(users).toEqual(['edge-0', 'edge-1', 'edge-1']);
  expect(bridge.snapshot().certificates).toMatchObject([{ side: 'remote', secret: 'client' }]);
  expect(bridge.snapshot().certificates[0].rejected).toContain('client_key.pem');
  expect(bridge.events('CredentialsRejected')).toMatchObject([{ side: 'remote', reason: 'KeyMismatch' }]);

  await secret.update(pairOf(identities[2]));
  await reconnect();
  expect(users).toEqual(['edge-0', 'edge-1', 'edge-1', 'edge-2']);
  expect(bridge.snapshot().certificates[0].rejected).toBeUndefined();

  const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
  await source.publish({ topic: 'up/a', payload: 'x', qos: 1 });
  await eventually(() => bridge.route('up').counters.forwarded === 1);
});
