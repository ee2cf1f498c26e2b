import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { KeyVault } from '../../../../shared/resources/authentication.ts';
import type { ClientCertificate } from '../client-certificate.ts';
import type { CredentialError } from '../credential-error.ts';
import { type PemCertificate, parseCertificates } from '../pem.ts';
import { vaultError } from './vault-error.ts';
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

/** Takes certificate, chain and key out of what a vault answered; rejects with CredentialError when they must not be used. */
export async function parseVaultMaterial(material: VaultMaterial, keyVault: KeyVault): Promise<ClientCertificate> {
  const { certificate, chain } = material;
  const question = { keyVault, item: keyVault.vaultCert.name };
  const text = await textOf(certificate, question);
  const key = PRIVATE_KEY.exec(text.toString('latin1'))?.[0];
  if (key === undefined) throw noKey(question);
  const own = certificatesOf(text, question);
  const privateKey = keyOf(key, question);
  const leaf = own.find(({ parsed }) => parsed.checkPrivateKey(privateKey));
  if (leaf === undefined) throw mismatch(question);
  const more = chain === undefined ? [] : await chainOf(chain, keyVault);
  const shown = new Map([leaf, ...own, ...more].map(({ pem, parsed }) => [parsed.fingerprint256, pem]));
  return {
    cert: [...shown.values()].map((pem) => `${pem}\n`).join(''),
    key: `${key}\n`,
    notAfter: Math.floor(Date.parse(leaf.parsed.validTo) / 1000),
  };
}

/** The newest certificate of the vault has ended; `notAfter` in seconds since 1970. */
export function certificateExpired(notAfter: number, keyVault: KeyVault): CredentialError {
  const question = { keyVault, item: keyVault.vaultCert.name };
  const ended = new Date(notAfter * 1_000).toISOString();
  const what = `${place(question)} ended at ${ended}; set the clock of this machine, or import another`;
  return vaultError('CertificateExpired', question, what);
}

async function chainOf(chain: VaultSecret, keyVault: KeyVault): Promise<readonly PemCertificate[]> {
  const question = { keyVault, item: keyVault.vaultCaChainSecret?.name ?? '' };
  return certificatesOf(await textOf(chain, question), question);
}

/** PEM, whichever form the vault keeps it in. */
async function textOf({ value, contentType }: VaultSecret, question: VaultQuestion): Promise<Buffer> {
  if (contentType !== PKCS12) return Buffer.from(value, 'utf8');
  // Loaded only here: most keep PEM in their vault, or have no vault, and need not pay its memory.
  const { pemOfPkcs12 } = await import('./pkcs12.ts');
  try {
    return Buffer.from(pemOfPkcs12(Buffer.from(value, 'base64')), 'latin1');
  } catch {
    throw invalid(question, 'is no PKCS #12 file that can be read without a password');
  }
}

function certificatesOf(text: Buffer, question: VaultQuestion): readonly PemCertificate[] {
  const certificates = parseCertificates(text);
  if (certificates === undefined) throw invalid(question, 'holds a certificate that cannot be read');
  if (certificates.length === 0) throw invalid(question, 'holds no certificate');
  return certificates;
}

function keyOf(pem: string, question: VaultQuestion): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalid(question, 'holds a private key that cannot be read');
  }
}

function invalid(question: VaultQuestion, what: string): CredentialError {
  return vaultError('CertificateInvalid', question, `${place(question)} ${what}; write it anew in PEM form`);
}

function mismatch(question: VaultQuestion): CredentialError {
  const what = `${place(question)} holds a key that belongs to none of its certificates; write both anew from one pair`;
  return vaultError('KeyMismatch', question, what);
}

function noKey(question: VaultQuestion): CredentialError {
  const what = `${place(question)} comes without its private key, as when its policy keeps the key in the vault; create it with an exportable key`;
  return vaultError('VaultKeyNotExportable', question, what);
}

function place({ keyVault, item }: VaultQuestion): string {
  return `In key vault ${keyVault.vault.name}, ${item}`;
}
