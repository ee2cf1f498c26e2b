import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, symlink } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Scope } from '../scope.ts';
import { createTempDir } from '../temp-dir.ts';
import { type Dockerfile, parseDockerfile, type Stage, textsOf } from './dockerfile.ts';
import { ignoredBy } from './ignore.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const execute = promisify(execFile);

/** What the Dockerfile makes on top of its base, as a folder. */
export interface Image {
  /** Stands for the image's `/`. */
  readonly root: string;
  /** Where a path of the image is on this machine. */
  readonly at: (path: string) => string;
  /** What starts a container: arguments of Node, those of ENTRYPOINT with paths of this machine. */
  readonly command: readonly string[];
}

/** The Dockerfile of the repository. */
export async function readDockerfile(): Promise<Dockerfile> {
  return parseDockerfile(await readFile(join(ROOT, 'infra/docker/Dockerfile'), 'utf8'));
}

/** The files of the repository that a build gets to see, relative to it. */
export async function contextFiles(): Promise<string[]> {
  const ignored = ignoredBy(await readFile(join(ROOT, '.dockerignore'), 'utf8'));
  // Nothing below a top-level entry is taken back by name.
  const tops = (await readdir(ROOT, { withFileTypes: true })).filter(({ name }) => !ignored(name));
  const lists = tops.map(async (top) => {
    if (!top.isDirectory()) return [top.name];
    const entries = await readdir(join(ROOT, top.name), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
  });
  return (await Promise.all(lists)).flat().filter((path) => !ignored(path));
}

/**
 * Does what the Dockerfile's instructions say, in folders: packages are those that are installed already, and what asks a
 * registry is left to Docker. Its own folder is read-only. Throws at an instruction that it does not know.
 */
export async function buildImage(scope: Scope): Promise<Image> {
  const { stages } = await readDockerfile();
  const [build, final] = stages as [Stage, Stage];
  const built = await createTempDir(scope, 'build');
  for (const { name, text } of build.instructions) await step({ name, text, folder: built });
  const root = await createTempDir(scope, 'image');
  for (const text of textsOf(final, 'COPY')) {
    const [from = '', to = ''] = text.split(' ').filter((word) => !word.startsWith('--'));
    await mkdir(dirname(join(root, to)), { recursive: true });
    await rename(join(built, from), join(root, to));
  }
  const at = (path: string) => join(root, path);
  await protect(scope, at('/opt/mqttbridge'));
  const [entry] = textsOf(final, 'ENTRYPOINT');
  const [, ...args] = JSON.parse(entry ?? '[]') as string[];
  return { root, at, command: args.map((word) => (word.startsWith('/') ? at(word) : word)) };
}

interface Step {
  readonly name: string;
  readonly text: string;
  /** Stands for the stage's `/`. */
  readonly folder: string;
}

async function step({ name, text, folder }: Step): Promise<void> {
  const work = join(folder, 'src');
  if (name === 'WORKDIR') await mkdir(join(folder, text));
  else if (name === 'COPY') await copyContext(text, work);
  else if (name === 'RUN') await runInside(text.split(' '), folder, work);
  else throw new Error(`do not know how to do ${name} ${text}`);
}

async function copyContext(text: string, work: string): Promise<void> {
  const names = text.split(' ').slice(0, -1);
  const files = await contextFiles();
  for (const file of files) {
    if (!names.includes('.') && !names.includes(file)) continue;
    await mkdir(dirname(join(work, file)), { recursive: true });
    await cp(join(ROOT, file), join(work, file));
  }
}

async function runInside(words: readonly string[], folder: string, work: string): Promise<void> {
  const [command = '', ...args] = words.map((word) => (word.startsWith('/') ? join(folder, word) : word));
  if (command === 'npm' && args[0] === 'ci') await symlink(join(ROOT, 'node_modules'), join(work, 'node_modules'));
  else if (command === 'npm' && args[0] === 'run') await runScript(args[1] ?? '', args.slice(3), work);
  else if (command === 'mkdir') await mkdir(args[0] ?? '');
  else if (command !== 'npx') throw new Error(`do not know how to run ${words.join(' ')}`);
}

/** A script of package.json, as npm runs it: its last command gets the arguments. */
async function runScript(name: string, args: readonly string[], cwd: string): Promise<void> {
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const commands = `${scripts[name]} ${args.join(' ')}`.split(' && ').map((line) => line.trim().split(' '));
  const path = [join(ROOT, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  for (const [command = '', ...rest] of commands) await execute(command, rest, { cwd, env: { PATH: path } });
}

async function protect(scope: Scope, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = [folder, ...entries.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name))];
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  await Promise.all(files.map((path) => chmod(path, 0o444)));
  await Promise.all(folders.map((path) => chmod(path, 0o555)));
  // Who may not write into a folder cannot empty it either.
  scope.onTestFinished(async () => {
    await Promise.all(folders.map((path) => chmod(path, 0o755)));
  });
}
