import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startChild } from '../../../support/child.ts';
import { kubeconfigText, readEntrance } from '../../../support/kubernetes/kubeconfig.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

const RUNNER = resolve(import.meta.dirname, '../../../kubernetes.ts');
const SERVER = 'https://127.0.0.1:6443';

function config(user: object, cluster: object = {}): string {
  return stringify({
    'current-context': 'here',
    contexts: [
      { name: 'elsewhere', context: { cluster: 'other', user: 'other' } },
      { name: 'here', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: SERVER, ...cluster } }],
    users: [{ name: 'u', user }],
  });
}

test('kubeconfig - files that it names are read beside it', async (t) => {
  const folder = await createTempDir(t);
  const path = join(folder, 'config');
  for (const name of ['ca', 'crt', 'key']) await writeFile(join(folder, name), `PEM ${name}`);
  await writeFile(
    path,
    config({ 'client-certificate': 'crt', 'client-key': 'key' }, { 'certificate-authority': 'ca' }),
  );
  const entrance = await readEntrance(path);
  const user = { kind: 'certificate', certificate: 'PEM crt', key: 'PEM key' };
  expect(entrance).toEqual({ context: 'here', server: SERVER, ca: 'PEM ca', user });
  await writeFile(path, kubeconfigText(entrance, 'namespace'));
  expect(await readEntrance(path)).toEqual(entrance);
});

test('kubeconfig - tokens come from text, file or plugin', async (t) => {
  const folder = await createTempDir(t);
  const path = join(folder, 'config');
  await writeFile(join(folder, 'token'), 'from file\n');
  const script =
    'console.log(JSON.stringify({ status: { token: JSON.parse(process.env.KUBERNETES_EXEC_INFO).apiVersion } }))';
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] };
  const tokens = [];
  for (const user of [{ token: 'plain' }, { tokenFile: 'token' }, { exec }]) {
    await writeFile(path, config(user));
    tokens.push((await readEntrance(path)).user);
  }
  expect(tokens).toEqual(
    ['plain', 'from file', 'client.authentication.k8s.io/v1'].map((token) => ({ kind: 'token', token })),
  );
});

test('kubeconfig - a context without cluster or without credentials is no way in', async (t) => {
  const path = join(await createTempDir(t), 'config');
  await writeFile(path, config({}).replace('current-context: here', 'current-context: elsewhere'));
  await expect(readEntrance(path)).rejects.toThrow('names no cluster');
  await writeFile(path, config({}));
  await expect(readEntrance(path)).rejects.toThrow('neither a token');
});

test('npm run test:kubernetes - says in one sentence that it was told no cluster, and touches none', async () => {
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild(process.execPath, [RUNNER], { env: { PATH, HOME } });
  expect(await child.exit).toEqual({ code: 1, signal: null });
  const said = 'KUBECONFIG names no cluster: set it to the kubeconfig file of one that tests may use.\n';
  expect(child.stdout() + child.stderr()).toBe(said);
});
