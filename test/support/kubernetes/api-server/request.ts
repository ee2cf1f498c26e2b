import type { Fields } from './object.ts';
import { kindAt, type Kind } from './kinds.ts';
import { fieldRequirements } from './selectors.ts';

/** What a request does, in the words of authorization. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A request for objects, read. */
export interface ResourceRequest {
  readonly kind: Kind;
  readonly verb: Verb;
  readonly namespace: string | undefined;
  /** Also from a field selector by name: authorization takes it so. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly body: Fields | readonly unknown[] | undefined;
  readonly contentType: string;
  /** Field manager where the query names none. */
  readonly client: string;
}

/** Reads the part of a request that its method and address say; undefined where the address is of no kind that is served. */
export function resourceRequest(
  method: string,
  url: URL,
): Omit<ResourceRequest, 'body' | 'contentType' | 'client'> | undefined {
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const groupVersion = parts[0] === 'api' ? parts[1] : `${parts[1]}/${parts[2]}`;
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status';
  const [plural, name, subresource] = inNamespace ? rest.slice(2) : rest;
  const kind = ['api', 'apis'].includes(parts[0]) && plural ? kindAt(groupVersion, plural) : undefined;
  if (kind === undefined) return undefined;
  const query = url.searchParams;
  const verb = isTokenRequest(method, kind, subresource) ? 'create' : verbOf(method, name, query);
  if (verb === undefined) return undefined;
  const selected = fieldRequirements(query.get('fieldSelector') ?? '').find(
    ([field, sign]) => field === 'name' && sign === '=',
  );
  return { kind, verb, namespace: inNamespace ? rest[1] : undefined, name: name ?? selected?.[2], subresource, query };
}

function isTokenRequest(method: string, { plural }: Kind, subresource: string | undefined): boolean {
  return method === 'POST' && plural === 'serviceaccounts' && subresource === 'token';
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb | undefined {
  if (method === 'GET' && isTrue(query.get('watch'))) return 'watch';
  if (method === 'GET') return name === undefined ? 'list' : 'get';
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete';
  if (method === 'POST') return name === undefined ? 'create' : undefined;
  if (name === undefined) return undefined;
  if (method === 'PUT') return 'update';
  return method === 'PATCH' ? 'patch' : undefined;
}

/** Whether a parameter of a query says yes. */
export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}
