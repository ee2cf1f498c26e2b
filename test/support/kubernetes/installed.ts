import { join, resolve } from 'node:path';
import type { KubeObject } from './api-server/object.ts';
import { buildKustomization } from './kustomize/build.ts';
import type { PlainClient } from './plain-client.ts';

const BASE = join(resolve(import.meta.dirname, '../../..'), 'infra/kubernetes/base');
const PATHS: Readonly<Record<string, string>> = {
  ServiceAccount: 'api/v1/namespaces/NAMESPACE/serviceaccounts',
  Role: 'apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings',
};

/** Service account of the operator where the base is installed. */
export const OPERATOR_ACCOUNT = 'mqttbridge-operator';

/** Installs who the operator is and what it may do, as the base of Kustomize says, in another namespace. */
export async function installAccess(admin: PlainClient, namespace: string): Promise<void> {
  const text = JSON.stringify(await buildKustomization(BASE)).replaceAll('"azure-iot-operations"', `"${namespace}"`);
  for (const object of JSON.parse(text) as KubeObject[]) {
    const path = PATHS[object.kind]?.replace('NAMESPACE', namespace);
    if (path === undefined) continue;
    const address = `/${path}/${object.metadata.name}?fieldManager=installation`;
    const { code, body } = await admin.call('PATCH', address, object, 'application/apply-patch+yaml');
    if (code >= 300) throw new Error(`${code}: ${JSON.stringify(body)}`);
  }
}
