import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import { argumentsOf } from '../../../support/kubernetes/kubelet/command.ts';
import { openVolumes } from '../../../support/kubernetes/kubelet/volumes.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

const env = [
  { name: 'INSTANCE', valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
];
const defaultMode = 0o440;

function stored(kind: string, name: string, content: object): StoredObject {
  const metadata = { name, namespace: 'n', uid: name, resourceVersion: '1' };
  return { apiVersion: 'v1', kind, metadata, ...content };
}

test('kubelet of tests - replaces variables, and puts paths, port and access in the place of those of a container', () => {
  const args = ['run', '--http=0.0.0.0:9600', '--data=/var/lib/d', '--x=a$$b$(NONE)', '--instance=$(INSTANCE)'];
  const access = { kubeconfig: '/tmp/pod/kubeconfig', namespace: 'n' };
  expect(argumentsOf({ args, env }, { ordinal: 2, root: '/tmp/pod', port: 20_000, access })).toEqual([
    'run',
    '--http=127.0.0.1:20000',
    '--data=/tmp/pod/var/lib/d',
    '--x=a$b$(NONE)',
    '--instance=2',
    '--kubeconfig=/tmp/pod/kubeconfig',
    '--namespace=n',
  ]);
});

test('kubelet of tests - mounts what there is, brings what appears and takes away what goes', async (t) => {
  const root = await createTempDir(t);
  const objects = new Map<string, StoredObject>([['c', stored('ConfigMap', 'c', { data: { 'ca.crt': 'PEM' } })]]);
  const volumes = [
    { name: 'late', secret: { secretName: 's', optional: true, defaultMode } },
    { name: 'there', configMap: { name: 'c', optional: true, defaultMode } },
    {
      name: 'token',
      projected: {
        defaultMode,
        sources: [{ serviceAccountToken: { audience: 'a', expirationSeconds: 600, path: 'sat' } }],
      },
    },
  ];
  const mounts = ['late', 'there', 'token', 'claim'].map((name) => ({ name, mountPath: `/var/${name}` }));
  const files = await openVolumes(
    root,
    { volumes },
    {
      mounts,
      sources: {
        secret: (name) => objects.get(name),
        configMap: (name) => objects.get(name),
        token: async (audience, seconds) => `${audience} ${seconds}`,
      },
    },
  );
  const seen = async (name: string) =>
    (await readdir(join(root, 'var', name))).filter((file) => !file.startsWith('..'));
  const text = (path: string) => readFile(join(root, 'var', path), 'utf8');
  expect([await seen('late'), await seen('there'), await seen('claim')]).toEqual([[], ['ca.crt'], []]);
  expect([await text('there/ca.crt'), await text('token/sat')]).toEqual(['PEM', 'a 600']);
  objects.set('s', stored('Secret', 's', { data: { password: Buffer.from('secret').toString('base64') } }));
  objects.set('c', stored('ConfigMap', 'c', { data: { 'other.crt': 'PEM' } }));
  await files.refresh();
  expect([await text('late/password'), await seen('there')]).toEqual(['secret', ['other.crt']]);
  objects.clear();
  await files.refresh();
  expect([await seen('late'), await seen('there')]).toEqual([[], []]);
});
