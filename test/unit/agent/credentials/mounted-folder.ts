import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

/** A folder of ConfigMaps or Secrets, written as the kubelet writes them. */
export interface MountRoot {
  readonly dir: string;
  /** Replaces all keys of an object at once by swapping its `..data` link, and removes the former ones. */
  mount(name: string, keys: Readonly<Record<string, string | Buffer>>): Promise<void>;
}

/** Makes an empty root that disappears with the scope. */
export async function createMountRoot(scope: Scope): Promise<MountRoot> {
  const dir = await createTempDir(scope, 'mount');
  const versions = new Map<string, number>();
  return {
    dir,
    async mount(name, keys) {
      const folder = join(dir, name);
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      await mkdir(join(folder, `..${version}`), { recursive: true });
      for (const [key, value] of Object.entries(keys)) await writeFile(join(folder, `..${version}`, key), value);
      await symlink(`..${version}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
      for (const key of Object.keys(keys)) {
        if (version === 1) await symlink(join('..data', key), join(folder, key));
      }
      await rm(join(folder, `..${version - 1}`), { recursive: true, force: true });
    },
  };
}
