import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createMountedFiles } from '../../../agent/config/mounted-files.ts';
import { createCredentials, type Rejection } from '../../../agent/session/credentials/credentials.ts';
import type { VaultPace } from '../../../agent/session/credentials/vault/vault-schedule.ts';
import type { VaultFault } from '../../../local/vault/vault.ts';
import type { KeyVault } from '../../../shared/resources/authentication.ts';
import { createAuthority, type Identity } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import type { Scope } from '../../support/scope.ts';
import {
  keyVaultOf,
  pemItem,
  startVault,
  type VaultServer,
  type VaultServerOptions,
} from '../../support/vault-server.ts';
import { createMountRoot } from '../../unit/agent/credentials/mounted-folder.ts';

const authority = await createAuthority();
const subject = (pem = ''): string => new X509Certificate(pem).subject;

/** Credentials of a side that takes its certificate from this vault. */
async function read(scope: Scope, from: VaultServer, more: Partial<KeyVault> = {}, pace: Partial<VaultPace> = {}) {
  const secrets = await createMountRoot(scope);
  await secrets.mount('principal', from.principal);
  const rejections: Rejection[] = [];
  const { url } = from.server;
  const credentials = createCredentials(
    {
      side: 'remote',
      host: 'broker',
      port: 8883,
      transport: 'tcp',
      tlsEnabled: true,
      maxPacketBytes: 65_536,
      authentication: { kind: 'x509KeyVault', keyVault: keyVaultOf(from, more) },
    },
    {
      files: createMountedFiles({ secretsDir: secrets.dir }),
      vaults: { url, authorityHost: url, pace: { freshMs: 0, ...pace } },
      onRejected: (rejection) => void rejections.push(rejection),
    },
  );
  scope.onTestFinished(() => credentials.close());
  return { credentials, secrets, rejections };
}

async function serve(scope: Scope, options: VaultServerOptions = {}) {
  const from = await startVault(scope, options);
  const pair = await authority.issue({ commonName: 'edge-1' });
  return { ...from, from, pair };
}

describe('a certificate in a key vault', () => {
  test('comes with its key by one token, and the next connection uses the next version', async (scope) => {
    const { vault, from, pair, tokens } = await serve(scope);
    const first = vault.put('edge', pemItem(pair));
    const { credentials } = await read(scope, from);
    const { tls } = await credentials.load();
    expect([tls?.cert, tls?.key]).toEqual([pair.chain, pair.key]);
    expect(credentials.certificate()).toEqual({
      secret: 'plant/edge',
      notAfter: Math.floor(Date.parse(new X509Certificate(pair.chain).validTo) / 1000),
    });
    expect(vault.requests).toEqual(['GET /certificates/edge', `GET /secrets/edge/${first}`]);

    expect((await credentials.load()).tls).toBe(tls);
    expect(vault.requests.slice(2)).toEqual(['GET /certificates/edge']);
    vault.put('edge', pemItem(await authority.issue({ commonName: 'edge-2' })));
    expect(subject((await credentials.load()).tls?.cert)).toBe('CN=edge-2');
    expect(tokens).toHaveLength(1);
  });

  test('is read as a secret where certificates may not be read as such', async (scope) => {
    const { vault, from, pair } = await serve(scope, { certificatesAllowed: false });
    vault.put('edge', pemItem(pair));
    const { credentials } = await read(scope, from);
    expect((await credentials.load()).tls?.cert).toBe(pair.chain);
    vault.put('edge', pemItem(await authority.issue({ commonName: 'edge-2' })));
    expect(subject((await credentials.load()).tls?.cert)).toBe('CN=edge-2');
    expect(vault.requests).toEqual(['GET /certificates/edge', 'GET /secrets/edge', 'GET /secrets/edge']);
  });

  test('may be a plain secret in PEM', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    vault.put('edge', { value: pair.key + pair.chain });
    const { credentials } = await read(scope, from);
    expect((await credentials.load()).tls?.key).toBe(pair.key);
  });

  test('brings its intermediates from a secret of their own, each once', async (scope) => {
    const { vault, from } = await serve(scope);
    const below = await authority.intermediate();
    const pair = await below.issue();
    const { certificate } = pair;
    vault.put('edge', pemItem({ chain: certificate, key: pair.key }));
    vault.put('chain', { value: below.certificate + certificate });
    const { credentials } = await read(scope, from, { vaultCaChainSecret: { name: 'chain', version: 'latest' } });
    expect((await credentials.load()).tls?.cert).toBe(pair.chain);
    vault.put('chain', { value: below.certificate + authority.certificate });
    expect((await credentials.load()).tls?.cert).toBe(pair.chain + authority.certificate);
  });

  test('of a named version stays that version, and the vault is not asked again', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    const version = vault.put('edge', pemItem(pair));
    vault.put('edge', pemItem(await authority.issue({ commonName: 'edge-2' })));
    const { credentials } = await read(scope, from, { vaultCert: { name: 'edge', version } });
    expect((await credentials.load()).tls?.cert).toBe(pair.chain);
    await credentials.load();
    expect(vault.requests).toEqual([`GET /secrets/edge/${version}`]);
  });

  test('is read by a new client secret once the Secret has it', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    vault.put('edge', pemItem(pair));
    const { credentials, secrets } = await read(scope, from);
    from.setSecret('another-secret');
    await expect(credentials.load()).rejects.toMatchObject({ reason: 'VaultClientSecretRefused' });
    expect(credentials.certificate()).toBeUndefined();
    await secrets.mount('principal', { ...from.principal, clientsecret: 'another-secret\n' });
    const material = await eventually(() => credentials.load().catch(() => undefined));
    expect(material.tls?.cert).toBe(pair.chain);
  });
});

