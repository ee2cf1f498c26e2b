import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFile } from '../../shared/config/load.ts';
import type { Problem } from '../../shared/problem.ts';

/** What was read, and what could not be. */
export interface ReadResult {
  readonly files: readonly ConfigFile[];
  readonly problems: readonly Problem[];
}

const MAX_FILES = 1_000;
/** Bytes, over all files; a cluster could not store more than 1 MiB per resource anyway. */
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;

/** Whether a folder entry is read: `*.yaml`, `*.yml`, `*.json`; Kubernetes' own `..data` and hidden files are not. */
export function isConfigFileName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:ya?ml|json)$/i.test(name);
}

/** Paths of the configuration files at `path`: itself, or the ones directly in it when it is a folder, sorted by name. */
export async function listConfigFiles(path: string): Promise<string[]> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return [path];
  const names = (await readdir(path)).filter(isConfigFileName).sort();
  return names.map((name) => join(path, name));
}

/** Reads every configuration file at `paths` (files or folders); what cannot be read becomes a problem, never an exception. */
export async function readConfigFiles(paths: readonly string[]): Promise<ReadResult> {
  const files: ConfigFile[] = [];
  const problems: Problem[] = [];
  let budget = MAX_TOTAL_BYTES;
  for (const path of paths) {
    const listed = await listConfigFiles(path).catch((error: unknown) => unreadable(path, error));
    if (!Array.isArray(listed)) {
      problems.push(listed);
      continue;
    }
    if (listed.length === 0) problems.push(emptyFolder(path));
    for (const name of listed) {
      const file = files.length < MAX_FILES ? await readOne(name, budget) : tooMuch(name);
      if ('rule' in file) problems.push(file);
      else {
        files.push(file);
        budget -= file.text.length;
      }
    }
  }
  return { files, problems };
}

async function readOne(name: string, budget: number): Promise<ConfigFile | Problem> {
  try {
    const { size } = await stat(name);
    return size > budget ? tooMuch(name) : { name, text: await readFile(name, 'utf8') };
  } catch (error) {
    return unreadable(name, error);
  }
}

function unreadable(file: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const [message, advice] = REASONS[code] ?? [`cannot be read (${code})`, 'check the path and its permissions'];
  return fileProblem('YA901', file, message, advice);
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['no such file or folder', 'check the path given to -f'],
  EACCES: ['permission denied', 'make it readable for the user that runs mqttbridge'],
  EISDIR: ['is a folder where a file was expected', 'check the path given to -f'],
};

function emptyFolder(folder: string): Problem {
  return fileProblem('YA902', folder, 'holds no *.yaml, *.yml or *.json file', 'check the path given to -f');
}

function tooMuch(file: string): Problem {
  return fileProblem(
    'YA903',
    file,
    `more than ${MAX_FILES} files or ${MAX_TOTAL_BYTES / 1024 / 1024} MiB of configuration`,
    'give -f a folder that holds only the resources of this bridge',
  );
}

/** An error about a file as a whole, or about the set of files when they have no line to point at. */
export function fileProblem(rule: string, file: string, message: string, advice: string): Problem {
  return { rule, severity: 'error', file, line: 1, column: 1, path: '', message, advice };
}
