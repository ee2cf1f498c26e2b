import { X509Certificate } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createMountedFiles } from '../../../../agent/config/mounted-files.ts';
import { type Rejection, createCredentials } from '../../../../agent/session/credentials/credentials.ts';
import type { ConnectionSpec } from '../../../../agent/session/credentials/spec.ts';
import { type Identity, createAuthority } from '../../../support/certificates.ts';
import type { Scope } from '../../../support/scope.ts';
import { createMountRoot } from './mounted-folder.ts';

const authority = await createAuthority();
const [first, second] = [await authority.issue(), await authority.issue()];
const secretOf = ({ certificate, key }: Identity) => ({ 'client_cert.pem': certificate, 'client_key.pem': key });

const BASE = {
  side: 'remote',
  host: 'broker',
  port: 8883,
  transport: 'tcp',
  tlsEnabled: true,
  maxPacketBytes: 65_536,
} as const;
const X509 = { authentication: { kind: 'x509', secretName: 'client' } } as const;

async function setUp(scope: Scope, spec: Partial<ConnectionSpec>) {
  const secrets = await createMountRoot(scope);
  const configMaps = await createMountRoot(scope);
  const files = createMountedFiles({ secretsDir: secrets.dir, configmapsDir: configMaps.dir });
  const rejections: Rejection[] = [];
  const onRejected = (rejection: Rejection): void => void rejections.push(rejection);
  const credentials = createCredentials(
    { ...BASE, authentication: { kind: 'anonymous' }, ...spec },
    { files, onRejected },
  );
  return { secrets, configMaps, credentials, rejections };
}

describe('anonymous credentials', () => {
  test('carry nothing without TLS', async (t) => {
    const { credentials } = await setUp(t, { tlsEnabled: false });
    expect({ ...(await credentials.load()) }).toEqual({});
    expect(credentials.certificate()).toBeUndefined();
  });

  test('leave trust to the operating system when no CA is named', async (t) => {
    const { credentials } = await setUp(t, {});
    const { tls } = await credentials.load();
    expect({ ...tls }).toEqual({});
    expect((await credentials.load()).tls).toBe(tls);
  });
});

describe('user name and password', () => {
  const spec = { tlsEnabled: false, authentication: { kind: 'usernamePassword', secretName: 'login' } } as const;

  test('are read anew for every connection, without the line end of an editor', async (t) => {
    const { credentials, secrets } = await setUp(t, spec);
    await secrets.mount('login', { username: 'edge\n', password: 'one\r\n' });
    expect({ ...(await credentials.load()) }).toEqual({ username: 'edge', password: Buffer.from('one') });
    await secrets.mount('login', { username: 'edge', password: ' two ' });
    expect((await credentials.load()).password?.toString()).toBe(' two ');
  });

  test.for([
    ['SecretKeyMissing', { username: 'edge' }],
    ['SecretKeyMissing', { password: 'p' }],
    ['SecretInvalid', { username: '', password: 'p' }],
    ['SecretInvalid', { username: 'a\0b', password: 'p' }],
    ['SecretInvalid', { username: Buffer.of(0xff), password: 'p' }],
    ['SecretInvalid', { username: 'edge', password: 'p'.repeat(65_536) }],
  ] as const)('are refused with %s', async ([reason, keys], t) => {
    const { credentials, secrets } = await setUp(t, spec);
    await secrets.mount('login', keys);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason });
  });

  test('are refused when the Secret is missing or its name leaves the folder', async (t) => {
    const { credentials } = await setUp(t, spec);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason: 'FileMissing' });
    const bad = await setUp(t, { authentication: { kind: 'usernamePassword', secretName: '../login' } });
    await expect(bad.credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason: 'NameInvalid' });
  });
});

