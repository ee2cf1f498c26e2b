import './reflect-metadata.ts';
import { isIP } from 'node:net';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM texts of a certificate and its private key. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What differs from an ordinary certificate, which is valid for two days around now and for loopback. */
export interface IssueOptions {
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate authority of a test's own. */
export interface Authority {
  /** PEM of its certificate. */
  readonly cert: string;
  /** The same with its private key: a self-signed server. */
  readonly pair: Pair;
  issue(commonName: string, options?: IssueOptions): Promise<Pair>;
  /** An authority below this one. */
  intermediate(commonName: string): Promise<Authority>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
let serial = 1;

/** Makes a root authority. */
export async function createAuthority(commonName = 'Test Root'): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...frame(commonName),
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return authority(certificate, keys, await pairOf(certificate, keys));
}

function authority(issuer: X509Certificate, keys: webcrypto.CryptoKeyPair, pair: Pair): Authority {
  const sign = async (commonName: string, options: IssueOptions, isAuthority: boolean) => {
    const own = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      ...frame(commonName, options),
      issuer: issuer.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(isAuthority, undefined, true),
        ...(isAuthority ? [] : [alternativeNames(options.names ?? ['localhost', '127.0.0.1'])]),
      ],
    });
    return { certificate, own };
  };
  return {
    cert: pair.cert,
    pair,
    async issue(commonName, options = {}) {
      const { certificate, own } = await sign(commonName, options, false);
      return pairOf(certificate, own);
    },
    async intermediate(commonName) {
      const { certificate, own } = await sign(commonName, {}, true);
      return authority(certificate, own, await pairOf(certificate, own));
    },
  };
}

function frame(commonName: string, { notBefore, notAfter }: IssueOptions = {}) {
  return {
    serialNumber: (serial++).toString(16).padStart(4, '0'),
    subject: `CN=${commonName}`,
    name: `CN=${commonName}`,
    notBefore: notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: notAfter ?? new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
  };
}

function alternativeNames(names: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })));
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pairOf(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Pair> {
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
