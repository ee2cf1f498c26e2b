import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, type TestContext, test } from 'vitest';
import type { VaultPace } from '../../../agent/session/credentials/vault/vault-schedule.ts';
import { type BridgeConfig, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mount } from '../../support/mounted.ts';
import { makePkcs12 } from '../../support/pkcs12.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { keyVaultOf, pemItem, startVault } from '../../support/vault-server.ts';

const authority = await createAuthority();
const ends = (pem: string): number => Math.floor(Date.parse(new X509Certificate(pem).validTo) / 1_000);

/** A Mosquitto that asks for a client certificate and takes its common name as user name. */
async function startBroker(scope: TestContext): Promise<Mosquitto> {
  const { key, chain } = await authority.issue();
  return startMosquitto(scope, {
    persistence: true,
    tls: { certificate: chain, key, clientCa: authority.certificate, nameClients: true },
  });
}

/** A vault, two brokers, and a bridge between them that logs on at both with what the vault has under `edge`. */
async function setUp(scope: TestContext, pace: Partial<VaultPace> = {}) {
  const from = await startVault(scope);
  const [local, remote] = await Promise.all([startBroker(scope), startBroker(scope)]);
  const proxy = await startFaultProxy(scope, { port: remote.tlsPort ?? 0 });
  const dir = await createTempDir(scope, 'mounts');
  const [configmapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
  await Promise.all([mkdir(configmapsDir), mkdir(secretsDir)]);
  await mount(configmapsDir, 'trust', { 'ca.crt': authority.certificate });
  await mount(secretsDir, 'principal', from.principal);
  const side = {
    tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
    authentication: { x509: { keyVault: keyVaultOf(from) } },
  };
  const config: BridgeConfig = {
    local: { port: local.tlsPort ?? 0, ...side },
    remote: { port: proxy.port, ...side },
    routes: [outward('up', 'up/#')],
  };
  const { url } = from.server;
  const identity = { vaults: { url, authorityHost: url, pace } };
  const start = () => startBridge(scope, config, { configmapsDir, secretsDir, identity, unready: true });
  return { ...from, local, remote, proxy, start };
}

const names = (broker: Mosquitto): string[] =>
  [...broker.log().matchAll(/ as agent-up \(.*u'([^']*)'/g)].map(([, name]) => name ?? '');

test('both sides log on with the certificate of the vault; a new version is found by itself and used at the next connection', async (scope) => {
  const { vault, local, remote, proxy, start } = await setUp(scope, { everyMs: 50 });
  const [first, second] = [
    await authority.issue({ commonName: 'edge-1' }),
    await authority.issue({ commonName: 'edge-2', days: 60 }),
  ];
  vault.put('edge', pemItem(first));
  const bridge = await start();
  await bridge.allReady();
  await eventually(() => isDeepStrictEqual([names(local), names(remote)], [['edge-1'], ['edge-1']]));

  vault.put('edge', pemItem(second));
  const certificates = ['local', 'remote'].map((side) => ({
    side,
    secret: 'plant/edge',
    notAfter: ends(second.chain),
  }));
  await eventually(() => {
    expect(bridge.snapshot().certificates).toMatchObject(certificates);
    return true;
  });
  expect(bridge.session('remote')).toMatchObject({ state: 'connected', epoch: 1 });
  expect(names(remote)).toEqual(['edge-1']);

  proxy.cutAll();
  await eventually(() => names(remote).length === 2 && bridge.session('remote').state === 'connected');
  expect([names(local), names(remote)]).toEqual([['edge-1'], ['edge-1', 'edge-2']]);
});

test('a vault that is away at the start is waited for, and later no connection depends on it', async (scope) => {
  const { vault, local, remote, proxy, start } = await setUp(scope, { everyMs: 50, retryMs: 50, freshMs: 0 });
  const { chain, key } = await authority.issue({ commonName: 'edge-1' });
  const value = makePkcs12({ chain, key }, 'des3').toString('base64');
  vault.put('edge', { ...pemItem({ chain, key }), value, contentType: 'application/x-pkcs12' });
  vault.setFault({ kind: 'status', status: 503 });
  const bridge = await start();
  await eventually(() => bridge.session('remote').fault?.reason === 'VaultFailed');
  expect(bridge.snapshot().certificates).toEqual([]);
  vault.setFault(undefined);
  await bridge.allReady();

  const consumer = await connectRawClient(scope, { port: remote.port, clientId: 'consumer' });
  await consumer.subscribe('up/#', 1);
  const producer = await connectRawClient(scope, { port: local.port, clientId: 'producer' });
  vault.setFault({ kind: 'forbidden', by: 'Rbac' });
  await eventually(() =>
    bridge.snapshot().certificates.every(({ rejected }) => rejected?.includes('may not read edge')),
  );
  proxy.cutAll();
  await producer.publish({ topic: 'up/a', payload: 'x', qos: 1 });
  await consumer.received(1);
  await eventually(() => names(remote).length === 2);
  expect(bridge.events('CredentialsRejected').filter(({ reason }) => reason === 'VaultForbidden')).toMatchObject([
    { kind: 'KeyVault', name: 'plant/edge' },
    { kind: 'KeyVault', name: 'plant/edge' },
  ]);

  vault.setFault(undefined);
  await eventually(() => bridge.snapshot().certificates.every(({ rejected }) => rejected === undefined));
});
