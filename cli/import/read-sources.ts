import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { listConfigFiles, readConfigFiles } from '../../agent/config/read-files.ts';
import type { ConfigFile } from '../../shared/config/load.ts';
import type { Problem } from '../../shared/problem.ts';
import { isMosquittoConf, parseConf } from './mosquitto/lines.ts';
import { type Note, noteAt } from './note.ts';

/** Files to import from, and what could not be read. */
export interface Sources {
  readonly files: readonly ConfigFile[];
  readonly notes: readonly Note[];
}

/** Reads files and folders (`*.conf`, `*.yaml`, `*.yml`, `*.json`), and what `include_dir` names. */
export async function readSources(paths: readonly string[], readStdin: () => Promise<string>): Promise<Sources> {
  const stdin = paths.includes('-') ? [{ name: 'stdin', text: await readStdin() }] : [];
  const named = await Promise.all(paths.filter((path) => path !== '-').map(expand));
  const read = await readConfigFiles(named.flat());
  const files = [...read.files, ...stdin];
  const included = await includedBy(files);
  const more = await readConfigFiles(included.paths);
  const notes = [...read.problems, ...more.problems].map(unreadable);
  return { files: [...files, ...more.files], notes: [...notes, ...included.notes] };
}

/** A folder as its files; anything else as it is, for the reader to complain about. */
async function expand(path: string): Promise<string[]> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry?.isDirectory()) return [path];
  const files = [...(await listConfigFiles(path)), ...(await confsIn(path))];
  return files.length === 0 ? [path] : files;
}

/** Mosquitto reads `*.conf` in this order, upper and lower case alike. */
async function confsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
  return names.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).map((name) => join(folder, name));
}

async function includedBy(files: readonly ConfigFile[]): Promise<{ paths: string[]; notes: Note[] }> {
  const found: { paths: string[]; notes: Note[] } = { paths: [], notes: [] };
  for (const file of files.filter(({ text }) => isMosquittoConf(text))) {
    const { globals, sections } = parseConf(file);
    const lines = [...globals, ...sections.flatMap(({ directives }) => directives)];
    for (const line of lines.filter(({ name }) => name === 'include_dir')) {
      const folder = isAbsolute(line.value) ? line.value : join(dirname(file.name), line.value);
      try {
        found.paths.push(...(await confsIn(folder)).filter((path) => files.every(({ name }) => name !== path)));
      } catch (error) {
        const why = `the folder cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'})`;
        const advice = 'run the command where the folder is, or give its files with -f';
        found.notes.push(noteAt(line, 'error', { what: `include_dir ${line.value}`, why, advice }));
      }
    }
  }
  return found;
}

function unreadable(problem: Problem): Note {
  return noteAt(problem, 'error', { what: problem.rule, why: problem.message, advice: problem.advice });
}
