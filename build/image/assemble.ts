import type { Dirent } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packagesOf } from './packages.ts';

/** What both the program and the control plane's app read beside themselves. */
const FILES = ['package.json', 'host.json', 'LICENSE'];
/** The bundled program, and the Functions app that `control-plane run` serves. */
const FOLDERS = ['dist/bin', 'dist/functions', 'dist/shared'];

/**
 * Makes a folder with all that the container image has of us, from a built repository; rejects when there is such a folder,
 * since what a build before left in it would be delivered too.
 */
export async function assemble(root: string, target: string): Promise<void> {
  await mkdir(target, { recursive: false });
  for (const file of FILES) await copyFile(join(root, file), join(target, file));
  for (const folder of FOLDERS) await copyCode(join(root, folder), join(target, folder));
  const packages = await packagesOf(root, join(root, 'dist/functions'));
  // A package inside another comes with its own line of the lock file, or not at all.
  await Promise.all(packages.map((path) => copyCode(join(root, path), join(target, path))));
}

async function copyCode(from: string, to: string): Promise<void> {
  const entries = (await readdir(from, { withFileTypes: true })).filter(({ name }) => !LEFT_OUT.has(name));
  await copyTree(from, to, entries);
}

async function copyTree(from: string, to: string, entries: readonly Dirent[]): Promise<void> {
  const files = entries.filter((entry) => entry.isFile() && KEPT.test(entry.name));
  if (files.length > 0) await mkdir(to, { recursive: true });
  await Promise.all(files.map(({ name }) => copyFile(join(from, name), join(to, name))));
  for (const entry of entries) {
    const below = join(from, entry.name);
    if (entry.isDirectory()) await copyTree(below, join(to, entry.name), await readdir(below, { withFileTypes: true }));
  }
}

/** Folders of a package that it does not run from, or that come by themselves. */
const LEFT_OUT = new Set(['node_modules', 'test', 'tests']);

/** What Node can load, and the licences under which we deliver it; no types, maps, sources or pages. */
const KEPT = /\.(?:js|cjs|mjs|json|node)$|^(?:licen[cs]e|copying|notice|third-?party-?notices?)/i;
