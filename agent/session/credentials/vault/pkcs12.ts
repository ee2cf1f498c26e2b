import type { asn1 as types, Bytes, cipher as ciphers } from 'node-forge';
import forge from 'node-forge/lib/forge.js';
import pbe from 'node-forge/lib/pbe.js';
// Brings SHA-384 and SHA-512 to the key derivation of PBES2.
import 'node-forge/lib/sha512.js';

type Asn1 = types.Asn1;
type BlockCipher = ciphers.BlockCipher;
/** Plain octets of what an AlgorithmIdentifier says how to decrypt. */
type Decrypt = (algorithm: Asn1, ciphertext: Bytes) => Bytes;

const { asn1, pem, pki, util } = forge;
const { oids } = pki;
/** More than a vault's secret can have. */
const MAX_BYTES = 65_536;
/** For one file; OpenSSL takes 2048 for its keys and as many for its certificates. So many hold up the process for 0.1 s. */
const MAX_ITERATIONS = 25_000;

/**
 * Private keys and certificates of a PKCS #12 file without a password (RFC 7292) as PEM text; throws where it cannot be
 * read. Its check sum is not looked at: who could change the file on its way from the vault could make one.
 *
 * The library's own reader of such files would do as many iterations as they say.
 */
export function pemOfPkcs12(file: Buffer): string {
  if (file.length > MAX_BYTES) throw new RangeError(`${file.length} bytes`);
  const decrypt = createDecrypt();
  const authSafe = partOf(asn1.fromDer(file.toString('latin1')), 1);
  const safes = partsOf(asn1.fromDer(octetsOf(contentOf(authSafe, 'data'))));
  return safes
    .flatMap((info) => partsOf(asn1.fromDer(safeContents(info, decrypt))))
    .map((bag) => pemOfBag(bag, decrypt))
    .join('');
}

function safeContents(info: Asn1, decrypt: Decrypt): Bytes {
  if (oidOf(partOf(info, 0)) === oids['data']) return octetsOf(contentOf(info, 'data'));
  const encrypted = partOf(contentOf(info, 'encryptedData'), 1);
  return decrypt(partOf(encrypted, 1), octetsOf(partOf(encrypted, 2)));
}

/** What a ContentInfo of this type wraps. */
function contentOf(info: Asn1, type: 'data' | 'encryptedData'): Asn1 {
  if (oidOf(partOf(info, 0)) !== oids[type]) throw new RangeError('unknown content type');
  return partOf(partOf(info, 1), 0);
}

/** Other bags, such as revocation lists, are left out. */
function pemOfBag(bag: Asn1, decrypt: Decrypt): string {
  const value = partOf(partOf(bag, 1), 0);
  switch (oidOf(partOf(bag, 0))) {
    case oids['keyBag']:
      return pem.encode({ type: 'PRIVATE KEY', body: asn1.toDer(value).getBytes() });
    case oids['pkcs8ShroudedKeyBag']:
      return pem.encode({ type: 'PRIVATE KEY', body: decrypt(partOf(value, 0), octetsOf(partOf(value, 1))) });
    case oids['certBag']:
      return pem.encode({ type: 'CERTIFICATE', body: octetsOf(partOf(partOf(value, 1), 0)) });
    default:
      return '';
  }
}

/** Decrypts the parts of one file, as long as they do not ask for too much together. */
function createDecrypt(): Decrypt {
  let iterationsLeft = MAX_ITERATIONS;
  function spend(parameters: Asn1): void {
    for (const number of numbersIn(parameters)) {
      if (number < 1 || number > iterationsLeft) throw new RangeError('too many iterations');
      iterationsLeft -= number;
    }
  }
  return (algorithm, ciphertext) => {
    const [scheme, parameters] = [oidOf(partOf(algorithm, 0)), partOf(algorithm, 1)];
    const attempt = (password: string | null): Bytes => {
      spend(parameters);
      return decipher(pbe.getCipher(scheme, parameters, password), ciphertext);
    };
    try {
      return attempt('');
    } catch {
      // Writers take no password for an empty string with its end (RFC 7292, appendix B.1), or for nothing.
      return attempt(null);
    }
  };
}

function decipher(cipher: BlockCipher, ciphertext: Bytes): Bytes {
  cipher.update(util.createBuffer(ciphertext));
  if (!cipher.finish()) throw new RangeError('wrong padding');
  const plain = cipher.output.getBytes();
  // A wrong key leaves a right padding behind once in 256 times; keys and bags have parts.
  partsOf(asn1.fromDer(plain));
  return plain;
}

/** Iterations, and the length of the key where it is said. */
function numbersIn({ tagClass, type, value }: Asn1): number[] {
  if (typeof value !== 'string') return value.flatMap(numbersIn);
  const isNumber = tagClass === asn1.Class.UNIVERSAL && type === asn1.Type.INTEGER;
  return isNumber ? [asn1.derToInteger(value)] : [];
}

function partsOf({ value }: Asn1): Asn1[] {
  if (typeof value === 'string') throw new RangeError('has no parts');
  return value;
}

/** The nth part of a constructed value; throws RangeError when there is none. */
function partOf(value: Asn1, nth: number): Asn1 {
  const part = partsOf(value)[nth];
  if (part === undefined) throw new RangeError(`no part ${nth}`);
  return part;
}

/** Octets of an OCTET STRING, which may come in pieces (X.690, 8.7), under its own tag or an implicit one. */
function octetsOf({ value }: Asn1): Bytes {
  return typeof value === 'string' ? value : value.map(octetsOf).join('');
}

function oidOf({ value }: Asn1): string {
  if (typeof value !== 'string') throw new RangeError('not an object identifier');
  return asn1.derToOid(value);
}
