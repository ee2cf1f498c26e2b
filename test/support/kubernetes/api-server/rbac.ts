import { kindAt } from './kinds.ts';
import { type Fields, isFields, type KubeObject } from './object.ts';
import type { ResourceRequest } from './request.ts';
import type { Store } from './store.ts';

/** Who asks: an administrator may do everything, a service account what roles say. */
export type User =
  | { readonly kind: 'admin' }
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string };

/** The user's name as Kubernetes writes it. */
export function userName(user: User): string {
  return user.kind === 'admin' ? 'kubernetes-admin' : `system:serviceaccount:${user.namespace}:${user.name}`;
}

/** What is asked of the roles; besides the verbs of requests there are some that only roles know. */
export interface Access extends Pick<ResourceRequest, 'kind' | 'namespace' | 'name' | 'subresource'> {
  readonly verb: string;
}

const RBAC = 'rbac.authorization.k8s.io/v1';

/** Whether the roles that are bound to a user allow a request. */
export function isAllowed(store: Store, user: User, access: Access): boolean {
  if (user.kind === 'admin') return true;
  return rulesOfUser(store, user, access.namespace).some((rule) => allows(rule, access));
}

/** All rules that hold for a service account in a namespace. */
export function rulesOfUser(
  store: Store,
  user: Exclude<User, { kind: 'admin' }>,
  namespace: string | undefined,
): readonly Fields[] {
  const own = bindings(store, 'rolebindings').filter(({ metadata }) => metadata.namespace === namespace);
  const bound = [...bindings(store, 'clusterrolebindings'), ...own].filter(({ subjects }) =>
    list(subjects).some((subject) => isSubject(subject, user)),
  );
  return bound.flatMap(({ roleRef, metadata }) =>
    isFields(roleRef) ? (rulesOf(store, roleRef, metadata.namespace) ?? []) : [],
  );
}

function bindings(store: Store, plural: string): readonly KubeObject[] {
  const kind = kindAt(RBAC, plural);
  return kind ? store.list(kind) : [];
}

function isSubject(subject: Fields, user: Exclude<User, { kind: 'admin' }>): boolean {
  if (subject['kind'] === 'ServiceAccount')
    return subject['name'] === user.name && subject['namespace'] === user.namespace;
  return subject['kind'] === 'User' && subject['name'] === userName(user);
}

/** The rules of the role that a binding names; undefined where there is no such role. */
export function rulesOf(store: Store, roleRef: Fields, namespace: string | undefined): readonly Fields[] | undefined {
  const kind = kindAt(RBAC, roleRef['kind'] === 'ClusterRole' ? 'clusterroles' : 'roles');
  const role = kind && store.get(kind, namespace, String(roleRef['name']));
  return role && list(role['rules']);
}

function allows(rule: Fields, { kind, verb, name, subresource }: Access): boolean {
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  const names = rule['resourceNames'];
  return (
    has(rule['verbs'], verb) &&
    has(rule['apiGroups'], kind.group) &&
    has(rule['resources'], resource) &&
    (!Array.isArray(names) || names.length === 0 || names.includes(name))
  );
}

function has(values: unknown, value: string): boolean {
  return Array.isArray(values) && (values.includes(value) || values.includes('*'));
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}
