import { createHmac, sign } from 'node:crypto';
import { formatSiteKey, hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import type { Role } from '../../../functions/auth/caller.ts';
import type { Operation } from '../../../functions/http/contract.ts';
import type { Grant } from '../../../functions/store/store.ts';
import type { EntraTenant, TokenOptions } from '../../support/entra-tenant.ts';

/** Where requests go. */
export const SITE = 'plant-1';
/** The connector of the agents that may report. */
export const CONNECTOR = 'edge';

/** Which operations a credential opens; all others are answered with `otherwise`. */
export interface Credential {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What must show nowhere. */
  readonly secret: string;
  readonly otherwise: 401 | 403;
  opens(operation: Pick<Operation, 'role' | 'path'>): boolean;
}

/** How an operation that does nothing answers a credential. */
export function expectedStatus(operation: Pick<Operation, 'role' | 'path'>, credential: Credential): 200 | 401 | 403 {
  const isOpen = operation.role === 'public' || operation.role === 'liveness' || credential.opens(operation);
  return isOpen ? 200 : credential.otherwise;
}

const CREATED = '2027-01-15T08:00:00.000Z';
const READ: readonly Role[] = ['Bridge.Read'];
const WRITE: readonly Role[] = ['Bridge.Read', 'Bridge.Write'];
const ADMIN: readonly Role[] = ['Bridge.Read', 'Bridge.Write', 'Bridge.Admin'];
const AGENT: readonly Role[] = ['Bridge.Agent'];

const never = () => false;
const everywhere =
  (roles: readonly Role[]): Credential['opens'] =>
  ({ role }) =>
    (roles as readonly string[]).includes(role);
const atTheSite =
  (roles: readonly Role[]): Credential['opens'] =>
  ({ role, path }) =>
    (roles as readonly string[]).includes(role) && path.startsWith('sites/{site}');

function bearer(name: string, secret: string, otherwise: 401 | 403, opens: Credential['opens'] = never): Credential {
  return { name, headers: { authorization: `Bearer ${secret}` }, secret, otherwise, opens };
}

/** All there are, with the grants behind them and the key of the administrator; `now` in milliseconds since 1970. */
export async function allCredentials(entra: EntraTenant, now: number) {
  const adminKey = newSecret();
  const keys = siteKeys();
  const sites = [...new Set([...Object.keys(keys.grants), ...Object.keys(ENTRA_GRANTS)])];
  const grants: Readonly<Record<string, readonly Grant[]>> = Object.fromEntries(
    sites.map((site) => [site, [...(keys.grants[site] ?? []), ...(ENTRA_GRANTS[site] ?? [])]]),
  );
  const credentials: readonly Credential[] = [
    ...nonsense(adminKey, principalOf(entra.tenant)),
    ...keys.credentials,
    ...(await goodTokens(entra)),
    ...(await badTokens(entra, Math.floor(now / 1000))),
  ];
  return { adminKey, grants, credentials };
}

/** Keys of sites, and the grants behind them. */
export function siteKeys(): { grants: Record<string, Grant[]>; credentials: Credential[] } {
  const grants: Record<string, Grant[]> = {};
  function key(name: string, site: string, role: Grant['role'], rest: Partial<Grant>, opens: Credential['opens']) {
    const secret = newSecret();
    const id = `k-${grants[site]?.length ?? 0}`;
    const grant: Grant = {
      id,
      principal: { kind: 'key', sha256: hashSecret(secret) },
      role,
      createdAt: CREATED,
      ...rest,
    };
    (grants[site] ??= []).push(grant);
    return bearer(name, formatSiteKey({ site, id, secret }), 403, opens);
  }
  const credentials = [
    key('key of the site, Bridge.Read', SITE, 'Bridge.Read', {}, atTheSite(READ)),
    key('key of the site, Bridge.Write', SITE, 'Bridge.Write', {}, atTheSite(WRITE)),
    key('key of the site, Bridge.Admin', SITE, 'Bridge.Admin', {}, atTheSite(ADMIN)),
    key('key of an agent of the site', SITE, 'Bridge.Agent', {}, atTheSite(AGENT)),
    key('key of an agent of the connector', SITE, 'Bridge.Agent', { connector: CONNECTOR }, atTheSite(AGENT)),
    key('key of an agent of another connector', SITE, 'Bridge.Agent', { connector: 'other' }, never),
    key('key of another site, Bridge.Admin', 'plant-2', 'Bridge.Admin', {}, never),
    key('key of an agent of another site', 'plant-2', 'Bridge.Agent', { connector: CONNECTOR }, never),
  ];
  const others = [
    bearer('key of the site, other secret', formatSiteKey({ site: SITE, id: 'k-2', secret: newSecret() }), 401),
    bearer('key of the site, other id', formatSiteKey({ site: SITE, id: 'k-99', secret: newSecret() }), 401),
    bearer('key of a site that is not', formatSiteKey({ site: 'nowhere', id: 'k-2', secret: newSecret() }), 401),
  ];
  return { grants, credentials: [...credentials, ...others] };
}

function principalOf(tenant: string): string {
  const all = { oid: objectId('8'), tid: tenant, roles: 'Bridge.Admin' };
  const claims = Object.entries(all).map(([typ, val]) => ({ typ, val }));
  return btoa(JSON.stringify({ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims }));
}

/** What is no credential at all, or not of the kind that it says. */
function nonsense(adminKey: string, admin: string): Credential[] {
  const secret = newSecret();
  const of = (name: string, headers: Readonly<Record<string, string>>, shown = secret): Credential => ({
    name,
    headers,
    secret: shown,
    otherwise: 401,
    opens: never,
  });
  return [
    of('none', {}),
    of('garbage', { authorization: `%%%${secret}` }),
    of('Bearer without anything', { authorization: 'Bearer ' }),
    of('the key with another scheme', { authorization: `Basic ${btoa(`admin:${adminKey}`)}` }, adminKey),
    of('the key without scheme', { authorization: adminKey }, adminKey),
    of('two credentials', { authorization: `Bearer ${adminKey}, Bearer ${secret}` }, adminKey),
    of('a function or host key', { 'x-functions-key': secret }),
    of('a principal that nobody vouches for', { 'x-ms-client-principal': admin }, admin),
    bearer('wrong key', secret, 401),
    { ...bearer('key of the administrator', adminKey, 403), opens: everywhere(ADMIN) },
  ];
}

/** Grants of principals, by the object IDs that `tokens` uses. */
const ENTRA_GRANTS: Readonly<Record<string, readonly Grant[]>> = {
  [SITE]: [
    entraGrant('a', '1', 'Bridge.Agent', CONNECTOR),
    entraGrant('b', '2', 'Bridge.Agent', 'other'),
    entraGrant('c', '4', 'Bridge.Write'),
  ],
  'plant-2': [entraGrant('a', '3', 'Bridge.Agent', CONNECTOR)],
};

function objectId(last: string): string {
  return `aaaaaaaa-0000-4000-8000-${last.padStart(12, '0')}`;
}

function entraGrant(id: string, last: string, role: Grant['role'], connector?: string): Grant {
  const grant = { id, principal: { kind: 'entra', objectId: objectId(last) }, role, createdAt: CREATED } as const;
  return connector === undefined ? grant : { ...grant, connector };
}

/** Tokens that are good, of principals with roles or grants. */
async function goodTokens(entra: EntraTenant): Promise<Credential[]> {
  const of = async (name: string, options: TokenOptions, opens: Credential['opens'] = never) =>
    bearer(`token: ${name}`, await entra.token({ objectId: objectId('9'), ...options }), 403, opens);
  return Promise.all([
    of('Bridge.Read', { roles: ['Bridge.Read'] }, everywhere(READ)),
    of('Bridge.Write', { roles: ['Bridge.Write'] }, everywhere(WRITE)),
    of('Bridge.Admin', { roles: ['Bridge.Admin'] }, everywhere(ADMIN)),
    of('no role', {}),
    of('another role', { roles: ['bridge.admin', 'Bridge.Admin ', 'Bridge.*', '*'] }),
    of('Bridge.Agent that nothing was granted', { roles: ['Bridge.Agent'] }),
    of('Bridge.Agent with its grant', { roles: ['Bridge.Agent'], objectId: objectId('1') }, atTheSite(AGENT)),
    of('no role, with the grant of an agent', { objectId: objectId('1') }, atTheSite(AGENT)),
    of('agent of another connector', { roles: ['Bridge.Agent'], objectId: objectId('2') }),
    of('agent of another site', { roles: ['Bridge.Agent'], objectId: objectId('3') }),
    of('Bridge.Read, granted Bridge.Write here', { roles: ['Bridge.Read'], objectId: objectId('4') }, (operation) => {
      return everywhere(READ)(operation) || atTheSite(WRITE)(operation);
    }),
    of('Bridge.Admin that is an agent too', { roles: ['Bridge.Admin'], objectId: objectId('1') }, (operation) => {
      return everywhere(ADMIN)(operation) || atTheSite(AGENT)(operation);
    }),
    of('version 1.0', { roles: ['Bridge.Read'], claims: { iss: sts(entra) } }, everywhere(READ)),
  ]);
}

/** Tokens that say Bridge.Admin, and are no good. */
async function badTokens(entra: EntraTenant, seconds: number): Promise<Credential[]> {
  const of = async (name: string, options: TokenOptions) =>
    bearer(`token: ${name}`, await entra.token({ roles: ['Bridge.Admin'], ...options }), 401);
  const good = await entra.token({ roles: ['Bridge.Admin'] });
  const forged = (name: string, header: object, signature: (input: string) => Buffer | string) =>
    bearer(`token: ${name}`, forge(good, header, signature), 401);
  const byHmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest();
  const pem = entra.publicKey.export({ type: 'spki', format: 'pem' });
  const der = entra.publicKey.export({ type: 'spki', format: 'der' });
  return [
    ...(await Promise.all([
      of('expired', { claims: { exp: seconds - 61 } }),
      of('not valid yet', { claims: { nbf: seconds + 1800 } }),
      of('for ever', { claims: { exp: undefined } }),
      of('another audience', { claims: { aud: 'https://management.azure.com' } }),
      of('another issuer', { claims: { iss: `${entra.authority}/common/v2.0` } }),
      of('another tenant', { claims: { tid: objectId('7') } }),
      of('another tenant of version 1.0', { claims: { iss: `https://sts.windows.net/${objectId('7')}/` } }),
      of('no object ID', { claims: { oid: undefined } }),
      of('another key', { otherKey: true }),
      of('another key, of an ID that nobody knows', { otherKey: true, header: { kid: 'nobody' } }),
      of('a key of its own', { otherKey: true, header: { jwk: entra.jwk, jku: `${entra.authority}/evil` } }),
    ])),
    forged('alg none', { alg: 'none' }, () => ''),
    forged('alg none, with key ID', { alg: 'none', kid: entra.jwk.kid }, () => ''),
    forged('HS256 by the public key, PEM', { alg: 'HS256', kid: entra.jwk.kid }, byHmac(pem)),
    forged('HS256 by the public key, DER', { alg: 'HS256', kid: entra.jwk.kid }, byHmac(der)),
    forged('HS256 by the modulus', { alg: 'HS256', kid: entra.jwk.kid }, byHmac(entra.jwk.n ?? '')),
    forged('RS512 by the key', { alg: 'RS512', kid: entra.jwk.kid }, (input) => {
      return sign('sha512', Buffer.from(input), entra.privateKey);
    }),
    forged('no signature', { alg: 'RS256', kid: entra.jwk.kid }, () => ''),
    forged('the signature of another token', { alg: 'RS256', kid: entra.jwk.kid }, () => good.split('.')[2] ?? ''),
    forged('a critical extension', { alg: 'RS256', kid: entra.jwk.kid, crit: ['x'], x: 1 }, (input) => {
      return sign('sha256', Buffer.from(input), entra.privateKey);
    }),
  ];
}

function forge(good: string, header: object, signature: (input: string) => Buffer | string): string {
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${good.split('.')[1]}`;
  const made = signature(input);
  return `${input}.${typeof made === 'string' ? made : made.toString('base64url')}`;
}

function sts({ tenant }: EntraTenant): string {
  return `https://sts.windows.net/${tenant}/`;
}
