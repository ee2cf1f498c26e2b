/** Seconds since 1970 at which a JSON Web Token ends (RFC 7519, 4.1.4); undefined for anything else. Verifies nothing. */
export function expiryOf(token: Buffer): number | undefined {
  const [, payload] = token.toString('latin1').split('.');
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? Math.floor(exp) : undefined;
  } catch {
    return undefined;
  }
}
