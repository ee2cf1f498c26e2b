import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { AccessError } from '../../../kubernetes/access.ts';
import { kubeconfigAccess } from '../../../kubernetes/kubeconfig.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly file?: object;
}

function kubeconfig({ cluster = {}, user = {}, file = {} }: Parts = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server: 'https://api.test:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'plant' } },
      { name: 'two', context: { cluster: 'c' } },
      { name: 'three', context: { cluster: 'gone', user: 'u' } },
      { name: 'four', context: { cluster: 'c', user: 'gone' } },
      { name: 'five', context: { user: 'u' } },
    ],
    ...file,
  });
}

function open(text: string, context?: string) {
  return kubeconfigAccess({ text, folder: '/nowhere' }, context);
}

test('kubeconfig - takes what is embedded, by its current context', async () => {
  const access = await open(
    kubeconfig({
      cluster: { 'certificate-authority-data': base64(PEM), 'tls-server-name': 'kubernetes.default' },
      user: { 'client-certificate-data': base64(PEM), 'client-key-data': base64(KEY), token: 'a-token' },
    }),
  );
  expect(access).toMatchObject({ namespace: 'plant', serverName: 'kubernetes.default' });
  expect(access.server.href).toBe('https://api.test:6443/');
  expect(await access.credentials()).toEqual({
    ca: PEM,
    token: 'a-token',
    certificate: { cert: PEM, key: KEY },
  });
});

test('kubeconfig - reads files beside it anew for every use, and a tokenFile counts more than a token', async (t) => {
  const folder = await createTempDir(t, 'kubeconfig');
  for (const [name, text] of Object.entries({ ca: PEM, cert: PEM, key: KEY, token: 'from-file\n' })) {
    await writeFile(join(folder, name), text);
  }
  const user = { 'client-certificate': 'cert', 'client-key': join(folder, 'key'), tokenFile: 'token', token: 'other' };
  const text = kubeconfig({ cluster: { 'certificate-authority': 'ca' }, user });
  await writeFile(join(folder, 'config'), text);
  const access = await kubeconfigAccess({ path: join(folder, 'config') });
  const certificate = { cert: PEM, key: KEY };
  expect(await access.credentials()).toEqual({ ca: PEM, token: 'from-file', certificate });
  await writeFile(join(folder, 'token'), 'rotated');
  expect(await access.credentials()).toEqual({ ca: PEM, token: 'rotated', certificate });
  expect(await (await kubeconfigAccess({ text, folder })).credentials()).toEqual({
    ca: PEM,
    token: 'rotated',
    certificate,
  });
});

test('kubeconfig - takes the context that is named, which may do without user and namespace', async () => {
  const access = await open(kubeconfig({ user: { token: 'a' } }), 'two');
  expect(access.namespace).toBeUndefined();
  expect(await access.credentials()).toEqual({ ca: undefined, token: undefined, certificate: undefined });
});

test('kubeconfig - takes empty texts for none, as kubectl does', async () => {
  const access = await open(
    kubeconfig({
      cluster: { 'proxy-url': '', 'insecure-skip-tls-verify': false },
      user: { tokenFile: '', token: 'a', username: '' },
    }),
  );
  expect(await access.credentials()).toMatchObject({ token: 'a' });
});

test.for<[why: string, parts: Parts, says: string]>([
  ['skips the check of the server', { cluster: { 'insecure-skip-tls-verify': true } }, 'has insecure-skip-tls-verify'],
  ['has a server without TLS', { cluster: { server: 'http://api.test' } }, 'is not https'],
  ['has no URL', { cluster: { server: 'api.test:6443' } }, 'is not https'],
  ['has no server', { cluster: { server: '' } }, 'has no URL as its server'],
  ['has a user in the URL', { cluster: { server: 'https://a:b@api.test' } }, 'has a user in its URL'],
  ['has a proxy', { cluster: { 'proxy-url': 'http://proxy.test' } }, 'has a proxy-url, which is not supported'],
  ['has an authority that is none', { cluster: { 'certificate-authority-data': 'AAAA' } }, 'is no PEM'],
  ['starts a program', { user: { exec: { command: 'kubelogin' } } }, 'has exec, which is not supported'],
  ['has a plug-in', { user: { 'auth-provider': { name: 'oidc' } } }, 'has auth-provider, which is not supported'],
  ['has a password', { user: { username: 'a', password: 'b' } }, 'has username, which is not supported'],
  ['asks as somebody else', { user: { token: 'a', as: 'b' } }, 'has as, which is not supported'],
  ['asks as groups', { user: { token: 'a', 'as-groups': ['b'] } }, 'has as-groups, which is not supported'],
  ['has a certificate without a key', { user: { 'client-certificate-data': base64(PEM) } }, 'without the other'],
  ['has a token with a line break', { user: { token: 'a\r\nb' } }, 'holds something else than one token'],
  ['has a missing file', { user: { tokenFile: 'gone' } }, 'the file /nowhere/gone cannot be read: ENOENT'],
  ['has no context', { file: { 'current-context': '' } }, 'has no current-context'],
  ['has an unknown context', { file: { 'current-context': 'x' } }, 'has no context x'],
  ['has an unknown cluster', { file: { 'current-context': 'three' } }, 'has no cluster gone'],
  ['has an unknown user', { file: { 'current-context': 'four' } }, 'has no user gone'],
  ['has a context without a cluster', { file: { 'current-context': 'five' } }, 'names no cluster'],
  ['has users that are no list', { file: { users: 'secret' } }, 'is not as expected at users'],
])('kubeconfig - refuses one that %s', async ([, parts, says]) => {
  const error: unknown = await open(kubeconfig(parts)).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(AccessError);
  expect(String(error)).toContain(says);
});

test('kubeconfig - says where a file is that cannot be read', async () => {
  await expect(kubeconfigAccess({ path: '/nowhere/config' })).rejects.toThrow(
    'the kubeconfig /nowhere/config cannot be read: ENOENT',
  );
});

const SECRET = 's3cr3t-s3cr3t';
const hostile = fc.oneof(
  // The file cut off anywhere, and with anything put in anywhere.
  fc
    .record({
      at: fc.nat(),
      insert: fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('*', '&a', '\t', '"', '{', '- ', '!')),
    })
    .map(({ at, insert }) => {
      const text = kubeconfig({ user: { token: SECRET }, cluster: { 'certificate-authority-data': base64(PEM) } });
      return text.slice(0, at % text.length) + insert + text.slice((at % text.length) + (at % 3));
    }),
  fc.string().map((text) => `${text}\n*${SECRET}`),
  fc.json().map((text) => `{"users": [{"name": "u", "user": {"token": ["${SECRET}"]}}], "clusters": ${text}}`),
);

propertyTest.prop([hostile])('kubeconfig - a broken one is an AccessError that quotes nothing of it', async (text) => {
  const outcome: unknown = await open(text).catch((failure: unknown) => failure);
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(AccessError);
  expect(inspect(outcome, { depth: 9 })).not.toContain(SECRET);
});
