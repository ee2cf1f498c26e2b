import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** How keys and certificates of a PKCS #12 file are encrypted: as OpenSSL does now, as Windows did for long, or not at all. */
export type Pkcs12Encryption = 'aes' | 'des3' | 'none';

const OID = {
  data: '2a864886f70d010701',
  encryptedData: '2a864886f70d010706',
  keyBag: '2a864886f70d010c0a0101',
  shroudedKeyBag: '2a864886f70d010c0a0102',
  certificateBag: '2a864886f70d010c0a0103',
  x509: '2a864886f70d01091601',
  sha1: '2b0e03021a',
  pbes2: '2a864886f70d01050d',
  pbkdf2: '2a864886f70d01050c',
  hmacSha256: '2a864886f70d0209',
  aes256: '60864801650304012a',
  sha1AndDes3: '2a864886f70d010c0103',
};

/** What a file's keys are derived from. */
interface Protection {
  /** Empty unless told; null is for none at all, which makes other keys than an empty one (RFC 7292, appendix B.1). */
  readonly password?: string | null;
  /** Of each derivation, below 32 768; 2048 unless told. */
  readonly iterations?: number;
}

/** A PKCS #12 file (RFC 7292) from PEM texts, the certificates in their order. */
export function makePkcs12(
  pair: { readonly chain: string; readonly key: string },
  how: Pkcs12Encryption,
  { password = '', iterations = 2_048 }: Protection = {},
): Buffer {
  const by = { password, iterations };
  const certificates = derOf(pair.chain).map((der) =>
    bag(OID.certificateBag, sequence(oid(OID.x509), explicit(octets(der)))),
  );
  const [key = Buffer.alloc(0)] = derOf(pair.key);
  const { algorithm, ciphertext } = encrypt(key, how, by);
  const keyBag =
    how === 'none' ? bag(OID.keyBag, key) : bag(OID.shroudedKeyBag, sequence(algorithm, octets(ciphertext)));
  const safe = sequence(encryptedInfo(sequence(...certificates), how, by), dataInfo(sequence(keyBag)));
  return sequence(integer(3), dataInfo(safe), mac(safe, by));
}

function dataInfo(content: Buffer): Buffer {
  return sequence(oid(OID.data), explicit(octets(content)));
}

function encryptedInfo(content: Buffer, how: Pkcs12Encryption, by: Required<Protection>): Buffer {
  if (how === 'none') return dataInfo(content);
  const { algorithm, ciphertext } = encrypt(content, how, by);
  const info = sequence(oid(OID.data), algorithm, tagged(0x80, ciphertext));
  return sequence(oid(OID.encryptedData), explicit(sequence(integer(0), info)));
}

function bag(type: string, value: Buffer): Buffer {
  return sequence(oid(type), explicit(value));
}

function mac(content: Buffer, by: Required<Protection>): Buffer {
  const salt = randomBytes(8);
  const digest = createHmac('sha1', derive({ id: 3, bytes: 20, salt, by }))
    .update(content)
    .digest();
  const info = sequence(sequence(oid(OID.sha1), Buffer.from([5, 0])), octets(digest));
  return sequence(info, octets(salt), integer(by.iterations));
}

interface Encrypted {
  readonly algorithm: Buffer;
  readonly ciphertext: Buffer;
}

function encrypt(plain: Buffer, how: Pkcs12Encryption, by: Required<Protection>): Encrypted {
  const salt = randomBytes(8);
  if (how === 'des3') {
    const cipher = createCipheriv(
      'des-ede3-cbc',
      derive({ id: 1, bytes: 24, salt, by }),
      derive({ id: 2, bytes: 8, salt, by }),
    );
    const algorithm = sequence(oid(OID.sha1AndDes3), sequence(octets(salt), integer(by.iterations)));
    return { algorithm, ciphertext: Buffer.concat([cipher.update(plain), cipher.final()]) };
  }
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(by.password ?? '', salt, by.iterations, 32, 'sha256'), iv);
  const prf = sequence(oid(OID.hmacSha256), Buffer.from([5, 0]));
  const derivation = sequence(oid(OID.pbkdf2), sequence(octets(salt), integer(by.iterations), prf));
  const encryption = sequence(oid(OID.aes256), octets(iv));
  const algorithm = sequence(oid(OID.pbes2), sequence(derivation, encryption));
  return { algorithm, ciphertext: Buffer.concat([cipher.update(plain), cipher.final()]) };
}

interface Derivation {
  readonly id: number;
  readonly bytes: number;
  readonly salt: Buffer;
  readonly by: Required<Protection>;
}

/** RFC 7292, appendix B.2, for a short password: SHA-1, sums as big numbers of 64 bytes. */
function derive({ id, bytes, salt, by }: Derivation): Buffer {
  const password = by.password === null ? [] : [Buffer.alloc(64, Buffer.from(`${by.password}\0`, 'utf16le').swap16())];
  const input = [Buffer.alloc(64, salt), ...password];
  const made: Buffer[] = [];
  for (let length = 0; length < bytes; length += 20) {
    let hash = Buffer.concat([Buffer.alloc(64, id), ...input]);
    for (let turn = 0; turn < by.iterations; turn++) hash = createHash('sha1').update(hash).digest();
    made.push(hash);
    const addend = BigInt(`0x${Buffer.alloc(64, hash).toString('hex')}`) + 1n;
    for (const [nth, block] of input.entries()) {
      const sum = BigInt.asUintN(512, BigInt(`0x${block.toString('hex')}`) + addend);
      input[nth] = Buffer.from(sum.toString(16).padStart(128, '0'), 'hex');
    }
  }
  return Buffer.concat(made).subarray(0, bytes);
}

function derOf(pem: string): Buffer[] {
  const bodies = pem.match(/(?<=-----BEGIN [A-Z ]+-----)[^-]+/g) ?? [];
  return bodies.map((body) => Buffer.from(body, 'base64'));
}

function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function explicit(content: Buffer): Buffer {
  return tagged(0xa0, content);
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function integer(value: number): Buffer {
  return tagged(0x02, value < 128 ? Buffer.from([value]) : Buffer.from([value >> 8, value & 0xff]));
}
