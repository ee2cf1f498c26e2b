import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { substituted } from '../../../support/kubernetes/flux.ts';
import { buildKustomization } from '../../../support/kubernetes/kustomize/build.ts';
import { manifestFaults } from '../../../support/kubernetes/manifest/faults.ts';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

const HEAD = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
const ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bridge' } };
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'reader' },
  rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['settings', 'other'], verbs: ['get'] }],
};

/** A folder of files, each YAML of a value or a text. */
async function folderOf(t: Scope, files: Readonly<Record<string, object | string>>): Promise<string> {
  const folder = await createTempDir(t, 'kustomize');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : stringify(content));
  }
  return folder;
}

describe('the reader of kustomizations', () => {
  const generator = { name: 'settings', files: ['a.txt'] };

  test.for([
    ['a feature that it does not know', { ...HEAD, nameSuffix: '-x' }, /nameSuffix/],
    ['a patch that fits nothing', { ...HEAD, patches: [{ target: { kind: 'Role' }, path: 'patch.yaml' }] }, /no Role/],
    [
      'a replacement of nothing',
      { ...HEAD, configMapGenerator: [{ ...generator, behavior: 'replace' }] },
      /cannot replace/,
    ],
    ['a file that is not there', { ...HEAD, resources: ['gone.yaml'] }, /ENOENT/],
    ['what is no object', { ...HEAD, resources: ['a.txt'] }, /not an object/],
  ] as const)('refuses %s', async ([, kustomization, message], t) => {
    const folder = await folderOf(t, { 'kustomization.yaml': kustomization, 'a.txt': 'a', 'patch.yaml': [] });
    await expect(buildKustomization(folder)).rejects.toThrow(message);
  });

  test('names a ConfigMap by what it holds, wherever something refers to one of that name', async (t) => {
    const kustomization = { ...HEAD, resources: ['role.yaml'], configMapGenerator: [generator] };
    const folder = await folderOf(t, { 'kustomization.yaml': kustomization, 'role.yaml': ROLE, 'a.txt': 'a & b' });
    const [role, configMap] = await buildKustomization(folder);
    expect(configMap?.metadata.name).toMatch(/^settings-[a-z0-9]{10}$/);
    expect(role).toMatchObject({ rules: [{ resourceNames: [configMap?.metadata.name, 'other'] }] });
  });

  test('lays an overlay over a base: namespace, labels and the namespace of subjects', async (t) => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'bridge' }],
    };
    const folder = await folderOf(t, {
      'base/kustomization.yaml': { ...HEAD, namespace: 'base', resources: ['account.yaml', 'binding.yaml'] },
      'base/account.yaml': ACCOUNT,
      'base/binding.yaml': binding,
      'over/kustomization.yaml': {
        ...HEAD,
        namespace: 'over',
        resources: ['../base'],
        labels: [{ pairs: { a: 'b' } }],
      },
    });
    const [account, bound] = await buildKustomization(join(folder, 'over'));
    expect(account?.metadata).toEqual({ name: 'bridge', namespace: 'over', labels: { a: 'b' } });
    expect(bound).toMatchObject({ subjects: [{ namespace: 'over' }] });
  });
});

describe('what Flux makes of an object', () => {
  const object = (value: string) => ({ ...ACCOUNT, apiVersion: 'v1', data: { value } });

  test.for([
    ['${SITE}', 7],
    ['is ${SITE}', 'is 7'],
    ['${NONE}', null],
    ['${NONE:=registry.test:5000/a:1}', 'registry.test:5000/a:1'],
    ['$${SITE}', '${SITE}'],
  ] as const)('%s becomes %s', ([text, value]) => {
    expect(substituted(object(text), { SITE: '7' })).toMatchObject({ data: { value } });
  });

  test('a function that is not carried out here is refused', () => {
    expect(() => substituted(object('${SITE%:*}'), {})).toThrow('not carried out here');
  });
});

describe('what is wrong with an object of a manifest', () => {
  test.for([
    ['nothing', { ...ACCOUNT, automountServiceAccountToken: false }, /^$/],
    ['a kind that nobody knows', { ...ACCOUNT, kind: 'Gadget' }, /Gadget: not known/],
    ['a misspelt field', { ...ACCOUNT, automountServiceAcountToken: false }, /automountServiceAcountToken/],
    [
      'a label that YAML took for a number',
      { ...ACCOUNT, metadata: { name: 'a', labels: { site: 7 } } },
      /labels\.site/,
    ],
    ['all verbs', { ...ROLE, rules: [{ ...ROLE.rules[0], verbs: ['*'] }] }, /verbs/],
    ['all resources', { ...ROLE, rules: [{ ...ROLE.rules[0], resources: ['*'] }] }, /resources/],
    [
      'an empty list of names, which is all of them',
      { ...ROLE, rules: [{ ...ROLE.rules[0], resourceNames: [] }] },
      /resourceNames/,
    ],
  ] as const)('%s', ([, object, fault]) => {
    expect(manifestFaults(object).join()).toMatch(fault);
  });
});
