import { type Endpoint, type IdentityAnswer, type Issue, refusal, unknownAudience } from './endpoint.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Who may ask for tokens besides federated identities. */
export interface EntraOptions {
  /** The only tenant there is; every one when absent. */
  readonly tenantId?: string;
  /** Client secrets by client ID. */
  readonly secrets?: ReadonlyMap<string, string>;
}

/** What Microsoft Entra shows to clients: its configuration, and a token for an assertion or a client secret. */
export function createEntraEndpoint({ tenantId, secrets = new Map() }: EntraOptions = {}): Endpoint {
  return async ({ method, path, headers, form }, issue) => {
    const [, tenant, rest] = /^\/([^/]+)\/(.*)$/.exec(path) ?? [];
    const isToken = method === 'POST' && rest === 'oauth2/v2.0/token';
    const isConfiguration = method === 'GET' && rest === 'v2.0/.well-known/openid-configuration';
    if (!isToken && !isConfiguration) return undefined;
    if (tenantId !== undefined && tenant !== tenantId) return unknownTenant();
    if (isConfiguration) return openIdConfiguration(`https://${headers.host}`, tenant);
    return faultOfClient(form, secrets) ?? tokenFor(form, issue);
  };
}

/** Microsoft Entra for federated identities. */
export const entra: Endpoint = createEntraEndpoint();

async function tokenFor(form: URLSearchParams, issue: Issue): Promise<IdentityAnswer> {
  const audience =
    form
      .get('scope')
      ?.split(' ')[0]
      ?.replace(/\/\.default$/, '') ?? '';
  const issued = await issue(audience);
  if (issued === undefined) return unknownAudience(audience);
  const { token, lifetimeSeconds } = issued;
  return { status: 200, body: { token_type: 'Bearer', expires_in: lifetimeSeconds, access_token: token } };
}

function faultOfClient(form: URLSearchParams, secrets: ReadonlyMap<string, string>): IdentityAnswer | undefined {
  const secret = form.get('client_secret');
  if (secret === null) {
    if (form.get('client_assertion_type') === ASSERTION_TYPE && form.get('client_assertion')) return undefined;
    return refusal(401, 'invalid_client', 'AADSTS7000218: The request body must contain client_assertion.');
  }
  const known = secrets.get(form.get('client_id') ?? '');
  if (known === undefined) {
    return refusal(400, 'unauthorized_client', 'AADSTS700016: The application was not found in the directory.');
  }
  if (known === secret) return undefined;
  return refusal(401, 'invalid_client', 'AADSTS7000215: The client secret is not valid.');
}

function unknownTenant(): IdentityAnswer {
  return refusal(400, 'invalid_request', 'AADSTS90002: The tenant was not found.');
}

function openIdConfiguration(origin: string, tenantId: string | undefined): IdentityAnswer {
  const tenant = `${origin}/${tenantId}`;
  return {
    status: 200,
    body: {
      issuer: `${tenant}/v2.0`,
      authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${tenant}/oauth2/v2.0/token`,
      jwks_uri: `${origin}/discovery/v2.0/keys`,
    },
  };
}
