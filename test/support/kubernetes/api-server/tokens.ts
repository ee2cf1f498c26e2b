import { randomUUID } from 'node:crypto';
import { type Fields, isFields } from './object.ts';
import type { User } from './rbac.ts';
import type { ResourceRequest } from './request.ts';
import { invalid, notFound } from './status.ts';
import type { Store } from './store.ts';

const HOUR_SECONDS = 3600;
const LEAST_SECONDS = 600;
const TOKEN_REQUESTS = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

/** What it takes to issue tokens. */
export interface TokenContext {
  readonly store: Store;
  readonly now: () => Date;
  /** Tokens that the server takes itself. */
  readonly users: Map<string, User>;
}

/** Answers a TokenRequest; a token for other audiences than the server is not taken by it. */
export function issueToken({ store, now, users }: TokenContext, request: ResourceRequest): Fields {
  const { kind, namespace = '', name = '', body } = request;
  if (store.get(kind, namespace, name) === undefined) throw notFound(kind, name);
  const sent = isFields(body) && isFields(body['spec']) ? body['spec'] : {};
  const audiences = Array.isArray(sent['audiences']) ? (sent['audiences'] as readonly string[]) : [];
  const expirationSeconds = Number(sent['expirationSeconds'] ?? HOUR_SECONDS);
  if (expirationSeconds < LEAST_SECONDS) {
    const message = `Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes`;
    const cause = { reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' };
    throw invalid(TOKEN_REQUESTS, '', [cause]);
  }
  const expires = new Date(now().getTime() + expirationSeconds * 1000);
  const claims = { aud: audiences, exp: Math.floor(expires.getTime() / 1000), jti: randomUUID() };
  const token = unsigned({ ...claims, sub: `system:serviceaccount:${namespace}:${name}` });
  if (audiences.length === 0) users.set(token, { kind: 'account', namespace, name });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace },
    spec: { audiences, expirationSeconds },
    status: { token, expirationTimestamp: expires.toISOString().replace(/\.\d+Z$/, 'Z') },
  };
}

/** Has the form of a JSON Web Token; nobody here checks its signature. */
function unsigned(claims: object): string {
  const parts = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${parts.join('.')}.`;
}
