import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';

/** What an issuer's tokens say. */
export interface IssuerOptions {
  /** Claim `iss`. */
  readonly issuer?: string;
  /** Claims `oid` and `sub`: the object ID of the managed identity. */
  readonly objectId?: string;
  readonly lifetimeSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A signed token and its life. */
export interface IssuedToken {
  readonly token: string;
  /** Seconds since 1970. */
  readonly notBefore: number;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  readonly lifetimeSeconds: number;
}

/** Signs tokens as Microsoft Entra does: RS256, with a key that lives as long as this object. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly objectId: string;
  /** The public key, as verifiers fetch it. */
  readonly jwks: JSONWebKeySet;
  /** No two tokens are alike. */
  issue(audience: string): Promise<IssuedToken>;
}

const TENANT = '11111111-2222-3333-4444-555555555555';
const DAY_SECONDS = 86_400;

/** Makes the key, which takes some milliseconds. */
export async function createTokenIssuer(options: IssuerOptions = {}): Promise<TokenIssuer> {
  const { issuer = `https://sts.windows.net/${TENANT}/`, objectId = randomUUID(), now = Date.now } = options;
  const lifetimeSeconds = options.lifetimeSeconds ?? DAY_SECONDS;
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const kid = randomUUID();
  return {
    issuer,
    objectId,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }] },
    async issue(audience) {
      const notBefore = Math.floor(now() / 1000);
      const expiresAt = notBefore + lifetimeSeconds;
      const token = await new SignJWT({ oid: objectId, tid: TENANT, ver: '1.0' })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setSubject(objectId)
        .setAudience(audience)
        .setIssuedAt(notBefore)
        .setNotBefore(notBefore)
        .setExpirationTime(expiresAt)
        .setJti(randomUUID())
        .sign(privateKey);
      return { token, notBefore, expiresAt, lifetimeSeconds };
    },
  };
}
