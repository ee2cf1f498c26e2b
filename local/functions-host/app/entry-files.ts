import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** An app that cannot be run, with a sentence that says why. */
export class AppError extends Error {
  override readonly name = 'AppError';
}

interface PackageJson {
  readonly main?: unknown;
  readonly type?: unknown;
}

/** Imports the app's entry files, in the order of their names; throws `AppError` when there are none or one fails. */
export async function importEntryFiles(appDir: string, main?: string): Promise<void> {
  const manifest = await readPackage(appDir);
  const pattern = main ?? manifest.main;
  if (typeof pattern !== 'string') throw new AppError(`${join(appDir, 'package.json')} has no "main"`);
  const files = await filesOf(appDir, pattern);
  if (files.length === 0) throw new AppError(`no file matches "${pattern}" in ${appDir}; is the app built?`);
  for (const file of files) await importFile(join(appDir, file), manifest.type === 'module');
}

async function filesOf(appDir: string, pattern: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: appDir })) files.push(file);
  return files.toSorted();
}

async function readPackage(appDir: string): Promise<PackageJson> {
  const file = join(appDir, 'package.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PackageJson;
  } catch (cause) {
    throw new AppError(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

async function importFile(file: string, isModule: boolean): Promise<void> {
  try {
    if (file.endsWith('.mjs') || (isModule && !file.endsWith('.cjs'))) await import(pathToFileURL(file).href);
    else createRequire(file)(file);
  } catch (cause) {
    throw new AppError(`cannot load ${file}: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
