import { type KeyObject, createPrivateKey } from 'node:crypto';
import { CredentialError } from './credential-error.ts';
import type { Keys } from './last-good.ts';
import { type PemCertificate, parseCertificates } from './pem.ts';

/** A client certificate with its chain and private key, checked to belong together. */
export interface ClientCertificate {
  /** PEM: the certificate, then its intermediates. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** Seconds since 1970, UTC. */
  readonly notAfter: number;
}

const CERTIFICATE = 'client_cert.pem';
const KEY = 'client_key.pem';
const INTERMEDIATES = 'client_intermediate_certs.pem';

/** Takes the pair out of the keys of a Secret; throws CredentialError when it must not be used. */
export function parseClientCertificate(secretName: string, keys: Keys): ClientCertificate {
  const [leaf, ...others] = certificatesOf(secretName, keys, CERTIFICATE);
  if (leaf === undefined) throw unusable(secretName, CERTIFICATE, 'holds no certificate');
  const intermediates = keys.has(INTERMEDIATES) ? certificatesOf(secretName, keys, INTERMEDIATES) : [];
  const keyText = required(secretName, keys, KEY);
  if (!leaf.parsed.checkPrivateKey(privateKeyOf(secretName, keyText))) {
    throw new CredentialError(
      'KeyMismatch',
      `In Secret ${secretName}, ${KEY} is not the key of the first certificate in ${CERTIFICATE}; write both keys of the Secret from the same pair.`,
    );
  }
  return {
    cert: [leaf, ...others, ...intermediates].map(({ pem }) => `${pem}\n`).join(''),
    key: keyText.toString('latin1'),
    notAfter: Math.floor(Date.parse(leaf.parsed.validTo) / 1000),
  };
}

function certificatesOf(secretName: string, keys: Keys, key: string): readonly PemCertificate[] {
  const certificates = parseCertificates(required(secretName, keys, key));
  if (certificates === undefined) throw unusable(secretName, key, 'holds a certificate that cannot be read');
  return certificates;
}

function required(secretName: string, keys: Keys, key: string): Buffer {
  const value = keys.get(key);
  if (value !== undefined) return value;
  throw new CredentialError('SecretKeyMissing', `Secret ${secretName} has no key ${key}; add it.`);
}

function privateKeyOf(secretName: string, key: Buffer): KeyObject {
  try {
    return createPrivateKey(key);
  } catch {
    throw unusable(secretName, KEY, 'is not an unencrypted private key');
  }
}

function unusable(secretName: string, key: string, what: string): CredentialError {
  return new CredentialError('CertificateInvalid', `In Secret ${secretName}, ${key} ${what}; write it in PEM form.`);
}
