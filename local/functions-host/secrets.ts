import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keys that the real host would keep in its storage account. */
export interface HostSecrets {
  /** Opens everything, `/admin` too. */
  readonly master: string;
  /** Opens functions with authLevel `function`: the key `default` of the real host. */
  readonly functions: string;
  /** System key of the durable management API. */
  readonly durabletask_extension: string;
  /** System key of the Event Grid webhook. */
  readonly eventgrid_extension: string;
}

const NAMES = ['master', 'functions', 'durabletask_extension', 'eventgrid_extension'] as const;

/** Reads the keys of a data folder, which gets them the first time; only its owner may read the file. */
export async function openSecrets(dataDir: string): Promise<HostSecrets> {
  const file = join(dataDir, 'host-keys.json');
  const text = await readOrCreate(file, () => {
    const keys = Object.fromEntries(NAMES.map((name) => [name, newKey()]));
    return `${JSON.stringify(keys, undefined, 2)}\n`;
  });
  const secrets = parse(text);
  if (secrets === undefined) throw new Error(`${file} does not hold the keys of the host; remove it to get new ones`);
  return secrets;
}

/** 256 random bits, as text without characters that need encoding in a URL. */
export function newKey(): string {
  return randomBytes(32).toString('base64url');
}

/** Reads a file that only its owner may read; it is made, whole or not at all, when there is none. */
export async function readOrCreate(file: string, create: () => string): Promise<string> {
  const found = await readIfThere(file);
  if (found !== undefined) return found;
  const draft = `${file}.${newKey().slice(0, 8)}.part`;
  try {
    await writeFile(draft, create(), { mode: 0o600, flag: 'wx', flush: true });
    // A link fails where a rename would replace what another process has just written.
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): HostSecrets | undefined {
  try {
    const keys = JSON.parse(text) as Record<string, unknown>;
    return NAMES.every((name) => typeof keys[name] === 'string' && keys[name].length >= 32)
      ? (keys as unknown as HostSecrets)
      : undefined;
  } catch {
    return undefined;
  }
}
