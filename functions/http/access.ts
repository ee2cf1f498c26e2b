import { randomUUID } from 'node:crypto';
import {
  type CreatedKey,
  entraGrantSchema,
  type GrantList,
  type GrantView,
  MAX_GRANTS,
  newKeySchema,
} from '../../shared/api/grants.ts';
import { formatSiteKey, hashSecret, newSecret } from '../auth/api-key.ts';
import type { Grant, GrantStore } from '../store/store.ts';
import type { ApiResponse, Handler } from './contract.ts';
import { parseAs } from './parse-as.ts';
import { problemResponse } from './problems.ts';

const API_VERSION = 'mqttbridge/v1';

/** Lists the grants of a site. */
export const listGrants: Handler = async ({ params }, _caller, { stores }) => {
  const items = (await stores.grants.list(params.site ?? '')).map(viewOf);
  const json: GrantList = { apiVersion: API_VERSION, kind: 'GrantList', items };
  return { status: 200, body: { json } };
};

/** Shows one grant. */
export const getGrant: Handler = async ({ params }, _caller, { stores }) => {
  const grant = await stores.grants.read(params.site ?? '', params.id ?? '');
  return grant === undefined ? notFound() : { status: 200, body: { json: viewOf(grant) } };
};

/** Makes a key; the answer is the only place where it is ever shown. */
export const createKey: Handler = async (request, _caller, { stores, now }) => {
  const body = parseAs(newKeySchema, request);
  if (body.kind === 'refused') return body.response;
  const site = request.params.site ?? '';
  const { id = newId(), role, connector } = body.value;
  const secret = newSecret();
  const grant = grantOf(id, { kind: 'key', sha256: hashSecret(secret) }, { role, connector, createdAt: timeOf(now) });
  const refused = await add(stores.grants, site, grant);
  if (refused !== undefined) return refused;
  const key = formatSiteKey({ site, id, secret });
  const json: CreatedKey = { apiVersion: API_VERSION, kind: 'CreatedKey', key, grant: viewOf(grant) };
  return { status: 201, headers: { location: `grants/${id}` }, body: { json } };
};

/** Grants a role to a principal of Microsoft Entra; to do it twice is to do it once. */
export const putGrant: Handler = async (request, _caller, { stores, now }) => {
  const body = parseAs(entraGrantSchema, request);
  if (body.kind === 'refused') return body.response;
  const { site = '', id = '' } = request.params;
  const { objectId, role, connector } = body.value;
  const grant = grantOf(id, { kind: 'entra', objectId }, { role, connector, createdAt: timeOf(now) });
  const refused = await add(stores.grants, site, grant);
  if (refused === undefined) return { status: 201, body: { json: viewOf(grant) } };
  const existing = await stores.grants.read(site, id);
  return existing !== undefined && isSame(existing, grant)
    ? { status: 200, body: { json: viewOf(existing) } }
    : refused;
};

/** Takes a grant away. */
export const deleteGrant: Handler = async ({ params }, _caller, { stores }) =>
  (await stores.grants.remove(params.site ?? '', params.id ?? '')) ? { status: 204 } : notFound();

/** Undefined once the grant is there. */
async function add(grants: GrantStore, site: string, grant: Grant): Promise<ApiResponse | undefined> {
  const present = await grants.list(site);
  if (present.length >= MAX_GRANTS) {
    return problemResponse('limit-reached', { detail: `a site has at most ${MAX_GRANTS} grants` });
  }
  if (await grants.create(site, grant)) return undefined;
  return problemResponse('already-exists', { detail: 'there is another grant of this id; delete it first' });
}

function grantOf(
  id: string,
  principal: Grant['principal'],
  { role, connector, createdAt }: Pick<Grant, 'role' | 'createdAt'> & { readonly connector: string | undefined },
): Grant {
  return { id, principal, role, ...(connector === undefined ? {} : { connector }), createdAt };
}

function isSame(one: Grant, other: Grant): boolean {
  return JSON.stringify({ ...viewOf(one), createdAt: '' }) === JSON.stringify({ ...viewOf(other), createdAt: '' });
}

/** What may be shown. */
function viewOf({ id, principal, role, connector, createdAt }: Grant): GrantView {
  return {
    apiVersion: API_VERSION,
    kind: 'Grant',
    id,
    principal: principal.kind === 'key' ? { kind: 'key' } : { kind: 'entra', objectId: principal.objectId },
    role,
    ...(connector === undefined ? {} : { connector }),
    createdAt,
  };
}

/** 48 random bits: enough that a site never has two. */
function newId(): string {
  return `key-${randomUUID().slice(-12)}`;
}

function timeOf(now: () => number): string {
  return new Date(now()).toISOString();
}

function notFound(): ApiResponse {
  return problemResponse('not-found', { detail: 'there is no such grant' });
}
