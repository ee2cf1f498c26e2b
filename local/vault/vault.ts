import { createHash, randomUUID } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { Endpoint, IdentityAnswer, IdentityRequest } from '../identity/endpoint.ts';
import type { TokenIssuer } from '../identity/issuer.ts';

/** What is kept under a name; certificate and secret of one name have the same versions. */
export interface VaultItem {
  /** Value of the secret: PEM, or PKCS #12 in Base64. */
  readonly value: string;
  /** `application/x-pem-file`, `application/x-pkcs12`, or nothing for a secret that is no certificate. */
  readonly contentType?: string;
  /** DER of the certificate; without it there is only a secret. */
  readonly certificate?: Buffer;
}

/** What goes wrong at a vault, until another fault or none is set. */
export type VaultFault =
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number }
  | { readonly kind: 'status'; readonly status: 404 | 500 | 503 }
  /** Access denied: by roles, by access policy or by the firewall. */
  | { readonly kind: 'forbidden'; readonly by: 'Rbac' | 'Policy' | 'Firewall' }
  /** Answers with what is no JSON document of a vault. */
  | { readonly kind: 'rubbish' };

/** How a vault is. */
export interface VaultOptions {
  readonly issuer: TokenIssuer;
  readonly tenantId: string;
  /** Whether certificates may be read as such, and not only the secrets of their names. */
  readonly certificatesAllowed?: boolean;
}

/** A key vault. */
export interface Vault {
  readonly endpoint: Endpoint;
  /** Adds a version and answers it. */
  put(name: string, item: VaultItem): string;
  /** Nobody gets any version of it any more. */
  disable(name: string): void;
  setFault(fault: VaultFault | undefined): void;
  /** Requests that carried a good token, as `GET /secrets/NAME/VERSION`, oldest first. */
  readonly requests: readonly string[];
}

interface Kept {
  readonly versions: Map<string, VaultItem>;
  newest: string;
  disabled: boolean;
}

const RESOURCE = 'https://vault.azure.net';
const PATH = /^\/(secrets|certificates)\/([0-9A-Za-z-]{1,127})(?:\/([0-9a-f]{32})?)?\/?$/;

/** Makes an empty vault. */
export function createVault({ issuer, tenantId, certificatesAllowed = true }: VaultOptions): Vault {
  const keys = createLocalJWKSet(issuer.jwks);
  const items = new Map<string, Kept>();
  const requests: string[] = [];
  let fault: VaultFault | undefined;

  async function isKnown({ headers }: IdentityRequest): Promise<boolean> {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return false;
    const wanted = { audience: RESOURCE, issuer: issuer.issuer, algorithms: ['RS256'] };
    return jwtVerify(token, keys, wanted).then(
      () => true,
      () => false,
    );
  }

  function read(kind: string, name: string, version: string | undefined, origin: string): IdentityAnswer {
    if (kind === 'certificates' && !certificatesAllowed) return forbidden('ForbiddenByRbac');
    const kept = items.get(name);
    const found = kept?.versions.get(version ?? kept.newest);
    if (kept === undefined || found === undefined) return notFound(kind, name);
    const id = `${name}/${version ?? kept.newest}`;
    if (kind === 'certificates') {
      return found.certificate === undefined ? notFound(kind, name) : certificateOf(origin, id, found.certificate);
    }
    if (kept.disabled) return forbidden('SecretDisabled');
    return secretOf(origin, id, found);
  }

  return {
    requests,
    async endpoint(request) {
      const [, kind = '', name = '', version] = PATH.exec(request.path) ?? [];
      if (kind === '' || request.method !== 'GET') return undefined;
      if (!request.query.has('api-version')) return failure(400, 'BadParameter', 'api-version is missing');
      if (!(await isKnown(request))) return challenge(tenantId);
      requests.push(`GET ${request.path.replace(/\/$/, '')}`);
      return (await answerOf(fault)) ?? read(kind, name, version, `https://${request.headers.host}`);
    },
    put(name, item) {
      const newest = randomUUID().replaceAll('-', '');
      const kept = items.get(name) ?? { versions: new Map<string, VaultItem>(), newest, disabled: false };
      kept.versions.set(newest, item);
      items.set(name, { ...kept, newest });
      return newest;
    },
    disable(name) {
      const kept = items.get(name);
      if (kept !== undefined) kept.disabled = true;
    },
    setFault(next) {
      fault = next;
    },
  };
}

async function answerOf(fault: VaultFault | undefined): Promise<IdentityAnswer | undefined> {
  switch (fault?.kind) {
    case undefined:
      return undefined;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      return undefined;
    case 'throttled':
      return {
        ...failure(429, 'Throttled', 'Too many requests'),
        headers: { 'Retry-After': String(fault.retryAfterSeconds) },
      };
    case 'status':
      return failure(fault.status, fault.status === 404 ? 'SecretNotFound' : 'InternalServerError', 'A fault');
    case 'forbidden':
      return forbidden(`ForbiddenBy${fault.by}`);
    case 'rubbish':
      return { status: 200, body: { value: 7, attributes: 'none', id: 'https://nowhere.example/x' } };
  }
}

function challenge(tenantId: string): IdentityAnswer {
  const authorization = `https://login.microsoftonline.com/${tenantId}`;
  return {
    ...failure(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'),
    headers: { 'WWW-Authenticate': `Bearer authorization="${authorization}", resource="${RESOURCE}"` },
  };
}

function secretOf(origin: string, id: string, { value, contentType, certificate }: VaultItem): IdentityAnswer {
  const managed = certificate === undefined ? {} : { managed: true, kid: `${origin}/keys/${id}` };
  return {
    status: 200,
    body: { value, contentType, id: `${origin}/secrets/${id}`, attributes: attributes(), ...managed },
  };
}

function certificateOf(origin: string, id: string, der: Buffer): IdentityAnswer {
  return {
    status: 200,
    body: {
      id: `${origin}/certificates/${id}`,
      kid: `${origin}/keys/${id}`,
      sid: `${origin}/secrets/${id}`,
      x5t: createHash('sha1').update(der).digest('base64url'),
      cer: der.toString('base64'),
      attributes: attributes(),
    },
  };
}

function attributes(): object {
  const now = Math.floor(Date.now() / 1000);
  return { enabled: true, created: now, updated: now, recoveryLevel: 'Recoverable' };
}

function notFound(kind: string, name: string): IdentityAnswer {
  return kind === 'certificates'
    ? failure(404, 'CertificateNotFound', `A certificate with (name/id) ${name} was not found in this key vault.`)
    : failure(404, 'SecretNotFound', `A secret with (name/id) ${name} was not found in this key vault.`);
}

function forbidden(inner: string): IdentityAnswer {
  return failure(403, 'Forbidden', 'The caller is not allowed to do this.', { innererror: { code: inner } });
}

function failure(status: number, code: string, message: string, more: object = {}): IdentityAnswer {
  return { status, body: { error: { code, message, ...more } } };
}
