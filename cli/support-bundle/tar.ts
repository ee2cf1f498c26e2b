/** A file of an archive. */
export interface TarEntry {
  /** Relative, with slashes, at most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK = 512;

/** An archive of plain files in the format of POSIX.1-1988 (ustar), all of one time and readable by their owner only. */
export function tarOf(entries: readonly TarEntry[], time: Date): Buffer {
  const parts = entries.flatMap(({ name, content }) => [
    headerOf(name, content.length, time),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  // Two empty blocks are the end.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(name: string, size: number, time: Date): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the name ${name} is too long for an archive`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(Math.floor(time.getTime() / 1000), 11), 136);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  // The checksum is taken with blanks in its own place.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
