import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runCli } from '../../../cli/program.ts';
import { labelsOf } from '../../../operator/render/labels.ts';
import { canonical, type KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { hasKubectl } from '../../support/kubernetes/kubectl.ts';
import { buildKustomization } from '../../support/kubernetes/kustomize/build.ts';
import { readKustomization } from '../../support/kubernetes/kustomize/kustomization.ts';
import { manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import type { PodTemplate } from '../../support/kubernetes/manifest/pod.ts';
import { fakeIo } from '../../unit/cli/fake-io.ts';
import { FOLDERS, type Folder, folderPath, objectsOf, only, templateOf } from './manifests.ts';

const PLACES: Readonly<Record<Folder, string>> = {
  base: 'azure-iot-operations',
  'overlays/arc': 'bridges',
  'overlays/dev': 'mqttbridge-dev',
  'overlays/dev/bridge': 'mqttbridge-dev',
  crds: '',
};
const CLUSTER_WIDE = ['CustomResourceDefinition', 'Namespace'];
const withOperator = ['base', 'overlays/arc', 'overlays/dev'] as const;

/** What pods are made from, with the labels of an agent's as the operator makes them. */
function podsOf(objects: readonly KubeObject[]): PodTemplate[] {
  return objects.filter(({ kind }) => kind === 'Deployment').map(templateOf);
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Rights as `group/resource[names]: verbs`, one line each. */
function rightsOf(role: KubeObject): string[] {
  return (role['rules'] as readonly Rule[])
    .flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => {
          const names = resourceNames === undefined ? '' : `[${resourceNames.join()}]`;
          return `${group === '' ? '' : `${group}/`}${resource}${names}: ${verbs.join(' ')}`;
        }),
      ),
    )
    .sort();
}