const ROLE = 'az role assignment create --role "Key Vault Secrets User"';

describe('a vault that gives no certificate', () => {
  test.for<[VaultFault, string, string]>([
    [{ kind: 'forbidden', by: 'Rbac' }, 'VaultForbidden', ROLE],
    [{ kind: 'forbidden', by: 'Policy' }, 'VaultPolicyDenied', 'az keyvault set-policy --name plant --spn CLIENT_ID'],
    [{ kind: 'forbidden', by: 'Firewall' }, 'VaultFirewallDenied', 'az keyvault network-rule add --name plant'],
    [{ kind: 'status', status: 404 }, 'VaultItemNotFound', 'az keyvault secret list --vault-name plant'],
    [{ kind: 'status', status: 500 }, 'VaultFailed', 'az keyvault show --name plant'],
    [{ kind: 'status', status: 503 }, 'VaultFailed', 'az keyvault show --name plant'],
    [{ kind: 'throttled', retryAfterSeconds: 7 }, 'VaultThrottled', 'az monitor metrics list'],
    [{ kind: 'rubbish' }, 'VaultFailed', 'az keyvault show --name plant'],
  ])('says why and what to do: %j', async ([fault, reason, command], scope) => {
    const { vault, from, pair } = await serve(scope);
    vault.put('edge', pemItem(pair));
    const { credentials, rejections } = await read(scope, from);
    vault.setFault(fault);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason });
    const message = rejections[0]?.message ?? '';
    expect(message).toContain(command);
    expect(message).toMatch(/^[A-Z][^\n]*\.$/);
  });

  const bad: [string, string, (pair: Identity, other: Identity) => Identity][] = [
    ['KeyMismatch', 'az keyvault certificate import', (pair, other) => ({ ...pair, key: other.key })],
    ['VaultKeyNotExportable', 'az keyvault certificate create', (pair) => ({ ...pair, key: '' })],
    [
      'CertificateInvalid',
      'az keyvault certificate import',
      ({ chain, key }) => ({ certificate: '', chain, key: key.replace(/\w{9}/, '?') }),
    ],
  ];
  test.for(bad)('says %s with %s', async ([reason, command, spoil], scope) => {
    const { vault, from, pair } = await serve(scope);
    const item = pemItem(spoil(pair, await authority.issue()));
    vault.put('edge', item);
    const { credentials, rejections } = await read(scope, from);
    await expect(credentials.load()).rejects.toMatchObject({ reason });
    expect(rejections[0]?.message).toContain(command);
  });

  test('says that the newest certificate has ended', async (scope) => {
    const { vault, from } = await serve(scope);
    vault.put('edge', pemItem(await authority.issue({ expired: true })));
    const { credentials, rejections } = await read(scope, from);
    await expect(credentials.load()).rejects.toMatchObject({ reason: 'CertificateExpired' });
    expect(rejections[0]?.message).toContain('az keyvault certificate import --vault-name plant --name edge');
  });

  test('says that the item is not there, or is disabled', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    const { credentials } = await read(scope, from);
    await expect(credentials.load()).rejects.toMatchObject({ reason: 'VaultItemNotFound' });
    vault.put('edge', pemItem(pair));
    vault.disable('edge');
    const later = await read(scope, from);
    await expect(later.credentials.load()).rejects.toMatchObject({ reason: 'VaultItemDisabled' });
  });

  test('says that it cannot be reached', async (scope) => {
    const { server, from } = await serve(scope);
    const { credentials, rejections } = await read(scope, from);
    await server.close();
    await expect(credentials.load()).rejects.toMatchObject({ reason: 'VaultUnreachable' });
    expect(rejections[0]?.message).toContain('ECONNREFUSED');
  });

  test('says that the tenant is another one, or that Microsoft Entra does not know it or the client', async (scope) => {
    const other = '99999999-2222-3333-4444-555555555555';
    const elsewhere = await serve(scope, { vaultTenantId: other });
    const first = await read(scope, elsewhere.from);
    await expect(first.credentials.load()).rejects.toMatchObject({ reason: 'VaultDirectoryWrong' });
    expect(first.rejections[0]?.message).toContain('az keyvault show --name plant --query properties.tenantId');

    const { from } = await serve(scope);
    const second = await read(scope, { ...from, tenantId: other });
    await expect(second.credentials.load()).rejects.toMatchObject({ reason: 'VaultDirectoryWrong' });
    const third = await read(scope, { ...from, principal: { ...from.principal, clientid: other } });
    await expect(third.credentials.load()).rejects.toMatchObject({ reason: 'VaultPrincipalUnknown' });
    expect(third.rejections[0]?.message).toContain('az ad sp list');
  });

  test('keeps the last good certificate in use, says so once, and gets over it', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    vault.put('edge', pemItem(pair));
    const { credentials, rejections } = await read(scope, from);
    const { tls } = await credentials.load();
    vault.put('edge', pemItem({ ...pair, key: (await authority.issue()).key }));
    for (let nth = 0; nth < 3; nth++) expect((await credentials.load()).tls).toBe(tls);
    expect(rejections).toMatchObject([{ source: { kind: 'KeyVault', name: 'plant/edge' }, reason: 'KeyMismatch' }]);
    expect(credentials.certificate()?.rejected).toBe(rejections[0]?.message);
  });

  test('that answers late holds up no connection that has a certificate', async (scope) => {
    const { vault, from, pair } = await serve(scope);
    vault.put('edge', pemItem(pair));
    const { credentials } = await read(scope, from, {}, { waitMs: 10 });
    const { tls } = await credentials.load();
    vault.put('edge', pemItem(await authority.issue({ commonName: 'edge-2' })));
    vault.setFault({ kind: 'slow', delayMs: 1_000 });
    expect((await credentials.load()).tls).toBe(tls);
    await eventually(async () => subject((await credentials.load()).tls?.cert) === 'CN=edge-2');
  });
});
