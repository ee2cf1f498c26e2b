import { join } from 'node:path';
import { readOperatorConfig } from '../../../operator/config.ts';
import type { RenderOptions } from '../../../operator/render/options.ts';
import type { KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { substituted } from '../../support/kubernetes/flux.ts';
import { buildKustomization } from '../../support/kubernetes/kustomize/build.ts';
import type { PodTemplate } from '../../support/kubernetes/manifest/pod.ts';
import { ROOT } from './templates.ts';

/** Folders with a kustomization that are applied as they are, in `infra/kubernetes`. */
export const FOLDERS = ['base', 'overlays/arc', 'overlays/dev', 'overlays/dev/bridge', 'crds'] as const;
export type Folder = (typeof FOLDERS)[number];

/** Where a folder is. */
export const folderPath = (folder: Folder): string => join(ROOT, 'infra/kubernetes', folder);

/** What infra/bicep passes to Flux, for a site with everything. */
export const TYPICAL = {
  MQTTBRIDGE_AUDIENCE: 'api://11111111-2222-4333-8444-555555555555',
  MQTTBRIDGE_CLIENT_ID: '66666666-7777-4888-8999-000000000000',
  MQTTBRIDGE_CONTROL_PLANE: 'https://func-mqttbridge-abc.azurewebsites.net',
  MQTTBRIDGE_IMAGE: 'registry.test:5000/team/mqttbridge:1.2.3',
  MQTTBRIDGE_MQTT_HOST: 'evgns-mqttbridge-abc.westeurope-1.ts.eventgrid.azure.net',
  MQTTBRIDGE_NAMESPACE: 'bridges',
  MQTTBRIDGE_SERVICE_ACCOUNT: 'edge-bridges',
  MQTTBRIDGE_SITE: '4711',
};

/** The least: what Bicep leaves empty is empty, and so is the rest but for the namespace. */
export const LEAST = {
  ...Object.fromEntries(Object.keys(TYPICAL).map((name) => [name, ''])),
  MQTTBRIDGE_NAMESPACE: 'azure-iot-operations',
};

/** Objects of a folder; those of the overlay for Flux with values in them. */
export async function objectsOf(
  folder: Folder,
  values: Readonly<Record<string, string>> = TYPICAL,
): Promise<KubeObject[]> {
  const built = await buildKustomization(folderPath(folder));
  return folder === 'overlays/arc' ? built.map((object) => substituted(object, values)) : [...built];
}

/** The one object of a kind and name. */
export function only(objects: readonly KubeObject[], kind: string, name?: RegExp): KubeObject {
  const found = objects.filter((each) => each.kind === kind && (name === undefined || name.test(each.metadata.name)));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} ${String(name)}`);
  return first;
}

/** What the operator reads of its ConfigMap; rejects what it would refuse. */
export function optionsOf(objects: readonly KubeObject[]): RenderOptions {
  const data = only(objects, 'ConfigMap', /^mqttbridge-operator-config-/)['data'] as Record<string, string>;
  const result = readOperatorConfig(data['operator.yaml'] ?? '');
  if (result.kind === 'config') return result.options;
  throw new Error(result.problems.join('\n'));
}

/** What the pods of a Deployment are made from. */
export function templateOf(deployment: KubeObject): PodTemplate {
  return (deployment['spec'] as { template: PodTemplate }).template;
}
