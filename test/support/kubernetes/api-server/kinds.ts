import { customResourceDefinition } from '../../../../shared/schema/crd.ts';
import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import { RESOURCE_KINDS, schemaInCluster } from '../definitions.ts';

/** A kind that the API server serves. */
export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Whether status is a subresource. */
  readonly status: boolean;
  /** Whether `metadata.generation` counts changes outside of metadata and status. */
  readonly generation: boolean;
  /** Whether PUT may leave out `metadata.resourceVersion`. */
  readonly unconditional: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Only custom resources are checked by a schema here. */
  readonly schema?: StructuralSchema;
}

function builtIn(groupVersion: string, plural: string, kind: string, traits: Partial<Kind> = {}): Kind {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  const plain = { namespaced: true, status: false, generation: false, unconditional: true };
  return { group, version, plural, kind, ...plain, shortNames: [], categories: [], ...traits };
}

function custom(): Kind[] {
  return RESOURCE_KINDS.map((name) => {
    const { group, names, versions } = customResourceDefinition(name).spec;
    return builtIn(`${group}/${versions[0].name}`, names.plural, names.kind, {
      status: true,
      generation: true,
      unconditional: false,
      shortNames: names.shortNames,
      categories: names.categories,
      schema: schemaInCluster(name),
    });
  });
}

const RBAC = 'rbac.authorization.k8s.io/v1';

/** Every kind that is served. */
export const KINDS: readonly Kind[] = [
  builtIn('v1', 'namespaces', 'Namespace', { namespaced: false, status: true }),
  builtIn('v1', 'secrets', 'Secret'),
  builtIn('v1', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  builtIn('v1', 'services', 'Service', { status: true, shortNames: ['svc'] }),
  builtIn('v1', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'] }),
  builtIn('v1', 'pods', 'Pod', { status: true, shortNames: ['po'] }),
  builtIn('v1', 'events', 'Event'),
  builtIn('events.k8s.io/v1', 'events', 'Event'),
  builtIn('apps/v1', 'statefulsets', 'StatefulSet', { status: true, generation: true, shortNames: ['sts'] }),
  builtIn('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    status: true,
    generation: true,
    unconditional: false,
    shortNames: ['pdb'],
  }),
  builtIn(RBAC, 'roles', 'Role'),
  builtIn(RBAC, 'rolebindings', 'RoleBinding'),
  builtIn(RBAC, 'clusterroles', 'ClusterRole', { namespaced: false }),
  builtIn(RBAC, 'clusterrolebindings', 'ClusterRoleBinding', { namespaced: false }),
  builtIn('coordination.k8s.io/v1', 'leases', 'Lease', { unconditional: false }),
  ...custom(),
];

/** `v1` or `apps/v1`. */
export function groupVersionOf({ group, version }: Kind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `pods` or `statefulsets.apps`, as messages name it. */
export function resourceOf({ group, plural }: Kind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** The kind at a group version and plural name, as they stand in a URL. */
export function kindAt(groupVersion: string, plural: string): Kind | undefined {
  return KINDS.find((kind) => groupVersionOf(kind) === groupVersion && kind.plural === plural);
}

/** The kind that an object says it is of. */
export function kindOf(object: { readonly apiVersion: string; readonly kind: string }): Kind | undefined {
  return KINDS.find((kind) => groupVersionOf(kind) === object.apiVersion && kind.kind === object.kind);
}
