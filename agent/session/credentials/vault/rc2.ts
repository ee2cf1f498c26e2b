/** RFC 2268, section 2: a permutation made from the digits of pi. */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
const BLOCK_BYTES = 8;
const KEY_BYTES = 128;
const ROTATIONS = [1, 2, 3, 5];

/**
 * Decrypts RC2 in CBC mode with PKCS #7 padding, its effective key as long as the key. Node's OpenSSL has it no more,
 * and PKCS #12 files of many years have their certificates in it. Throws RangeError.
 */
export function decryptRc2({
  key,
  iv,
  data,
}: {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly data: Buffer;
}): Buffer {
  if (data.length === 0 || data.length % BLOCK_BYTES !== 0) throw new RangeError('not whole blocks');
  const words = expand(key);
  const plain = Buffer.alloc(data.length);
  let before = iv;
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const block = data.subarray(at, at + BLOCK_BYTES);
    decryptBlock(block, words).forEach((byte, nth) => {
      plain[at + nth] = byte ^ (before[nth] ?? 0);
    });
    before = block;
  }
  return withoutPadding(plain);
}

/** RFC 2268, section 2: 64 words of key. */
function expand(key: Buffer): Uint16Array {
  const bytes = new Uint8Array(KEY_BYTES);
  bytes.set(key);
  const { length } = key;
  for (let i = length; i < KEY_BYTES; i++) bytes[i] = pi(at(bytes, i - 1) + at(bytes, i - length));
  bytes[KEY_BYTES - length] = pi(at(bytes, KEY_BYTES - length));
  for (let i = KEY_BYTES - 1 - length; i >= 0; i--) bytes[i] = pi(at(bytes, i + 1) ^ at(bytes, i + length));
  return new Uint16Array(64).map((_, word) => at(bytes, 2 * word) | (at(bytes, 2 * word + 1) << 8));
}

/** RFC 2268, section 4: sixteen rounds of mixing backwards, mashing after five and eleven of them. */
function decryptBlock(block: Buffer, key: Uint16Array): Buffer {
  const words = [0, 1, 2, 3].map((word) => block.readUInt16LE(2 * word));
  const word = (index: number): number => words[index & 3] ?? 0;
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const turn = ROTATIONS[i] ?? 0;
      const turned = ((word(i) >>> turn) | (word(i) << (16 - turn))) & 0xffff;
      words[i] =
        (turned - at(key, 4 * round + i) - (word(i + 3) & word(i + 2)) - (~word(i + 3) & word(i + 1))) & 0xffff;
    }
    if (round !== 11 && round !== 5) continue;
    for (let i = 3; i >= 0; i--) words[i] = (word(i) - at(key, word(i + 3) & 63)) & 0xffff;
  }
  const plain = Buffer.alloc(BLOCK_BYTES);
  words.forEach((value, index) => plain.writeUInt16LE(value, 2 * index));
  return plain;
}

function withoutPadding(plain: Buffer): Buffer {
  const padding = plain.at(-1) ?? 0;
  const tail = plain.subarray(plain.length - padding);
  if (padding === 0 || padding > BLOCK_BYTES || tail.some((byte) => byte !== padding)) {
    throw new RangeError('wrong padding');
  }
  return plain.subarray(0, plain.length - padding);
}

function pi(index: number): number {
  return PI[index & 0xff] ?? 0;
}

function at(numbers: Uint8Array | Uint16Array, index: number): number {
  return numbers[index] ?? 0;
}
