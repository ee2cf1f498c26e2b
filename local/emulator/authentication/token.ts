import { X509Certificate, type KeyObject } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { reason } from '../../broker/reason.ts';
import type { ClientAttributes } from '../attributes.ts';
import type { Identification } from './authenticator.ts';

/** Where the keys of an issuer come from: at hand, from its endpoint, or in certificates (PEM). */
export type KeySource =
  | { readonly jwks: JSONWebKeySet }
  | { readonly jwksUrl: string }
  | { readonly certificates: readonly string[] };

/** Whose tokens are taken. */
export interface TokenIssuer {
  readonly issuer: string;
  /** With or without a slash at the end, whichever way the token has it. */
  readonly audiences: readonly string[];
  readonly keys: KeySource;
}

/** The two kinds of token: of Microsoft Entra, named by `oid`, and of an issuer of one's own, named by `sub`. */
export type TokenKind = 'OAUTH2-JWT' | 'CUSTOM-JWT';

const RULES = {
  'OAUTH2-JWT': { name: 'oid', required: ['oid', 'exp'] },
  'CUSTOM-JWT': { name: 'sub', required: ['sub', 'exp', 'nbf'] },
} as const satisfies Record<TokenKind, { name: string; required: readonly string[] }>;

/** Checks a token at a time in milliseconds since 1970. */
export type TokenCheck = (token: Buffer | undefined, now: number) => Promise<Identification>;

type Key = KeyObject | JWTVerifyGetKey;

/** The issuer's keys could not be had: that says nothing about the token. */
class KeysUnavailable extends Error {}

/** Keys served by the issuer, fetched again when a token names one that is not known. */
function servedKeys(url: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url));
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const ofToken = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      throw ofToken ? error : new KeysUnavailable(`no keys from ${url}`, { cause: error });
    }
  };
}

function keysOf(source: KeySource): readonly Key[] {
  if ('jwks' in source) return [createLocalJWKSet(source.jwks)];
  if ('jwksUrl' in source) return [servedKeys(source.jwksUrl)];
  return source.certificates.map((pem) => new X509Certificate(pem).publicKey);
}

function withAndWithoutSlash(audience: string): readonly string[] {
  const bare = audience.replace(/\/+$/, '');
  return [bare, `${bare}/`];
}

function verify(token: string, key: Key, options: JWTVerifyOptions): Promise<{ readonly payload: JWTPayload }> {
  return typeof key === 'function' ? jwtVerify(token, key, options) : jwtVerify(token, key, options);
}

/** The claims under the first key whose signature fits; rejects with what the last key found. */
async function claimsOf(token: string, keys: readonly Key[], options: JWTVerifyOptions): Promise<JWTPayload> {
  let failure: unknown = new Error('there is no key to check tokens with');
  for (const key of keys) {
    try {
      return (await verify(token, key, options)).payload;
    } catch (error) {
      failure = error;
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
    }
  }
  throw failure;
}

const INT32 = 2 ** 31;

function isAttribute(value: unknown): value is string | number | readonly string[] {
  if (Array.isArray(value)) return value.every((part) => typeof part === 'string');
  if (typeof value === 'number') return Number.isInteger(value) && value >= -INT32 && value < INT32;
  return typeof value === 'string';
}

function attributesOf(claims: JWTPayload): ClientAttributes {
  const attributes: Record<string, string | number | readonly string[]> = {};
  for (const [name, value] of Object.entries(claims)) if (isAttribute(value)) attributes[name] = value;
  return attributes;
}

/** A check for tokens of one kind; only RS256 is taken, whatever a token says of itself. */
export function createTokenCheck(kind: TokenKind, { issuer, audiences, keys }: TokenIssuer): TokenCheck {
  const { name, required } = RULES[kind];
  const verifiers = keysOf(keys);
  const audience = audiences.flatMap((one) => withAndWithoutSlash(one));
  return async (token, now) => {
    try {
      const options = {
        algorithms: ['RS256'],
        issuer,
        audience,
        requiredClaims: [...required],
        currentDate: new Date(now),
      };
      const claims = await claimsOf(token?.toString('utf8') ?? '', verifiers, options);
      // A delegated token has the scopes its user consented to; the service takes applications and managed identities only.
      if (kind === 'OAUTH2-JWT' && claims['scp'] !== undefined) throw new Error('the token is of a user (claim "scp")');
      const id = claims[name];
      if (typeof id !== 'string' || id === '') throw new Error(`claim "${name}" is no name`);
      const attributes = kind === 'CUSTOM-JWT' ? attributesOf(claims) : {};
      return { kind: 'known', name: id, attributes, expiresAt: (claims.exp ?? 0) * 1000 };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const reasonCode = error instanceof KeysUnavailable ? reason.serverUnavailable : reason.notAuthorized;
      return { kind: 'unknown', reasonCode, detail };
    }
  };
}
