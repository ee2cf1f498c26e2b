/** Seconds since 1970 at which a JSON Web Token ends (RFC 7519, 4.1.4); undefined for anything else. Verifies nothing. */
export function expiryOf(token: Buffer): number | undefined {
  const exp = claimOf(token, 'exp');
  return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? Math.floor(exp) : undefined;
}

/** Object ID of the Microsoft Entra principal that a token is for; undefined for anything that is none. Verifies nothing. */
export function objectIdOf(token: Buffer): string | undefined {
  const oid = claimOf(token, 'oid');
  return typeof oid === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(oid) ? oid : undefined;
}

function claimOf(token: Buffer, name: string): unknown {
  const [, payload] = token.toString('latin1').split('.');
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
