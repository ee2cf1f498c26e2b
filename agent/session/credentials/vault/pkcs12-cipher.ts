import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { childrenOf, type DerValue, integerOf, octetsOf, oidOf, partOf, readDer, SEQUENCE } from './der.ts';
import { decryptRc2 } from './rc2.ts';

/** Far more than writers use; more would stop the process for longer than a broker should have to wait. */
const MAX_ITERATIONS = 100_000;

/** RFC 7292, appendix C: `pkcs-12PbeIds`. */
const PBE: Readonly<Record<string, { readonly cipher: 'des3' | 'rc2'; readonly keyBytes: number }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des3', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des3', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyBytes: 5 },
};
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};
const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
/** Writers take no password for an empty string with its end (RFC 7292, appendix B.1), or for nothing. */
const EMPTY = Buffer.from([0, 0]);
const NOTHING = Buffer.alloc(0);

/**
 * Decrypts what a PKCS #12 file without a password holds, by its AlgorithmIdentifier; throws unless that makes a
 * SEQUENCE, as keys and bags are.
 */
export function decryptUnprotected(algorithm: DerValue, data: Buffer): Buffer {
  const oid = oidOf(partOf(algorithm, 0));
  const parameters = partOf(algorithm, 1);
  if (oid === PBES2) return decryptPbes2(parameters, data);
  const scheme = PBE[oid];
  if (scheme === undefined) throw new RangeError(`unknown encryption ${oid}`);
  const salt = octetsOf(partOf(parameters, 0));
  const iterations = boundedIterations(partOf(parameters, 1));
  const attempt = (password: Buffer): Buffer => {
    const derive = (id: number, bytes: number) => deriveKey({ id, bytes, password, salt, iterations });
    const [key, iv] = [derive(1, scheme.keyBytes), derive(2, 8)];
    return sequence(scheme.cipher === 'rc2' ? decryptRc2({ key, iv, data }) : decryptDes3(key, iv, data));
  };
  try {
    return attempt(EMPTY);
  } catch {
    return attempt(NOTHING);
  }
}

/** RFC 8018, 6.2. */
function decryptPbes2(parameters: DerValue, data: Buffer): Buffer {
  const [derivation, encryption] = [partOf(parameters, 0), partOf(parameters, 1)];
  if (oidOf(partOf(derivation, 0)) !== PBKDF2) throw new RangeError('unknown key derivation');
  const [salt, count, ...optional] = childrenOf(partOf(derivation, 1));
  const cipher = CIPHERS[oidOf(partOf(encryption, 0))];
  const prf = optional.find(({ tag }) => tag === SEQUENCE);
  const hash = prf === undefined ? 'sha1' : HASHES[oidOf(partOf(prf, 0))];
  if (salt === undefined || count === undefined || cipher === undefined || hash === undefined) {
    throw new RangeError('unknown encryption');
  }
  const key = pbkdf2Sync('', octetsOf(salt), boundedIterations(count), cipher.keyBytes, hash);
  return sequence(decipher({ name: cipher.name, key, iv: octetsOf(partOf(encryption, 1)), data }));
}

function decryptDes3(key: Buffer, iv: Buffer, data: Buffer): Buffer {
  // Of two keys the first is the third as well.
  const three = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return decipher({ name: 'des-ede3-cbc', key: three, iv, data });
}

interface Ciphertext {
  readonly name: string;
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly data: Buffer;
}

function decipher({ name, key, iv, data }: Ciphertext): Buffer {
  const cipher = createDecipheriv(name, key, iv);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** A wrong key leaves a right padding behind once in 256 times. */
function sequence(plain: Buffer): Buffer {
  if (readDer(plain).tag !== SEQUENCE) throw new RangeError('decrypted to nothing known');
  return plain;
}

function boundedIterations(value: DerValue): number {
  const iterations = integerOf(value);
  if (iterations < 1 || iterations > MAX_ITERATIONS) throw new RangeError(`${iterations} iterations`);
  return iterations;
}

interface Derivation {
  /** 1 for a key, 2 for an initial vector. */
  readonly id: number;
  readonly bytes: number;
  readonly password: Buffer;
  readonly salt: Buffer;
  readonly iterations: number;
}

const HASH_BYTES = 20;
const BLOCK_BYTES = 64;

/** RFC 7292, appendix B.2, with SHA-1. */
function deriveKey({ id, bytes, password, salt, iterations }: Derivation): Buffer {
  const diversifier = Buffer.alloc(BLOCK_BYTES, id);
  let input = Buffer.concat([fill(salt), fill(password)]);
  const blocks: Buffer[] = [];
  for (let made = 0; made < bytes; made += HASH_BYTES) {
    let block = createHash('sha1').update(diversifier).update(input).digest();
    for (let turn = 1; turn < iterations; turn++) block = createHash('sha1').update(block).digest();
    blocks.push(block);
    input = addToEach(input, block);
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

/** Repeats until whole blocks are full. */
function fill(text: Buffer): Buffer {
  const length = BLOCK_BYTES * Math.ceil(text.length / BLOCK_BYTES);
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, text);
}

/** To every block of the input: the hash, repeated to a block, plus one, without what does not fit. */
function addToEach(input: Buffer, hash: Buffer): Buffer<ArrayBuffer> {
  const addend = Buffer.alloc(BLOCK_BYTES, hash);
  const sum = Buffer.from(input);
  for (let block = 0; block < sum.length; block += BLOCK_BYTES) {
    let carry = 1;
    for (let at = BLOCK_BYTES - 1; at >= 0; at--) {
      carry += (sum[block + at] ?? 0) + (addend[at] ?? 0);
      sum[block + at] = carry & 0xff;
      carry >>= 8;
    }
  }
  return sum;
}
