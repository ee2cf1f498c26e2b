import { kindAt, resourceOf } from './kinds.ts';
import { type Fields, isFields } from './object.ts';
import { type Access, isAllowed, rulesOf, rulesOfUser, type User, userName } from './rbac.ts';
import type { ResourceRequest } from './request.ts';
import { ApiFault, notFound } from './status.ts';
import type { Store } from './store.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Nobody grants what he does not hold himself, unless a role says that he may (`escalate`, `bind`). */
export function checkEscalation(store: Store, user: User, request: ResourceRequest): void {
  const { kind, verb, namespace } = request;
  const name = nameOf(request);
  if (user.kind === 'admin' || kind.group !== RBAC || !['create', 'update', 'patch'].includes(verb)) return;
  const rules = grantedRules(store, request);
  if (isAllowed(store, user, exemption(request))) return;
  const held = rulesOfUser(store, user, namespace);
  const missing = rules.filter((rule) => !partsOf(rule).every((part) => held.some((each) => covers(each, part))));
  if (missing.length === 0) return;
  const refusal = `user "${userName(user)}" is attempting to grant RBAC permissions not currently held`;
  const text = `${resourceOf(kind)} "${name}" is forbidden: ${refusal}:\n${missing.map((rule) => JSON.stringify(rule)).join('\n')}`;
  throw new ApiFault(403, 'Forbidden', text, { name, group: kind.group, kind: kind.plural });
}

function nameOf({ name, body }: ResourceRequest): string {
  const metadata = isFields(body) ? body['metadata'] : undefined;
  return name ?? (isFields(metadata) ? String(metadata['name']) : '');
}

/** The right to grant any rules in a role, or to bind the role that a binding names. */
function exemption({ kind, namespace, name, body }: ResourceRequest): Access {
  const plain = { namespace, subresource: undefined };
  if (!kind.plural.endsWith('bindings')) return { ...plain, kind, name, verb: 'escalate' };
  const roleRef = isFields(body) && isFields(body['roleRef']) ? body['roleRef'] : {};
  const roles = kindAt(`${RBAC}/v1`, roleRef['kind'] === 'ClusterRole' ? 'clusterroles' : 'roles') ?? kind;
  return { ...plain, kind: roles, name: String(roleRef['name']), verb: 'bind' };
}

function grantedRules(store: Store, { kind, body, namespace }: ResourceRequest): readonly Fields[] {
  if (!isFields(body)) return [];
  if (!kind.plural.endsWith('bindings')) return listOf(body['rules']).filter(isFields);
  const { roleRef } = body;
  if (!isFields(roleRef)) return [];
  const rules = rulesOf(store, roleRef, namespace);
  if (rules === undefined) throw notFound(kind, String(roleRef['name']));
  return rules;
}

/** One group, resource, verb and, where it is bound to one, name. */
type Part = readonly [group: unknown, resource: unknown, verb: unknown, name: unknown];

function partsOf(rule: Fields): Part[] {
  const names = listOf(rule['resourceNames']);
  return listOf(rule['apiGroups']).flatMap((group) =>
    listOf(rule['resources']).flatMap((resource) =>
      listOf(rule['verbs']).flatMap((verb) =>
        (names.length === 0 ? [undefined] : names).map((name): Part => [group, resource, verb, name]),
      ),
    ),
  );
}

function covers(rule: Fields, [group, resource, verb, name]: Part): boolean {
  const names = listOf(rule['resourceNames']);
  return (
    includes(rule['apiGroups'], group) &&
    includes(rule['resources'], resource) &&
    includes(rule['verbs'], verb) &&
    (names.length === 0 || names.includes(name))
  );
}

function includes(values: unknown, value: unknown): boolean {
  return listOf(values).includes('*') || listOf(values).includes(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
