import { API_VERSION } from '../../shared/resources/metadata.ts';
import type { ObjectMeta, PolicyRule, Role, RoleBinding, ServiceAccount } from './kubernetes.ts';

const [API_GROUP] = API_VERSION.split('/') as [string];

/** Who the pods of a connector are. */
export function serviceAccountOf(
  metadata: ObjectMeta,
  { apiAccess, clientId }: { readonly apiAccess: boolean; readonly clientId: string | undefined },
): ServiceAccount {
  const annotations = { ...metadata.annotations, ...(clientId && { 'azure.workload.identity/client-id': clientId }) };
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { ...metadata, annotations },
    automountServiceAccountToken: apiAccess,
  };
}

/** A role for one connector, and its binding to the service account, of the same name unless told. */
export function accessOf(
  metadata: ObjectMeta,
  connector: string,
  serviceAccountName: string = metadata.name,
): readonly (Role | RoleBinding)[] {
  const { name, namespace } = metadata;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind: 'Role', metadata, rules: rulesOf(connector) },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccountName, namespace }],
    },
  ];
}

// Secrets and ConfigMaps are mounted by the kubelet, so nobody in the pod needs a right to read them. A list or watch
// of one named object is allowed by its name; topic maps come and go, so those of the namespace may be read. Server-side
// apply is a patch, and on a subresource it never creates.
function rulesOf(connector: string): readonly PolicyRule[] {
  const own = { apiGroups: [API_GROUP], resourceNames: [connector] };
  return [
    { ...own, resources: ['mqttbridgeconnectors'], verbs: ['list', 'watch'] },
    { ...own, resources: ['mqttbridgeconnectors/status'], verbs: ['patch'] },
    { apiGroups: [API_GROUP], resources: ['mqttbridgetopicmaps'], verbs: ['list', 'watch'] },
  ];
}