describe.for(FOLDERS)('infra/kubernetes/%s', (folder) => {
  test('is made of objects that an API server knows, with fields that it knows', async () => {
    for (const object of await objectsOf(folder)) {
      expect([object.kind, object.metadata.name, ...manifestFaults(object)]).toHaveLength(2);
    }
  });

  test('uses every file of its folder', async () => {
    const { resources, configMapGenerator, patches } = await readKustomization(folderPath(folder));
    const used = [
      ...resources,
      ...configMapGenerator.flatMap(({ files }) => files),
      ...patches.map(({ path }) => path),
    ];
    const entries = await readdir(folderPath(folder), { withFileTypes: true });
    const files = entries.flatMap((entry) =>
      entry.isFile() && !/^kustomization/i.test(entry.name) ? [entry.name] : [],
    );
    expect(used.map((name) => name.split('=').at(-1))).toEqual(expect.arrayContaining(files));
  });

  test('puts everything into one namespace, and has nothing twice', async () => {
    const objects = await objectsOf(folder);
    for (const { kind, metadata } of objects) {
      expect([kind, metadata.namespace]).toEqual([kind, CLUSTER_WIDE.includes(kind) ? undefined : PLACES[folder]]);
    }
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.for(withOperator)('the operator of infra/kubernetes/%s', (folder) => {
  test('has labels that say what belongs to what', async () => {
    for (const { kind, metadata } of await objectsOf(folder)) {
      expect(metadata.labels).toHaveProperty(['app.kubernetes.io/part-of'], 'mqttbridge');
      if (CLUSTER_WIDE.includes(kind)) continue;
      expect(Object.keys(metadata.labels ?? {})).toEqual(
        expect.arrayContaining(['app.kubernetes.io/name', 'app.kubernetes.io/component']),
      );
    }
  });

  test('has the rights that its work takes, by no wildcard, and none to Secrets', async () => {
    const objects = await objectsOf(folder);
    const crud = 'get list watch create patch delete';
    expect(rightsOf(only(objects, 'Role'))).toEqual([
      'apps/statefulsets: ' + crud,
      'configmaps: get list watch',
      'coordination.k8s.io/leases: create',
      'coordination.k8s.io/leases[mqttbridge-operator]: get update',
      'events: create',
      'mq.iotoperations.azure.com/mqttbridgeconnectors/status: patch',
      'mq.iotoperations.azure.com/mqttbridgeconnectors: get list watch',
      'mq.iotoperations.azure.com/mqttbridgetopicmaps/status: patch',
      'mq.iotoperations.azure.com/mqttbridgetopicmaps: get list watch',
      'policy/poddisruptionbudgets: ' + crud,
      'rbac.authorization.k8s.io/rolebindings: ' + crud,
      'rbac.authorization.k8s.io/roles: ' + crud,
      'serviceaccounts: ' + crud,
      'services: ' + crud,
    ]);
  });

  test('is who its role is bound to', async () => {
    const objects = await objectsOf(folder);
    const account = templateOf(only(objects, 'Deployment', /^mqttbridge-operator$/)).spec.serviceAccountName;
    expect(objects.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === account)).toBe(true);
    const { roleRef, subjects } = only(objects, 'RoleBinding');
    expect(roleRef).toMatchObject({ name: only(objects, 'Role').metadata.name });
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: account, namespace: PLACES[folder] }]);
  });

  test('finds what its pod names: the ConfigMap, by a name that changes with it, and its key', async () => {
    const objects = await objectsOf(folder);
    const { spec } = templateOf(only(objects, 'Deployment', /^mqttbridge-operator$/));
    const { metadata, data } = only(objects, 'ConfigMap', /^mqttbridge-operator-config-/);
    expect(spec.volumes.find((volume) => volume.name === 'config')?.configMap).toEqual({ name: metadata.name });
    const mounted = spec.containers[0]?.volumeMounts.find((mount) => mount.name === 'config')?.mountPath ?? '';
    const [key = ''] = Object.keys(data as object);
    expect(spec.containers[0]?.args).toContain(`--config=${mounted}/${key}`);
  });

  test('is started with options that the program has, and where its probes ask', async () => {
    const [container] = templateOf(only(await objectsOf(folder), 'Deployment', /^mqttbridge-operator$/)).spec
      .containers;
    const [command = '', ...options] = container?.args ?? [];
    const io = fakeIo();
    expect(await runCli([command, '--help'], io, () => Promise.reject(new Error('no agent')))).toBe(0);
    const known = io.out().match(/--[a-z-]+/g);
    for (const option of options) expect(known).toContain(option.split('=')[0]);
    const [port] = container?.ports ?? [];
    expect(options).toContain(`--http=0.0.0.0:${port?.containerPort}`);
    const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe];
    for (const probe of probes) expect(probe?.httpGet?.port).toBe(port?.name);
  });

  test('has selectors that take pods which are there', async () => {
    const objects = await objectsOf(folder);
    const pods = [...podsOf(objects).map(({ metadata }) => metadata.labels), labelsOf('edge')];
    const taken = (selector: Readonly<Record<string, string>>) =>
      pods.filter((labels) => Object.entries(selector).every(([key, value]) => labels[key] === value)).length;
    const services = objects.filter(({ kind }) => kind === 'Service');
    for (const { spec } of services) expect(taken((spec as { selector: Record<string, string> }).selector)).toBe(1);
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const selected = policies.map(
      ({ spec }) => (spec as { podSelector: { matchLabels: Record<string, string> } }).podSelector,
    );
    expect(selected.map(({ matchLabels }) => taken(matchLabels))).toEqual([1, 1]);
    for (const deployment of objects.filter(({ kind }) => kind === 'Deployment')) {
      const { selector } = deployment['spec'] as { selector: { matchLabels: Record<string, string> } };
      expect(taken(selector.matchLabels)).toBe(1);
    }
  });
});

if (hasKubectl()) {
  test.for(FOLDERS)('kubectl makes the same of infra/kubernetes/%s', async (folder) => {
    const printed = execFileSync('kubectl', ['kustomize', folderPath(folder)], { encoding: 'utf8' });
    const theirs = parseAllDocuments(printed).map((document) => canonical(document.toJS()));
    const ours = (await buildKustomization(folderPath(folder))).map(canonical);
    expect(ours.sort()).toEqual(theirs.sort());
  });
}
