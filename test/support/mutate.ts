import { encodeString, encodeVarint } from './properties.ts';

const DIGITS = 4;

/** Changes a well-formed packet in one to three places: bits, bytes, lengths, cuts and repeats. */
export function mutate(packet: Buffer, random: () => number): Buffer {
  let bytes: Buffer = Buffer.from(packet);
  const changes = 1 + Math.floor(random() * 3);
  for (let i = 0; i < changes; i++) bytes = CHANGES[Math.floor(random() * CHANGES.length)](bytes, random);
  return bytes;
}

type Change = (bytes: Buffer, random: () => number) => Buffer;

const at = (bytes: Buffer, random: () => number) => Math.floor(random() * bytes.length);

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[at(bytes, random)] ^= 1 << Math.floor(random() * 8);
    return bytes;
  },
  function setByte(bytes, random) {
    const values = [0, 1, 0x7f, 0x80, 0xff];
    if (bytes.length > 0) bytes[at(bytes, random)] = values[Math.floor(random() * values.length)];
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, at(bytes, random));
  },
  function repeat(bytes, random) {
    const from = at(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from), bytes.subarray(from)]);
  },
  function insertText(bytes, random) {
    const texts = ['', '#', 'a\0', '\ud800', '$share/g/x', '\ufeff'];
    const where = at(bytes, random);
    const text = encodeString(texts[Math.floor(random() * texts.length)]);
    return Buffer.concat([bytes.subarray(0, where), text, bytes.subarray(where)]);
  },
  function otherLength(bytes, random) {
    const length = encodeVarint(Math.floor(2 ** (random() * 7 * DIGITS)));
    return Buffer.concat([bytes.subarray(0, 1), length, bytes.subarray(2)]);
  },
  function otherType(bytes, random) {
    if (bytes.length > 0) bytes[0] = Math.floor(random() * 256);
    return bytes;
  },
];
