import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate with its key, both PEM. */
export interface ServerCertificate {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
}

/** Tags of ASN.1 (X.690, 8.1.2). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  identifier: 0x06,
  utf8: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  ipAddress: 0x87,
  dnsName: 0x82,
} as const;

/** Object identifiers as DER writes them. */
const OID = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  subjectAlternativeName: '551d11',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

const DAY_MS = 86_400_000;

/** Makes a certificate for `localhost` and 127.0.0.1 that nobody but itself vouches for, valid for a day around `now`. */
export function createServerCertificate(now: Date): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(TAG.sequence, oid(OID.ecdsaWithSha256));
  const name = der(
    TAG.sequence,
    der(TAG.set, der(TAG.sequence, oid(OID.commonName), der(TAG.utf8, Buffer.from('localhost')))),
  );
  // RFC 5280, 4.1: version 3, and a positive serial number.
  const content = der(
    TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.of(2))),
    der(TAG.integer, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    der(TAG.sequence, utcTime(now.getTime() - DAY_MS / 2), utcTime(now.getTime() + DAY_MS / 2)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, der(TAG.sequence, names(), serverOnly())),
  );
  const signature = sign('sha256', content, privateKey);
  const certificate = der(TAG.sequence, content, algorithm, der(TAG.bitString, Buffer.of(0), signature));
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function names(): Buffer {
  const both = [der(TAG.dnsName, Buffer.from('localhost')), der(TAG.ipAddress, Buffer.of(127, 0, 0, 1))];
  return extension(OID.subjectAlternativeName, der(TAG.sequence, ...both));
}

function serverOnly(): Buffer {
  return extension(OID.extendedKeyUsage, der(TAG.sequence, oid(OID.serverAuth)));
}

function extension(identifier: string, value: Buffer): Buffer {
  return der(TAG.sequence, oid(identifier), der(TAG.octetString, value));
}

function oid(hex: string): Buffer {
  return der(TAG.identifier, Buffer.from(hex, 'hex'));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  return der(TAG.time, Buffer.from(digits.slice(2)));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...contents]);
}

// X.690, 8.1.3: below 128 one octet, else the number of octets and then those.
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
