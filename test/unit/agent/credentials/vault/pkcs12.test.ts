import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pemOfPkcs12 } from '../../../../../agent/session/credentials/vault/pkcs12.ts';
import { decryptRc2 } from '../../../../../agent/session/credentials/vault/rc2.ts';
import { createAuthority } from '../../../../support/certificates.ts';
import { makePkcs12 } from '../../../../support/pkcs12.ts';

const root = await createAuthority();
const pair = await (await root.intermediate()).issue();
const keyOf = (pem: string) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
const certificatesOf = (pem: string) => pem.match(/-----BEGIN C[\s\S]*?-----END CERTIFICATE-----/g) ?? [];

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

  test('is refused when it is cut off anywhere, and does nothing but fail when bytes are changed', () => {
    const file = makePkcs12(pair, 'aes');
    assert(
      property(nat(file.length - 1), (length) => {
        // The check sum at the end is not needed.
        if (length < file.length - 80) expect(() => pemOfPkcs12(file.subarray(0, length))).toThrow();
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

describe('RC2', () => {
  // RFC 2268, section 5; the initial vector is chosen so that the plain text ends in a padding of one byte.
  test.for([
    ['ffffffffffffffff', '278b27e42e2f0d49', 'ffffffffffffffff'],
    ['3000000000000000', '30649edf9be7d2c2', '1000000000000001'],
  ] as const)('decrypts the test vector of key %s', ([key, data, plain]) => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    const iv = hex(plain);
    iv[7] = (iv[7] ?? 0) ^ 1;
    const decrypted = decryptRc2({ key: hex(key), iv, data: hex(data) });
    expect(decrypted).toEqual(Buffer.alloc(7));
  });

  // Known answers of OpenSSL's legacy provider.
  test.for([
    ['0102030405', 'e35ec03bd93017e0d3933b51afb3b88f727990a6e17974f0'],
    ['000102030405060708090a0b0c0d0e0f', 'd0cf2034d7dcf826fb17dc7b1dc9048f3386e26e036c30d0'],
  ] as const)('decrypts blocks in a chain with key %s', ([key, data]) => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    const decrypted = decryptRc2({ key: hex(key), iv: hex('0001020304050607'), data: hex(data) });
    expect(decrypted.toString()).toBe('twenty bytes of text');
  });

  test('refuses a wrong padding and half blocks', () => {
    const [key, iv] = [Buffer.alloc(5), Buffer.alloc(8)];
    expect(() => decryptRc2({ key, iv, data: Buffer.alloc(7) })).toThrow(RangeError);
    expect(() => decryptRc2({ key, iv, data: Buffer.alloc(0) })).toThrow(RangeError);
    expect(() => decryptRc2({ key, iv, data: Buffer.alloc(16) })).toThrow(RangeError);
  });
});
