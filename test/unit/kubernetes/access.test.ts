import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { AccessError, openClusterAccess } from '../../../kubernetes/access.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

async function mounted(scope: Scope, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await createTempDir(scope, 'service-account');
  const all = { token: 'first-token\n', 'ca.crt': PEM, namespace: 'plant\n', ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  return folder;
}

test('in a pod - takes server, namespace, authority and token from where the kubelet puts them', async (t) => {
  const folder = await mounted(t);
  const access = await openClusterAccess({ host: '10.0.0.1', port: '443', folder });
  expect(access).toMatchObject({ namespace: 'plant', serverName: undefined });
  expect(access.server.href).toBe('https://10.0.0.1/');
  expect(await access.credentials()).toEqual({ ca: PEM, token: 'first-token', certificate: undefined });
});

test('in a pod - reads a rotated token and authority', async (t) => {
  const folder = await mounted(t);
  const access = await openClusterAccess({ host: 'kubernetes.default', port: '6443', folder });
  await writeFile(join(folder, 'token'), 'second-token');
  await writeFile(join(folder, 'ca.crt'), `${PEM}${PEM}`);
  expect(await access.credentials()).toMatchObject({ token: 'second-token', ca: `${PEM}${PEM}` });
});

test('in a pod - takes an IPv6 address as its host', async (t) => {
  const { server } = await openClusterAccess({ host: 'fd00::1', port: '6443', folder: await mounted(t) });
  expect([server.host, server.port]).toEqual(['[fd00::1]:6443', '6443']);
});

test.for([
  { host: undefined, port: '443', says: 'KUBERNETES_SERVICE_HOST is not set' },
  { host: '', port: '443', says: 'KUBERNETES_SERVICE_HOST is not set' },
  { host: '10.0.0.1', port: undefined, says: 'KUBERNETES_SERVICE_PORT is not set' },
  { host: 'evil/path', port: '443', says: 'are no host and port' },
  { host: 'user@evil', port: '443', says: 'are no host and port' },
  { host: '10.0.0.1', port: '99999', says: 'are no host and port' },
  { host: '10.0.0.1', port: '443/x?y#z', says: 'are no host and port' },
  { host: 'fd00::zz', port: '443', says: 'are no host and port' },
])('in a pod - says of host $host and port $port that it $says', async ({ host, port, says }, t) => {
  await expect(openClusterAccess({ host, port, folder: await mounted(t) })).rejects.toThrow(says);
});

test('in a pod - names the file that is missing, empty, too long or something else', async (t) => {
  const open = (folder: string) => openClusterAccess({ host: 'h', port: '1', folder });
  const missing = await mounted(t);
  await rm(join(missing, 'token'));
  await expect(open(missing)).rejects.toThrow(
    new AccessError(`the file ${join(missing, 'token')} cannot be read: ENOENT`),
  );
  const folder = await mounted(t);
  await rm(join(folder, 'ca.crt'));
  await mkdir(join(folder, 'ca.crt'));
  await expect(open(folder)).rejects.toThrow('ca.crt cannot be read: EISDIR');
  await expect(open(await mounted(t, { token: ' \n' }))).rejects.toThrow('token is empty');
  await expect(open(await mounted(t, { token: 'x'.repeat(70_000) }))).rejects.toThrow('longer than 65536 bytes');
  await expect(open(await mounted(t, { 'ca.crt': 'no certificate' }))).rejects.toThrow('ca.crt is no PEM');
  await expect(open(await mounted(t, { namespace: '' }))).rejects.toThrow('namespace is empty');
});

test('in a pod - tells nothing of what a file holds that is no token', async (t) => {
  const folder = await mounted(t, { token: 'top-secret\r\nx-injected: 1' });
  const error = await openClusterAccess({ host: 'h', port: '1', folder }).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(AccessError);
  expect(inspect(error)).not.toContain('top-secret');
  await writeFile(join(folder, 'token'), 'top-secret');
  const access = await openClusterAccess({ host: 'h', port: '1', folder });
  expect(inspect(access, { depth: 9, showHidden: true })).not.toContain('top-secret');
  expect(JSON.stringify(access)).not.toContain('top-secret');
});
