/** One value of an ASN.1 encoding (X.690). */
export interface DerValue {
  /** Identifier octet: class, form and number. */
  readonly tag: number;
  /** Content octets. */
  readonly content: Buffer;
  /** All of its octets. */
  readonly raw: Buffer;
}

export const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const CONSTRUCTED = 0x20;
/** Deeper than any PKCS #12 file; a bound for a hostile one. */
const MAX_DEPTH = 32;

/** Reads the one value that a buffer holds; lengths may be indefinite, as some writers of PKCS #12 have them. Throws RangeError. */
export function readDer(buffer: Buffer, depth = 0): DerValue {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
  const tag = octet(buffer, 0);
  if ((tag & 0x1f) === 0x1f) throw new RangeError('tag of several octets');
  const first = octet(buffer, 1);
  if (first === 0x80) return indefinite(buffer, tag, depth);
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  if (lengthOctets > 4) throw new RangeError('length of more than four octets');
  const start = 2 + lengthOctets;
  const length = lengthOctets === 0 ? first : readLength(buffer, lengthOctets);
  if (start + length > buffer.length) throw new RangeError('value longer than its buffer');
  return { tag, content: buffer.subarray(start, start + length), raw: buffer.subarray(0, start + length) };
}

/** The values that a constructed value consists of. */
export function childrenOf({ content }: DerValue, depth = 0): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const child = readDer(content.subarray(at), depth + 1);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** The nth part of a constructed value; throws RangeError when there is none. */
export function partOf(value: DerValue, nth: number): DerValue {
  const part = childrenOf(value)[nth];
  if (part === undefined) throw new RangeError(`no part ${nth}`);
  return part;
}

/** Octets of an OCTET STRING, which may come in pieces (X.690, 8.7), under its own tag or an implicit one. */
export function octetsOf(value: DerValue): Buffer {
  if ((value.tag & CONSTRUCTED) === 0) return value.content;
  return Buffer.concat(
    childrenOf(value).map((piece) => {
      if ((piece.tag & ~CONSTRUCTED) !== OCTET_STRING) throw new RangeError('not an octet string');
      return octetsOf(piece);
    }),
  );
}

/** An object identifier in dotted form. */
export function oidOf({ tag, content }: DerValue): string {
  if (tag !== 0x06 || content.length === 0) throw new RangeError('not an object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** A small whole number. */
export function integerOf({ tag, content }: DerValue): number {
  if (tag !== 0x02 || content.length === 0 || content.length > 5 || octet(content, 0) > 0x7f) {
    throw new RangeError('not a small positive integer');
  }
  return content.readUIntBE(0, content.length);
}

function indefinite(buffer: Buffer, tag: number, depth: number): DerValue {
  let at = 2;
  while (octet(buffer, at) !== 0 || octet(buffer, at + 1) !== 0) {
    at += readDer(buffer.subarray(at), depth + 1).raw.length;
  }
  return { tag, content: buffer.subarray(2, at), raw: buffer.subarray(0, at + 2) };
}

function readLength(buffer: Buffer, octets: number): number {
  if (2 + octets > buffer.length) throw new RangeError('length cut off');
  return buffer.readUIntBE(2, octets);
}

function octet(buffer: Buffer, at: number): number {
  const value = buffer[at];
  if (value === undefined) throw new RangeError('cut off');
  return value;
}
