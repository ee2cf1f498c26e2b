import { readFile, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { dashboard } from '../../../cli/generate/monitoring/dashboard/dashboard.ts';
import { ruleFile } from '../../../cli/generate/monitoring/rules.ts';
import { canonical, type KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { buildKustomization } from '../../support/kubernetes/kustomize/build.ts';
import { manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { hasKubectl } from '../../support/kubernetes/kubectl.ts';
import { connectorOf, objectsOf as agentObjectsOf } from '../../unit/operator/sample.ts';
import { folderPath, only } from './manifests.ts';
import { ROOT } from './templates.ts';

const COMPONENT = join(ROOT, 'infra/kubernetes/monitoring');
const CHART_FILES = join(ROOT, 'infra/kubernetes/helm/mqttbridge/files');

interface Monitor {
  readonly jobLabel: string;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly endpoints?: readonly { readonly port: string }[];
  readonly podMetricsEndpoints?: readonly { readonly port: string }[];
}

interface Ported {
  readonly spec: { readonly ports: readonly { readonly name: string }[] };
}

/** An overlay that takes in the base and the component. */
async function overlay(scope: Scope): Promise<string> {
  const folder = await createTempDir(scope, 'overlay');
  const to = (path: string) => relative(folder, path);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: 'bridges',
    resources: [to(folderPath('base'))],
    components: [to(COMPONENT)],
    labels: [{ pairs: { release: 'prometheus' } }],
  };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
  return folder;
}

const specOf = (object: KubeObject) => object['spec'] as Monitor;

describe('infra/kubernetes/monitoring', () => {
  test('adds monitors, rules and dashboard to an installation, in its namespace and with its labels', async (context) => {
    const objects = await buildKustomization(await overlay(context));
    const base = await buildKustomization(folderPath('base'));
    const added = objects.filter(({ kind, metadata }) =>
      base.every((one) => one.kind !== kind || one.metadata.name !== metadata.name),
    );
    expect(added.map(({ kind, metadata }) => `${metadata.namespace} ${kind}/${metadata.name}`).sort()).toEqual([
      'bridges ConfigMap/mqttbridge-dashboard',
      'bridges PodMonitor/mqttbridge-operator',
      'bridges PrometheusRule/mqttbridge',
      'bridges ServiceMonitor/mqttbridge-agents',
    ]);
    for (const object of added) {
      expect(manifestFaults(object)).toEqual([]);
      expect(object.metadata.labels).toMatchObject({ release: 'prometheus' });
    }
    expect(only(added, 'ConfigMap').metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  test('selects the Service of every connector by its labels and the name of its port', async () => {
    const [monitor] = parseAllDocuments(await readFile(join(COMPONENT, 'agents.yaml'), 'utf8'));
    const { selector, endpoints, jobLabel } = specOf(monitor?.toJS() as KubeObject);
    const service = only(agentObjectsOf(connectorOf({})) as unknown as KubeObject[], 'Service');
    expect(service.metadata.labels).toMatchObject(selector.matchLabels);
    expect((service as unknown as Ported).spec.ports.map(({ name }) => name)).toEqual(
      endpoints?.map(({ port }) => port),
    );
    expect(service.metadata.labels?.[jobLabel]).toBe('mqttbridge');
  });

  test('selects the pods of the operator, and none of an agent', async () => {
    const [monitor] = parseAllDocuments(await readFile(join(COMPONENT, 'operator.yaml'), 'utf8'));
    const { selector, podMetricsEndpoints, jobLabel } = specOf(monitor?.toJS() as KubeObject);
    const deployment = only(await buildKustomization(folderPath('base')), 'Deployment');
    const { metadata, spec } = (deployment['spec'] as { template: PodTemplate }).template;
    expect(metadata.labels).toMatchObject(selector.matchLabels);
    expect(metadata.labels[jobLabel]).toBe('mqttbridge-operator');
    const ports = spec.containers.flatMap((container) => container.ports.map(({ name }) => name));
    expect(ports).toEqual(podMetricsEndpoints?.map(({ port }) => port));
    const service = only(agentObjectsOf(connectorOf({})) as unknown as KubeObject[], 'Service');
    expect(service.metadata.labels).not.toMatchObject(selector.matchLabels);
  });

  test('gives the chart the same rules and the same dashboard', async () => {
    for (const folder of [COMPONENT, CHART_FILES]) {
      expect(parse(await readFile(join(folder, 'alerts.yaml'), 'utf8'))).toEqual(ruleFile());
      expect(JSON.parse(await readFile(join(folder, 'dashboard.json'), 'utf8'))).toEqual(dashboard());
    }
  });

  const name = hasKubectl() ? 'is built by kubectl as it is here' : 'is built here, and there is no kubectl to compare';
  test(name, async (context) => {
    const folder = await overlay(context);
    expect((await buildKustomization(folder)).length).toBeGreaterThan(3);
    if (!hasKubectl()) return;
    const built = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
    const lines = (objects: readonly unknown[]) => objects.map((object) => canonical(object)).sort();
    const theirs = parseAllDocuments(built).map((document): unknown => document.toJS());
    expect(lines(await buildKustomization(folder))).toEqual(lines(theirs));
  });
});

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly ports: readonly { readonly name: string }[] }[] };
}
