import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A data folder that no other host uses. */
export interface DataDir {
  readonly path: string;
  /** Another host may have it now. */
  release(): void;
}

/** Makes the folder, for its owner only, and takes it; throws when another process has it. */
export async function takeDataDir(path: string): Promise<DataDir> {
  const created = await mkdir(path, { recursive: true, mode: 0o700 });
  // The mask of the process may have taken rights away, and never adds any; a folder that was there keeps its own.
  if (created !== undefined) await chmod(path, 0o700);
  // SQLite's lock ends with the process that holds it, however that ends; a file with a process ID would not.
  const file = join(path, 'host.lock');
  const lock = new DatabaseSync(file);
  try {
    await chmod(file, 0o600);
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new Error(`${path} is in use by another control plane`, { cause });
  }
  return { path, release: () => lock.close() };
}
