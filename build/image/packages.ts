import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';

interface Locked {
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, Locked>>;

/** Folders, relative to the repository, of the packages that the modules of a folder import and of all that those depend on. */
export async function packagesOf(root: string, folder: string): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock };
  const found = new Set<string>();
  for (const name of await importedBy(folder)) {
    const path = resolvePackage(packages, '', name);
    if (path === undefined) throw new Error(`${name} is imported but not in package-lock.json`);
    collect(packages, path, found);
  }
  // What is optional need not be there on every platform.
  return [...found].filter((path) => packages[path]?.optional !== true || existsSync(join(root, path))).toSorted();
}

/** Names of the packages that the modules of a folder, and the modules those import, name. */
async function importedBy(folder: string): Promise<Set<string>> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  const names = new Set<string>();
  const graph = await rolldown({
    input: files.map((file) => join(folder, file)),
    platform: 'node',
    external(id) {
      const isPackage = !id.startsWith('.') && !isAbsolute(id);
      if (isPackage && !id.startsWith('node:')) names.add(PACKAGE.exec(id)?.[0] ?? id);
      return isPackage;
    },
  });
  await graph.generate();
  await graph.close();
  return names;
}

const PACKAGE = /^(?:@[^/]+\/)?[^/]+/;

function collect(packages: Lock, path: string, found: Set<string>): void {
  if (found.has(path)) return;
  found.add(path);
  const { dependencies, optionalDependencies, peerDependencies } = packages[path] ?? {};
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    const next = resolvePackage(packages, path, name);
    if (next !== undefined) collect(packages, next, found);
  }
}

/** Where Node finds a package from another one: the nearest `node_modules` upwards that holds it. */
function resolvePackage(packages: Lock, from: string, name: string): string | undefined {
  const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (packages[path] !== undefined) return path;
  if (from === '') return undefined;
  const up = from.lastIndexOf('/node_modules/');
  return resolvePackage(packages, up === -1 ? '' : from.slice(0, up), name);
}
