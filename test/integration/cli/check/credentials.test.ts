import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { type BridgeConfig, outward } from '../../../support/bridge-config.ts';
import { type Authority, createAuthority, type Identity } from '../../../support/certificates.ts';
import { startMosquitto } from '../../../support/mosquitto.ts';
import { mount } from '../../../support/mounted.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { startEmbedded } from '../../../support/test-broker.ts';
import { keyVaultOf, pemItem, startVault } from '../../../support/vault-server.ts';
import { check, type CheckSetting } from './run-check.ts';
import { startService } from './service.ts';

const ROUTES = [outward('up', 'up/#')];

/** A Mosquitto that wants a client certificate, and a bridge to it that trusts it. */
async function setUp(scope: TestContext) {
  const authority = await createAuthority();
  const { key, chain } = await authority.issue({ purpose: 'server' });
  const tls = { certificate: chain, key, clientCa: authority.certificate };
  const [local, remote] = [await startEmbedded(scope), await startMosquitto(scope, { tls })];
  const dir = await createTempDir(scope, 'mounts');
  const dirs = { configmaps: join(dir, 'configmaps'), secrets: join(dir, 'secrets') };
  await Promise.all([mkdir(dirs.configmaps), mkdir(dirs.secrets)]);
  await mount(dirs.configmaps, 'ca', { 'ca.crt': authority.certificate });
  const configOf = (authentication: object): BridgeConfig => ({
    local: local.port,
    remote: {
      port: remote.tlsPort ?? 0,
      tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' },
      authentication,
    },
    routes: ROUTES,
  });
  const setting: CheckSetting = { args: ['--configmaps-dir', dirs.configmaps, '--secrets-dir', dirs.secrets] };
  return { authority, dirs, configOf, setting, dir };
}

function issue(authority: Authority, expired = false): Promise<Identity> {
  return authority.issue({ purpose: 'client', commonName: 'edge', expired });
}

const keysOf = ({ chain, key }: Identity) => ({ 'client_cert.pem': chain, 'client_key.pem': key });

test('a client certificate: how long it lasts, and that the broker takes it', async (scope) => {
  const { authority, dirs, configOf, setting } = await setUp(scope);
  const pair = await issue(authority);
  await mount(dirs.secrets, 'client', keysOf(pair));
  const { code, of, stdout } = await check(configOf({ x509: { secretName: 'client' } }), setting);
  expect(code).toBe(0);
  expect(of('credentials', 'remote')).toMatchObject([{ status: 'ok', details: { secret: 'client', days: 29 } }]);
  expect(of('connect', 'remote')).toMatchObject([{ status: 'ok' }]);
  expect(stdout).not.toContain('PRIVATE KEY');
});

test('one that has ended', async (scope) => {
  const { authority, dirs, configOf, setting } = await setUp(scope);
  await mount(dirs.secrets, 'client', keysOf(await issue(authority, true)));
  const { code, of } = await check(configOf({ x509: { secretName: 'client' } }), setting);
  expect(code).toBe(1);
  expect(of('credentials', 'remote')).toMatchObject([{ status: 'error', reason: 'CertificateEnded' }]);
  expect(of('connect', 'remote')).toMatchObject([{ status: 'skipped', details: { because: 'credentials' } }]);
});

test('none, where the broker wants one', async (scope) => {
  const { configOf, setting } = await setUp(scope);
  const { code, of } = await check(configOf({ anonymous: {} }), setting);
  expect(code).toBe(1);
  const [found] = [...of('tls', 'remote'), ...of('connect', 'remote')].filter(({ status }) => status === 'error');
  expect(found).toMatchObject({ reason: 'TlsClientCertificateRejected' });
});

test('a Secret that is not there: the command that makes it', async (scope) => {
  const { configOf, setting } = await setUp(scope);
  const { code, of } = await check(configOf({ x509: { secretName: 'client' } }), setting);
  expect(code).toBe(1);
  expect(of('credentials', 'remote')).toMatchObject([
    { status: 'error', reason: 'FileMissing', advice: expect.stringContaining('kubectl create secret') as string },
  ]);
  expect(of('tls', 'remote')[0]?.status).not.toBe('skipped');
});

test('a certificate in a key vault, and what time it is there', async (scope) => {
  const { authority, dirs, configOf, setting, dir } = await setUp(scope);
  const from = await startVault(scope);
  const { url } = from.server;
  from.vault.put('edge', pemItem(await issue(authority)));
  await mount(dirs.secrets, 'principal', from.principal);
  await writeFile(join(dir, 'vault-ca.pem'), from.ca);
  const { code, of, stdout } = await check(configOf({ x509: { keyVault: keyVaultOf(from) } }), {
    args: [...(setting.args ?? []), '--key-vault-url', url],
    env: { AZURE_AUTHORITY_HOST: url, NODE_EXTRA_CA_CERTS: join(dir, 'vault-ca.pem') },
  });
  expect(code).toBe(0);
  expect(of('credentials', 'remote')).toMatchObject([{ status: 'ok', details: { secret: 'plant/edge', days: 29 } }]);
  expect(of('clock')).toMatchObject([{ status: 'ok', message: expect.stringContaining('the key vault') as string }]);
  for (const secret of [from.principal.clientsecret, 'PRIVATE KEY', 'eyJ']) expect(stdout).not.toContain(secret);
});

test('an identity endpoint that never answers costs no more than --timeout', async (scope) => {
  const { config, setting, identity } = await startService(scope);
  identity.setFault({ kind: 'blackHole' });
  const args = [...(setting.args ?? []), '--timeout', '4'];
  const { code, of } = await check({ ...config, routes: ROUTES }, { ...setting, args });
  expect(code).toBe(1);
  expect(of('credentials', 'remote')).toMatchObject([{ status: 'error', reason: 'CheckTimeout' }]);
  expect(of('subscribe', 'local')).toMatchObject([{ status: 'ok' }]);
});

test('a broker over WebSocket', async (scope) => {
  const [local, remote] = [await startEmbedded(scope), await startMosquitto(scope, { websockets: true })];
  const webSocket = { port: remote.wsPort ?? 0, protocol: 'webSocket' as const };
  const { code, of } = await check({ local: local.port, remote: webSocket, routes: ROUTES });
  expect(code).toBe(0);
  expect(of('connect', 'remote')).toMatchObject([{ status: 'ok' }]);
  const wrong = await check({ local: local.port, remote: { ...webSocket, port: remote.port }, routes: ROUTES });
  expect(wrong.of('connect', 'remote')).toMatchObject([{ status: 'error' }]);
});
