import '../../../support/reflect-shim.ts';
import * as x509 from '@peculiar/x509';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** An issuer of tokens with one RSA key. */
export interface Issuer {
  readonly issuer: string;
  readonly jwks: { readonly keys: (JWK & { kty: string })[] };
  /** A certificate of its key, PEM. */
  readonly certificate: string;
  /** A token valid from 0 to 3,600 s after 1970 unless its claims say otherwise; `undefined` leaves a claim out. */
  sign(claims?: JWTPayload, by?: { readonly alg?: string; readonly key?: CryptoKey | Uint8Array }): Promise<Buffer>;
}

/** Makes an issuer with a fresh key. */
export async function createIssuer(issuer = 'https://issuer.example/'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = { publicKey, privateKey };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=issuer',
    keys,
    signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  });
  const jwk = await exportJWK(publicKey);
  return {
    issuer,
    certificate: certificate.toString('pem'),
    jwks: { keys: [{ ...jwk, kty: 'RSA', kid: 'k1', use: 'sig' }] },
    async sign(claims = {}, { alg = 'RS256', key = privateKey } = {}) {
      const all = { iss: issuer, nbf: 0, exp: 3_600, ...claims };
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return Buffer.from(await new SignJWT(given).setProtectedHeader({ alg, kid: 'k1' }).sign(key));
    },
  };
}
