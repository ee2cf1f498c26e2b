import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outward } from '../../support/bridge-config.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { mount } from '../../support/mounted.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { keyVaultOf, pemItem, startVault } from '../../support/vault-server.ts';
import { check } from '../cli/check/run-check.ts';

test('check reads the certificate of a key vault, shows its days, and says what to do when it may not', async (scope) => {
  const from = await startVault(scope);
  const authority = await createAuthority();
  from.vault.put('edge', pemItem(await authority.issue()));
  const { chain: certificate, key } = await authority.issue();
  const local = await startMosquitto(scope);
  const remote = await startMosquitto(scope, { tls: { certificate, key, clientCa: authority.certificate } });
  const dir = await createTempDir(scope, 'mounts');
  await mount(dir, 'trust', { 'ca.crt': authority.certificate });
  await mount(dir, 'principal', from.principal);
  await writeFile(join(dir, 'vault-ca.pem'), from.ca);
  const config = {
    local: local.port,
    remote: {
      port: remote.tlsPort ?? 0,
      tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
      authentication: { x509: { keyVault: keyVaultOf(from) } },
    },
    routes: [outward('up', 'up/#')],
  };
  const setting = {
    args: ['--configmaps-dir', dir, '--secrets-dir', dir, '--key-vault-url', from.server.url],
    env: { NODE_EXTRA_CA_CERTS: join(dir, 'vault-ca.pem'), AZURE_AUTHORITY_HOST: from.server.url },
  };
  const good = await check(config, setting);
  expect(good.of('credentials', 'remote')).toMatchObject([{ status: 'ok', details: { days: 29 } }]);
  expect(good.of('connect', 'remote')).toMatchObject([{ status: 'ok' }]);

  from.vault.setFault({ kind: 'forbidden', by: 'Rbac' });
  const bad = await check(config, setting);
  expect(bad.code).toBe(1);
  expect(bad.of('credentials', 'remote')).toMatchObject([
    {
      status: 'error',
      reason: 'VaultForbidden',
      advice: expect.stringContaining('az role assignment create --role "Key Vault Secrets User"') as string,
    },
  ]);
  expect(good.stdout + bad.stdout + bad.stderr).not.toContain(from.principal.clientsecret);
});
