import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { newKey, readOrCreate } from '../local/functions-host/secrets.ts';
import { UsageError } from './usage-error.ts';

/** The administrator's key, of which only the hash leaves its file. */
export interface AdminKey {
  /** Of the key's text, in hexadecimal. */
  readonly sha256: string;
  /** Whether others than its owner may read the file. */
  readonly exposed: boolean;
}

/** What fewer characters hold could be guessed: 128 bits in Base64. */
const SHORTEST_KEY = 22;

/** Reads the key of a file, which gets 256 random bits, for its owner only, when there is none. */
export async function openAdminKey(file: string): Promise<AdminKey> {
  const key = (await readOrCreate(file, () => `${newKey()}\n`)).trim();
  if (key.length < SHORTEST_KEY || /[^\x21-\x7e]/.test(key)) {
    const advice = `remove ${file} to get a new key, or write ${SHORTEST_KEY} or more characters without spaces`;
    throw new UsageError(`${file} holds no key`, advice);
  }
  const { mode } = await stat(file);
  return { sha256: createHash('sha256').update(key).digest('hex'), exposed: (mode & 0o077) !== 0 };
}
