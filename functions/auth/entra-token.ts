import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import type { KeyLookup } from './signing-keys.ts';
import type { EntraWay } from './ways.ts';

/** Whom a credential of Microsoft Entra names. */
export interface Principal {
  /** Lower case. */
  readonly objectId: string;
  /** Application roles, known here or not. */
  readonly roles: readonly string[];
}

/** What a token proves. `why` never tells anything of the token but which check it failed. */
export type TokenVerdict =
  | { readonly kind: 'valid'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** By what a token is judged. */
export interface TokenContext {
  readonly way: EntraWay;
  readonly keys: { find(header: { alg: string; kid: string }): Promise<KeyLookup> };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ALGORITHM = 'RS256';
/** How far the clocks of authority and app may differ. */
export const TOLERANCE_SECONDS = 60;
const MALFORMED = 'The token is not a JWT signed with RS256.';

const headerSchema = z.object({ alg: z.literal(ALGORITHM), kid: z.string().min(1).max(200) });
const claimsSchema = z.object({
  oid: z.guid().toLowerCase(),
  tid: z.guid().toLowerCase(),
  roles: z.array(z.string()).default([]),
});

/** Why a token was refused, by the error codes of jose. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'The token has expired.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the token is not valid.',
};

/** Why a token was refused, by the claim that was not as it must be. */
const CLAIM_REASONS: Readonly<Record<string, string>> = {
  nbf: 'The token is not valid yet.',
  iss: 'The token is of another issuer.',
  aud: 'The token is for another audience.',
};

/** Judges an access token: signature first, then what it says. Never rejects. */
export async function judgeToken(token: string, { way, keys, now }: TokenContext): Promise<TokenVerdict> {
  const { decodeProtectedHeader, jwtVerify } = await import('jose');
  // Keys are looked up only for tokens that could pass, so that nonsense never reaches the network.
  const header = headerSchema.safeParse(attempt(() => decodeProtectedHeader(token)));
  if (!header.success) return { kind: 'refused', why: MALFORMED };
  const found = await keys.find(header.data);
  if (found.kind === 'unavailable') return found;
  if (found.kind === 'unknown') return { kind: 'refused', why: 'The token is signed by a key that is not known.' };
  try {
    const { payload } = await jwtVerify(token, found.key, expectationsOf(way, now()));
    return judgeClaims(payload, way.tenant);
  } catch (error) {
    return { kind: 'refused', why: reasonOf(error) };
  }
}

function expectationsOf({ issuers, audiences }: EntraWay, time: number): JWTVerifyOptions {
  return {
    algorithms: [ALGORITHM],
    issuer: [...issuers],
    audience: [...audiences],
    clockTolerance: TOLERANCE_SECONDS,
    currentDate: new Date(time),
    requiredClaims: ['exp'],
  };
}

function judgeClaims(payload: JWTPayload, tenant: string): TokenVerdict {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return { kind: 'refused', why: 'The token does not name a principal of Microsoft Entra.' };
  const { oid: objectId, tid, roles } = claims.data;
  if (tid !== tenant) return { kind: 'refused', why: 'The token is of another tenant.' };
  return { kind: 'valid', principal: { objectId, roles } };
}

function reasonOf(error: unknown): string {
  const { code, claim } = error as { code?: string; claim?: string };
  return REASONS[code ?? ''] ?? CLAIM_REASONS[claim ?? ''] ?? MALFORMED;
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
