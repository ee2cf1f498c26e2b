import type { IncomingHttpHeaders } from 'node:http';
import type { IssuedToken } from './issuer.ts';

/** A request as the endpoints see it. */
export interface IdentityRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Fields of a form, of POST only. */
  readonly form: URLSearchParams;
}

/** What an endpoint answers; the body becomes JSON. */
export interface IdentityAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Gives the token for an audience, or undefined where the tenant does not know it. */
export type Issue = (audience: string) => Promise<IssuedToken | undefined>;

/** Answers a request, or undefined where the path is not its own. */
export type Endpoint = (request: IdentityRequest, issue: Issue) => Promise<IdentityAnswer | undefined>;

/** Path of tokens at the instance metadata service and at the Arc agent. */
const TOKEN_PATH = '/metadata/identity/oauth2/token';

/** True for the path of tokens. A client library that is given another address puts a slash behind it. */
export function isTokenPath(path: string): boolean {
  return path === TOKEN_PATH || path === `${TOKEN_PATH}/`;
}

/** What both metadata services ask of a request, in the order they check it; undefined when all is there. */
export function faultOfMetadataRequest(
  { method, headers, query }: IdentityRequest,
  apiVersion: string,
): IdentityAnswer | undefined {
  if (method !== 'GET') return refusal(405, 'method_not_allowed', 'Only GET is allowed');
  if (headers['metadata']?.toString().toLowerCase() !== 'true') {
    return refusal(400, 'bad_request_102', 'Required metadata header not specified');
  }
  // A request that went through a proxy does not come from this machine.
  if (headers['x-forwarded-for'] !== undefined) return refusal(400, 'bad_request', 'Proxied requests are refused');
  if (query.get('api-version') !== apiVersion) {
    return refusal(400, 'invalid_request', `Required query variable 'api-version' is not ${apiVersion}`);
  }
  if (!query.get('resource')) return refusal(400, 'invalid_request', "Required query variable 'resource' is missing");
  return undefined;
}

/** The token of a metadata service; numbers are strings there. */
export async function metadataToken({ query }: IdentityRequest, issue: Issue): Promise<IdentityAnswer> {
  const resource = query.get('resource') ?? '';
  const issued = await issue(resource);
  if (issued === undefined) return unknownAudience(resource);
  const lifetime = String(issued.lifetimeSeconds);
  return {
    status: 200,
    body: {
      access_token: issued.token,
      client_id: '99999999-8888-7777-6666-555555555555',
      expires_in: lifetime,
      expires_on: String(issued.expiresAt),
      ext_expires_in: lifetime,
      not_before: String(issued.notBefore),
      resource,
      token_type: 'Bearer',
    },
  };
}

/** Entra's words for an audience that the tenant does not have. */
export function unknownAudience(audience: string): IdentityAnswer {
  return refusal(
    400,
    'invalid_resource',
    `AADSTS500011: The resource principal named ${audience} was not found in the tenant.`,
  );
}

/** An OAuth 2.0 error. */
export function refusal(status: number, error: string, description: string): IdentityAnswer {
  return { status, body: { error, error_description: description } };
}