describe('a client certificate', () => {
  test('comes with its intermediates and the end of its life', async (t) => {
    const { credentials, secrets } = await setUp(t, X509);
    const intermediate = await authority.intermediate('Issuing');
    const pair = await intermediate.issue();
    await secrets.mount('client', { ...secretOf(pair), 'client_intermediate_certs.pem': intermediate.certificate });
    const { tls } = await credentials.load();
    expect(tls).toMatchObject({ cert: pair.chain, key: pair.key });
    expect(credentials.certificate()).toEqual({
      secret: 'client',
      notAfter: Date.parse(new X509Certificate(pair.certificate).validTo) / 1000,
    });
  });

  test('is the same object until it is rotated', async (t) => {
    const { credentials, secrets } = await setUp(t, X509);
    await secrets.mount('client', secretOf(first));
    const before = (await credentials.load()).tls;
    await secrets.mount('client', secretOf(first));
    expect((await credentials.load()).tls).toBe(before);
    await secrets.mount('client', secretOf(second));
    expect((await credentials.load()).tls).toMatchObject({ cert: second.certificate });
  });

  test.for([
    ['KeyMismatch', { 'client_cert.pem': second.certificate, 'client_key.pem': first.key }],
    ['SecretKeyMissing', { 'client_cert.pem': second.certificate }],
    ['SecretKeyMissing', { 'client_key.pem': second.key }],
    ['CertificateInvalid', { 'client_cert.pem': 'no PEM', 'client_key.pem': second.key }],
    [
      'CertificateInvalid',
      { 'client_cert.pem': second.certificate.replace(/MII../, 'AAAAA'), 'client_key.pem': second.key },
    ],
    ['CertificateInvalid', { 'client_cert.pem': second.certificate, 'client_key.pem': 'no PEM' }],
    [
      'CertificateInvalid',
      { ...secretOf(second), 'client_intermediate_certs.pem': second.certificate.replace(/MII../, 'AAAAA') },
    ],
  ] as const)('is kept when the next one is bad (%s), and that is told once', async ([reason, bad], t) => {
    const { credentials, secrets, rejections } = await setUp(t, X509);
    await secrets.mount('client', bad);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason });
    expect(credentials.certificate()).toBeUndefined();
    await secrets.mount('client', secretOf(first));
    await credentials.load();
    await secrets.mount('client', bad);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await credentials.load()).tls).toMatchObject({ cert: first.certificate, key: first.key });
    }
    expect(rejections).toHaveLength(2);
    expect(rejections[1]).toMatchObject({ source: { kind: 'Secret', name: 'client' }, reason });
    expect(credentials.certificate()?.rejected).toBe(rejections[1]?.message);
    await secrets.mount('client', secretOf(second));
    expect((await credentials.load()).tls).toMatchObject({ cert: second.certificate });
    expect(credentials.certificate()).not.toHaveProperty('rejected');
  });

  test('is kept when its Secret disappears', async (t) => {
    const { credentials, secrets, rejections } = await setUp(t, X509);
    await secrets.mount('client', secretOf(first));
    await credentials.load();
    await rename(join(secrets.dir, 'client'), join(secrets.dir, 'gone'));
    await credentials.load();
    expect((await credentials.load()).tls).toMatchObject({ cert: first.certificate });
    expect(rejections).toMatchObject([{ reason: 'FileMissing' }]);
    await rename(join(secrets.dir, 'gone'), join(secrets.dir, 'client'));
    await credentials.load();
    expect(credentials.certificate()).not.toHaveProperty('rejected');
  });

  test('needs TLS', async (t) => {
    const { credentials } = await setUp(t, { ...X509, tlsEnabled: false, side: 'local' });
    await expect(credentials.load()).rejects.toMatchObject({
      reason: 'TlsRequired',
      message: expect.stringContaining('localBrokerConnection.tls.tlsEnabled'),
    });
  });
});

describe('a custom CA', () => {
  const spec = { caConfigMap: 'trust' } as const;

  test('is every certificate in every key, each once', async (t) => {
    const other = await createAuthority('Other');
    const { credentials, configMaps } = await setUp(t, spec);
    const note = 'a comment is no certificate';
    await configMaps.mount('trust', {
      'ca.crt': authority.certificate,
      bundle: `# text\n${other.certificate}\n${authority.certificate}`,
      note,
    });
    const { tls } = await credentials.load();
    expect(tls?.ca?.map((pem) => `${pem.trim()}\n`).toSorted()).toEqual(
      [authority.certificate, other.certificate].toSorted(),
    );
  });

  test.for([
    ['FileMissing', {}],
    ['CaInvalid', { 'ca.crt': 'nothing' }],
    ['CaInvalid', { 'ca.crt': authority.certificate.replace(/MII../, 'AAAAA') }],
  ] as const)('is kept when the next one is bad (%s %#)', async ([reason, bad], t) => {
    const { credentials, configMaps, rejections } = await setUp(t, spec);
    await configMaps.mount('trust', bad);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason });
    await configMaps.mount('trust', { 'ca.crt': authority.certificate });
    const { tls } = await credentials.load();
    await configMaps.mount('trust', bad);
    expect((await credentials.load()).tls).toBe(tls);
    expect(rejections).toHaveLength(2);
    expect(rejections[1]).toMatchObject({ source: { kind: 'ConfigMap', name: 'trust' } });
  });

  test('never falls back to the operating system when it is missing', async (t) => {
    const { credentials } = await setUp(t, spec);
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason: 'FileMissing' });
  });
});

