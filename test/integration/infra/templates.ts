import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readTemplates, type Template } from '../../support/bicep/template.ts';

/** Folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** Folder of the Bicep files. */
export const FOLDER = join(ROOT, 'infra/bicep');

/** All Bicep files of the repository, by their path in `infra/bicep`. */
export const templates = await readTemplates(FOLDER);

/** One of them. */
export function template(path: string): Template {
  const found = templates.get(path);
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
}

/** Those that declare resources and modules: all but parameter files. */
export const sources = [...templates.values()].filter(({ using }) => using === undefined);

/** A file of the repository. */
export function readRepositoryFile(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}
