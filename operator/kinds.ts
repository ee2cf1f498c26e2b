import type { ObjectKind } from '../kubernetes/object.ts';

/** What makes the pods of a connector. */
export const STATEFUL_SETS: ObjectKind = { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' };

/** Followed by name, and only where a role allows it. */
export const SECRETS: ObjectKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };

/** Followed by name: those with certificates of authorities. */
export const CONFIG_MAPS: ObjectKind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

/** What people are told of transitions. */
export const EVENTS: ObjectKind = { apiVersion: 'v1', kind: 'Event', plural: 'events' };

/** What one holds who may write. */
export const LEASES: ObjectKind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };

const RBAC = 'rbac.authorization.k8s.io/v1';

/** Every kind that the operator applies for a connector. */
export const OWNED_KINDS: readonly ObjectKind[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
  { apiVersion: RBAC, kind: 'Role', plural: 'roles' },
  { apiVersion: RBAC, kind: 'RoleBinding', plural: 'rolebindings' },
  { apiVersion: 'v1', kind: 'Service', plural: 'services' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' },
  STATEFUL_SETS,
];

/** The kind of an object that the operator applies. */
export function ownedKindOf(object: { readonly kind: string }): ObjectKind {
  const found = OWNED_KINDS.find(({ kind }) => kind === object.kind);
  if (found === undefined) throw new RangeError(`${object.kind} is no kind that the operator applies`);
  return found;
}
