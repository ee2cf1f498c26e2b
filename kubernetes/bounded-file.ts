import { open } from 'node:fs/promises';

/** Text of a file that has at most so many bytes; rejects with a RangeError for a longer one. */
export async function readBounded(path: string, limit: number): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ end: limit, autoClose: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
    }
    if (length > limit) throw new RangeError(`longer than ${limit} bytes`);
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    await handle.close();
  }
}
