import './reflect-shim.ts';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate with its key, as PEM texts. */
export interface Identity {
  /** The certificate alone. */
  readonly certificate: string;
  /** The certificate and the intermediates up to, without, the root: what a server or client shows. */
  readonly chain: string;
  /** PKCS #8. */
  readonly key: string;
}

/** What is wanted of a certificate; one for `localhost` and 127.0.0.1 that is valid now unless told. */
export interface CertificateRequest {
  readonly commonName?: string;
  /** DNS names and IP addresses it is valid for. */
  readonly names?: readonly string[];
  /** Both purposes unless told. */
  readonly purpose?: 'server' | 'client';
  /** Ended a day ago. */
  readonly expired?: boolean;
  /** Days from now to its end, 30 unless told. */
  readonly days?: number;
}

/** A certificate authority. */
export interface Authority extends Identity {
  readonly issue: (request?: CertificateRequest) => Promise<Identity>;
  /** An authority below this one; the chains of what it issues contain it. */
  readonly intermediate: (commonName?: string) => Promise<Authority>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PEM of the intermediates from this issuer upwards, without the root. */
  readonly chain: string;
}

/** Makes a root authority of its own (EC P-256). */
export async function createAuthority(commonName = 'Test root'): Promise<Authority> {
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: authorityExtensions(),
  });
  return authority({ certificate, keys, chain: '' });
}

/** Makes a certificate that nobody but itself vouches for. */
export async function createSelfSigned(request: CertificateRequest = {}): Promise<Identity> {
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${request.commonName ?? 'localhost'}`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(request),
    extensions: leafExtensions(request),
  });
  return identity(certificate, keys, '');
}

async function authority(issuer: Issuer): Promise<Authority> {
  return {
    ...(await identity(issuer.certificate, issuer.keys, '')),
    async issue(request = {}) {
      const keys = await createKeys();
      const name = request.commonName ?? 'localhost';
      const certificate = await sign(issuer, { name, keys, ...validity(request) }, leafExtensions(request));
      return identity(certificate, keys, issuer.chain);
    },
    async intermediate(name = 'Test intermediate') {
      const keys = await createKeys();
      const certificate = await sign(issuer, { name, keys, ...validity() }, authorityExtensions());
      return authority({ certificate, keys, chain: certificate.toString('pem') + '\n' + issuer.chain });
    },
  };
}

interface Subject {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

async function sign(issuer: Issuer, subject: Subject, extensions: x509.Extension[]): Promise<x509.X509Certificate> {
  const { name, keys, notBefore, notAfter } = subject;
  return x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate)],
  });
}

function authorityExtensions(): x509.Extension[] {
  const usage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true);
  return [new x509.BasicConstraintsExtension(true, undefined, true), usage];
}

function leafExtensions({ names = ['localhost', '127.0.0.1'], purpose }: CertificateRequest): x509.Extension[] {
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const purposes = { server: [serverAuth], client: [clientAuth], both: [serverAuth, clientAuth] };
  const general = names.map((value) => ({
    type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
  return [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(purposes[purpose ?? 'both']),
    ...(general.length > 0 ? [new x509.SubjectAlternativeNameExtension(general)] : []),
  ];
}

async function identity(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
  chain: string,
): Promise<Identity> {
  const own = `${certificate.toString('pem')}\n`;
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: own, chain: own + chain, key: `${key}\n` };
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity({ expired = false, days = 30 }: CertificateRequest = {}): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 3 * DAY_MS), notAfter: new Date(now + (expired ? -1 : days) * DAY_MS) };
}