describe('a service account token', () => {
  const at = (secretPath: string, method: 'enhanced' | 'username') =>
    ({ kind: 'kubernetes', secretPath, serviceAccountTokenName: 'sat', method }) as const;

  test('is read anew for every connection, for either way to present it', async (t) => {
    const tokens = await createMountRoot(t);
    const dir = join(tokens.dir, 'tokens');
    const { credentials: enhanced } = await setUp(t, { tlsEnabled: false, authentication: at(dir, 'enhanced') });
    const { credentials: username } = await setUp(t, { tlsEnabled: false, authentication: at(dir, 'username') });
    await tokens.mount('tokens', { sat: 'one\n' });
    expect({ ...(await enhanced.load()) }).toEqual({ enhanced: { method: 'K8S-SAT', data: Buffer.from('one') } });
    await tokens.mount('tokens', { sat: 'two' });
    expect((await enhanced.load()).enhanced?.data.toString()).toBe('two');
    expect({ ...(await username.load()) }).toEqual({ username: '$sat', password: Buffer.from('two') });
  });

  test.for([
    ['TokenEmpty', { sat: ' \n' }],
    ['TokenInvalid', { sat: 'x'.repeat(65_536) }],
    ['FileMissing', { other: 'x' }],
  ] as const)('is refused with %s until it is there', async ([reason, keys], t) => {
    const tokens = await createMountRoot(t);
    await tokens.mount('tokens', keys);
    const { credentials } = await setUp(t, { authentication: at(join(tokens.dir, 'tokens'), 'enhanced') });
    await expect(credentials.load()).rejects.toMatchObject({ name: 'CredentialError', reason });
  });
});

describe('secrets', () => {
  const CANARY = 'c4n4ry-c4n4ry';
  const prints = (value: unknown): string => {
    const json = JSON.stringify(value) ?? '';
    const inspected = inspect(value, { depth: 20, showHidden: true });
    const stack = value instanceof Error ? String(value.stack) : '';
    return [json, inspected, String(value), stack].join('\n');
  };

  test('do not show when credentials or their material are printed', async (t) => {
    const { credentials, secrets } = await setUp(t, { ...X509 });
    await secrets.mount('client', secretOf(first));
    const material = await credentials.load();
    const body = first.key.split('\n')[1] ?? '';
    expect(body.length).toBeGreaterThan(10);
    for (const shown of [credentials, material, material.tls, { nested: material }]) {
      expect(prints(shown)).not.toContain(body);
    }
    const login = await setUp(t, { authentication: { kind: 'usernamePassword', secretName: 'login' } });
    await login.secrets.mount('login', { username: 'edge', password: CANARY });
    expect(prints(await login.credentials.load())).not.toContain(CANARY);
    expect(prints(login.credentials)).not.toContain(CANARY);
  });

  test('do not show in any error', async (t) => {
    const errors: unknown[] = [];
    const collect = async (spec: Partial<ConnectionSpec>, keys: Readonly<Record<string, string>>) => {
      const { credentials, secrets, configMaps, rejections } = await setUp(t, spec);
      await secrets.mount('client', keys);
      await configMaps.mount('client', keys);
      errors.push(await credentials.load().catch((error: unknown) => error), ...rejections);
    };
    const pem = (label: string) => `-----BEGIN ${label}-----\n${CANARY}\n-----END ${label}-----\n`;
    await collect(X509, { 'client_cert.pem': pem('CERTIFICATE'), 'client_key.pem': CANARY });
    await collect(X509, { 'client_cert.pem': first.certificate, 'client_key.pem': CANARY });
    await collect(X509, { 'client_cert.pem': first.certificate, 'client_key.pem': pem('PRIVATE KEY') });
    await collect(X509, { 'client_cert.pem': first.certificate, 'client_key.pem': pem('ENCRYPTED PRIVATE KEY') });
    await collect({ caConfigMap: 'client' }, { 'ca.crt': pem('CERTIFICATE') });
    await collect(
      { authentication: { kind: 'usernamePassword', secretName: 'client' } },
      { username: `${CANARY}\0`, password: CANARY },
    );
    await collect(
      { authentication: { kind: 'usernamePassword', secretName: 'client' } },
      { username: '', password: CANARY },
    );
    expect(errors.length).toBe(12);
    for (const error of errors) {
      expect(prints(error)).not.toContain(CANARY);
      expect(prints(error)).toMatch(/client/);
    }
  });
});
