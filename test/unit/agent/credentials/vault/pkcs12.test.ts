import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pemOfPkcs12 } from '../../../../../agent/session/credentials/vault/pkcs12.ts';
import { createAuthority } from '../../../../support/certificates.ts';
import { makePkcs12 } from '../../../../support/pkcs12.ts';

const root = await createAuthority();
const pair = await (await root.intermediate()).issue();
const keyOf = (pem: string) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
const certificatesOf = (pem: string) => pem.match(/-----BEGIN C[\s\S]*?-----END CERTIFICATE-----/g) ?? [];

/** `openssl pkcs12 -export -legacy -nokeys` of OpenSSL 3.0 with an empty password: a certificate in RC2 of 40 bits, as old tools write. */
const RC2_FILE = Buffer.from(
  'MIICTAIBAzCCAhIGCSqGSIb3DQEHAaCCAgMEggH/MIIB+zCCAfcGCSqGSIb3DQEHBqCCAegwggHkAgEAMIIB3QYJKoZIhvcNAQcBMBwGCiqGSIb3' +
    'DQEMAQYwDgQIxjOHlHAy6sECAggAgIIBsJHiFagV+QrLloI9+pK7JGUA56ScBxsHhNrlIKrzwjTnAdN2UwXIC7lrc0Pk6z1tvg582Hq2m1HQpBY3' +
    'gGeJMS75XJzS/Hp9Dj7CfmlzpqPxzdJP4kKWxbVQqxBMz0EHHsQU23qNMRQWtXSgeHJBeP8KtRunV/zli0LJCdWl3TB4toU1ysNgfJgc6YpComjT' +
    'wsJ7WfB6S4HNao/K5S/I8c4Dp5lu97+Y2KVtQkfesVrohwpftBh9G8I2DOGpZw80N3beN4kgkZ1OCoSJoEj8Q78Pb5BdoKzYestAoczABfbxUcJm' +
    '335IimxqcwIhGlBg2GPA7YqnAT7sIWsd2M5CH+WaSe4D72cqi4/g/F3HH6C+i+dL9aZ3jAC94ARZVi+aKkvGGdAWp9bLjUFQsKNWJ0lmOiuVGJjF' +
    'GFrA33ka5S0lA4ehIWzyl8pfsK2NZ/0tDLQLSuFlCGY1AvBSDjCwfytP1zHbRXgZfYXA2O4LyDUf0a+KcbnESfpEevTG/7nVseXzWtjZpnnguDk8' +
    'PQihyvlu/DIaAHW3Teg0bSNdX+c2vVnkk/3A5QjlHkdQULsRGjAxMCEwCQYFKw4DAhoFAAQUnW+vtBu2IGW++O+h2wn7medNyZwECE58sC4Z0C97' +
    'AgIIAA==',
  'base64',
);

/** The same value with indefinite lengths, and octet strings in two pieces, as some writers have them (X.690, 8.1.3.6 and 8.7.3.2). */
function indefinite(der: Buffer): Buffer {
  const [tag = 0, first = 0] = der;
  const start = first < 128 ? 2 : 2 + (first & 0x7f);
  const content = der.subarray(start);
  const open = (...parts: Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([tag | 0x20, 0x80]), ...parts, Buffer.from([0, 0])]);
  if (tag === 0x04 || tag === 0x80) return open(octets(content.subarray(0, 3)), octets(content.subarray(3)));
  if ((tag & 0x20) === 0) return der;
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; ) {
    const rest = content.subarray(at);
    const count = (rest[1] ?? 0) < 128 ? 0 : (rest[1] ?? 0) & 0x7f;
    const length = 2 + count + (count === 0 ? (rest[1] ?? 0) : rest.readUIntBE(2, count));
    parts.push(indefinite(rest.subarray(0, length)));
    at += length;
  }
  return open(...parts);
}

function octets(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x04, 0x82, content.length >> 8, content.length & 0xff]), content]);
}

describe('a PKCS #12 file without a password', () => {
  test.for(['aes', 'des3', 'none'] as const)('gives its key and all certificates as PEM: %s', (how) => {
    const file = makePkcs12(pair, how);
    // Node's own reader takes the file, so it is one.
    expect(() => createSecureContext({ pfx: file, passphrase: '' })).not.toThrow();
    const pem = pemOfPkcs12(file);
    expect(keyOf(pem)).toEqual(keyOf(pair.key));
    const found = certificatesOf(pem).map((one) => new X509Certificate(one).fingerprint256);
    expect(found).toEqual(certificatesOf(pair.chain).map((one) => new X509Certificate(one).fingerprint256));
    expect(found).toHaveLength(2);
  });

  test('may be written with indefinite lengths', () => {
    const pem = pemOfPkcs12(indefinite(makePkcs12(pair, 'des3')));
    expect(keyOf(pem)).toEqual(keyOf(pair.key));
  });

  test('may have an RSA key', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(keyOf(pemOfPkcs12(makePkcs12({ ...pair, key }, 'aes')))).toEqual(keyOf(key));
  });

  test('may be encrypted for no password at all', () => {
    const pem = pemOfPkcs12(makePkcs12(pair, 'des3', { password: null }));
    expect(keyOf(pem)).toEqual(keyOf(pair.key));
  });

  test('may have its certificates in RC2', () => {
    const certificate = new X509Certificate(pemOfPkcs12(RC2_FILE));
    expect(certificate.subject).toBe('CN=rc2');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  test('is refused when it is cut off anywhere, and does nothing but fail when bytes are changed', () => {
    const file = makePkcs12(pair, 'aes', { iterations: 100 });
    assert(
      property(nat(file.length - 1), (length) => {
        expect(() => pemOfPkcs12(file.subarray(0, length))).toThrow();
      }),
      { numRuns: 200 },
    );
    assert(
      property(nat(200), nat(255), (at, value) => {
        const changed = Buffer.from(file);
        changed[at] = value;
        try {
          expect(typeof pemOfPkcs12(changed)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 200 },
    );
    expect(() => pemOfPkcs12(randomBytes(500))).toThrow();
    expect(() => pemOfPkcs12(Buffer.alloc(0))).toThrow();
  });
});

describe('a PKCS #12 file that must not be read', () => {
  test.for(['aes', 'des3'] as const)('has a password: %s', (how) => {
    const file = makePkcs12(pair, how, { password: 'secret' });
    expect(() => pemOfPkcs12(file)).toThrow();
  });

  test('asks for too many iterations in one derivation or in all', () => {
    expect(() => pemOfPkcs12(makePkcs12(pair, 'aes', { iterations: 10_000 }))).not.toThrow();
    for (const iterations of [13_000, 32_767]) {
      const file = makePkcs12(pair, 'aes', { iterations });
      expect(() => pemOfPkcs12(file)).toThrow('too many iterations');
    }
  });

  test('is too large for a vault', () => {
    const file = Buffer.concat([makePkcs12(pair, 'none'), Buffer.alloc(65_536)]);
    expect(() => pemOfPkcs12(file)).toThrow(`${file.length} bytes`);
  });
});
