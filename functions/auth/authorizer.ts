import type { Log } from '../http/contract.ts';
import type { Grant, GrantStore } from '../store/store.ts';
import type { Settings } from '../wiring/settings.ts';
import { parseSiteKey, SITE_KEY_PREFIX, secretMatcher } from './api-key.ts';
import type { Authorization, Authorize, RequestHeaders, RequestTarget } from './authorize-port.ts';
import type { Caller, Role } from './caller.ts';
import { readClientPrincipal } from './easy-auth.ts';
import { judgeToken, type Principal, type TokenContext } from './entra-token.ts';
import { createGrantLookup, type GrantLookup } from './grant-lookup.ts';
import { createSigningKeys } from './signing-keys.ts';
import { isUnconfigured, type Ways, waysOf } from './ways.ts';

/** What authentication works with. */
export interface AuthorizerOptions {
  readonly grants: GrantStore;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Told of settings without effect and of an authority that does not answer, never of credentials. */
  readonly log: Log;
}

/** Authentication of an app. */
export interface Authorizer {
  readonly authorize: Authorize;
  /** The store of grants for operations: what they change through it counts at once in this process. */
  readonly grants: GrantStore;
}

/** Roles that a token alone confers; what an agent may act for is for grants to say. */
const TOKEN_ROLES: readonly Role[] = ['Bridge.Read', 'Bridge.Write', 'Bridge.Admin'];
const BEARER = /^Bearer +(?<credential>[A-Za-z0-9._~+/-]+=*)$/i;
const ADMIN: Caller = { id: 'key:admin', roles: new Set<Role>(['Bridge.Admin']) };

const NO_CREDENTIALS = refused('Send "Authorization: Bearer" with a key or a token.');
const UNUSABLE = refused('These credentials are of no kind that is taken here.');
const UNKNOWN_KEY = refused('The key is not known.');

/** Makes the authentication that the settings ask for; what they ask for by halves is off, and logged. */
export function createAuthorizer(settings: Settings, options: AuthorizerOptions): Authorizer {
  const { now, log, fetch = globalThis.fetch } = options;
  const ways = waysOf(settings);
  const grants = createGrantLookup(options.grants, now);
  const tokens = tokenContext(ways, { now, log, fetch });
  for (const fault of ways.faults) log('AuthenticationSettingIgnored', { fault });
  if (isUnconfigured(ways))
    log('AuthenticationUnconfigured', { effect: 'All requests but liveness are answered 503.' });

  async function authorize(headers: RequestHeaders, { site }: RequestTarget): Promise<Authorization> {
    if (isUnconfigured(ways)) return { kind: 'unconfigured' };
    const header = headers.get('authorization');
    const credential = BEARER.exec(header ?? '')?.groups?.credential;
    if (credential !== undefined) {
      if (secretMatcher(credential)(ways.adminKeySha256)) return { kind: 'caller', caller: ADMIN };
      if (credential.startsWith(SITE_KEY_PREFIX)) return keyCaller(credential, grants);
      if (tokens !== undefined) return tokenCaller(credential, tokens, grants, site);
    }
    const principal = ways.easyAuth && readPrincipal(headers, ways.easyAuth.tenant);
    if (principal !== undefined) return entraCaller(principal, grants, site);
    return header === null ? NO_CREDENTIALS : UNUSABLE;
  }

  return { authorize, grants: grants.store };
}

function tokenContext(
  { entra: way }: Ways,
  { now, log, fetch }: Required<Omit<AuthorizerOptions, 'grants'>>,
): TokenContext | undefined {
  return way && { way, now, keys: createSigningKeys({ url: way.keysUrl, fetch, now, log }) };
}

async function keyCaller(credential: string, lookup: GrantLookup): Promise<Authorization> {
  const key = parseSiteKey(credential);
  if (key === undefined) return UNKNOWN_KEY;
  const { site, id, secret } = key;
  const isHash = secretMatcher(secret);
  const found = await lookup.find(site, (grants) => {
    const grant = grants.find((each) => each.id === id && each.principal.kind === 'key');
    return isHash(hashOf(grant)) && grant !== undefined ? [grant] : [];
  });
  if (found.kind === 'unavailable') return found;
  const [grant] = found.grants;
  if (grant === undefined) return UNKNOWN_KEY;
  const { role, connector } = grant;
  const caller = { id: `key:${site}/${id}`, roles: new Set([role]), site };
  return { kind: 'caller', caller: connector === undefined ? caller : { ...caller, connector } };
}

function hashOf(grant: Grant | undefined): string | undefined {
  return grant?.principal.kind === 'key' ? grant.principal.sha256 : undefined;
}

async function tokenCaller(
  token: string,
  context: TokenContext,
  lookup: GrantLookup,
  site: string | undefined,
): Promise<Authorization> {
  const verdict = await judgeToken(token, context);
  switch (verdict.kind) {
    case 'valid':
      return entraCaller(verdict.principal, lookup, site);
    case 'refused':
      return refused(verdict.why);
    case 'unavailable':
      return verdict;
  }
}

async function entraCaller(
  { objectId, roles }: Principal,
  lookup: GrantLookup,
  site: string | undefined,
): Promise<Authorization> {
  const caller = { id: `entra:${objectId}`, roles: new Set(TOKEN_ROLES.filter((role) => roles.includes(role))) };
  if (site === undefined) return { kind: 'caller', caller };
  const found = await lookup.find(site, (grants) => grants.filter((grant) => isOf(grant, objectId)));
  if (found.kind === 'unavailable') return found;
  const grants = found.grants.map(({ role, connector }) =>
    connector === undefined ? { role, site } : { role, site, connector },
  );
  return { kind: 'caller', caller: grants.length === 0 ? caller : { ...caller, grants } };
}

function isOf({ principal }: Grant, objectId: string): boolean {
  return principal.kind === 'entra' && principal.objectId.toLowerCase() === objectId;
}

function readPrincipal(headers: RequestHeaders, tenant: string): Principal | undefined {
  const header = headers.get('x-ms-client-principal');
  return header === null ? undefined : readClientPrincipal(header, tenant);
}

function refused(why: string): Authorization {
  return { kind: 'unauthenticated', why };
}
