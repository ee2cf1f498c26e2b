import { type Endpoint, type IdentityAnswer, refusal, unknownAudience } from './endpoint.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What Microsoft Entra shows to clients of a federated identity: its configuration, and a token for their assertion. */
export const entra: Endpoint = async ({ method, path, headers, form }, issue) => {
  const configuration = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/.exec(path);
  if (configuration !== null && method === 'GET')
    return openIdConfiguration(`https://${headers.host}`, configuration[1]);
  if (method !== 'POST' || !/^\/[^/]+\/oauth2\/v2\.0\/token$/.test(path)) return undefined;
  if (form.get('client_assertion_type') !== ASSERTION_TYPE || !form.get('client_assertion')) {
    return refusal(401, 'invalid_client', 'AADSTS7000218: The request body must contain client_assertion.');
  }
  const audience =
    form
      .get('scope')
      ?.split(' ')[0]
      ?.replace(/\/\.default$/, '') ?? '';
  const issued = await issue(audience);
  if (issued === undefined) return unknownAudience(audience);
  const { token, lifetimeSeconds } = issued;
  return { status: 200, body: { token_type: 'Bearer', expires_in: lifetimeSeconds, access_token: token } };
};

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
