import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ClientCertificate } from '../client-certificate.ts';
import { CredentialError } from '../credential-error.ts';
import { type PemCertificate, parseCertificates } from '../pem.ts';
import { pemOfPkcs12 } from './pkcs12.ts';
import type { VaultQuestion, VaultSecret } from './vault-reader.ts';

/** The newest of what a connector uses of a vault. */
export interface VaultMaterial {
  /** The secret of the certificate. */
  readonly certificate: VaultSecret;
  /** Intermediate certificates. */
  readonly chain?: VaultSecret | undefined;
}

const PRIVATE_KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]*?-----END (?:RSA |EC )?PRIVATE KEY-----/;
const PKCS12 = 'application/x-pkcs12';

/** Takes certificate, chain and key out of what a vault answered; throws CredentialError when they must not be used. */
export function parseVaultMaterial(
  { certificate, chain }: VaultMaterial,
  { vault, item }: VaultQuestion,
  chainName = item,
): ClientCertificate {
  const text = textOf(certificate, vault, item);
  const key = PRIVATE_KEY.exec(text.toString('latin1'))?.[0];
  if (key === undefined) throw noKey(vault, item);
  const own = certificatesOf(text, vault, item);
  const privateKey = keyOf(key, vault, item);
  const leaf = own.find(({ parsed }) => parsed.checkPrivateKey(privateKey));
  if (leaf === undefined) throw mismatch(vault, item);
  const more = chain === undefined ? [] : certificatesOf(textOf(chain, vault, chainName), vault, chainName);
  const shown = new Map([leaf, ...own, ...more].map(({ pem, parsed }) => [parsed.fingerprint256, pem]));
  return {
    cert: [...shown.values()].map((pem) => `${pem}\n`).join(''),
    key: `${key}\n`,
    notAfter: Math.floor(Date.parse(leaf.parsed.validTo) / 1000),
  };
}

/** PEM, whichever form the vault keeps it in. */
function textOf({ value, contentType }: VaultSecret, vault: string, item: string): Buffer {
  if (contentType !== PKCS12) return Buffer.from(value, 'utf8');
  try {
    return Buffer.from(pemOfPkcs12(Buffer.from(value, 'base64')), 'latin1');
  } catch {
    throw invalid(vault, item, 'is no PKCS #12 file that can be read without a password');
  }
}

function certificatesOf(text: Buffer, vault: string, item: string): readonly PemCertificate[] {
  const certificates = parseCertificates(text);
  if (certificates === undefined) throw invalid(vault, item, 'holds a certificate that cannot be read');
  if (certificates.length === 0) throw invalid(vault, item, 'holds no certificate');
  return certificates;
}

function keyOf(pem: string, vault: string, item: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalid(vault, item, 'holds a private key that cannot be read');
  }
}

function invalid(vault: string, item: string, what: string): CredentialError {
  return new CredentialError(
    'CertificateInvalid',
    `In key vault ${vault}, ${item} ${what}; import it anew in PEM form with az keyvault certificate import --vault-name ${vault} --name ${item} --file FILE.`,
  );
}

function mismatch(vault: string, item: string): CredentialError {
  return new CredentialError(
    'KeyMismatch',
    `In key vault ${vault}, ${item} holds a key that belongs to none of its certificates; import both anew from one pair with az keyvault certificate import --vault-name ${vault} --name ${item} --file FILE.`,
  );
}

/** The newest certificate of the vault has ended; `notAfter` in seconds since 1970. */
export function certificateExpired(notAfter: number, { vault, item }: VaultQuestion): CredentialError {
  return new CredentialError(
    'CertificateExpired',
    `In key vault ${vault}, the newest certificate of ${item} ended at ${new Date(notAfter * 1_000).toISOString()}; make a new version with az keyvault certificate create --vault-name ${vault} --name ${item} --policy @policy.json, or set the clock of this machine.`,
  );
}

function noKey(vault: string, item: string): CredentialError {
  return new CredentialError(
    'VaultKeyNotExportable',
    `In key vault ${vault}, ${item} comes without its private key, as when its policy keeps the key in the vault; create it with an exportable key with az keyvault certificate create --vault-name ${vault} --name ${item} --policy @policy.json.`,
  );
}
