import { type Mounted, mount } from '../../../support/mounted.ts';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

/** A folder of ConfigMaps or Secrets, written as the kubelet writes them. */
export interface MountRoot {
  readonly dir: string;
  /** Mounts an object, or replaces all keys of a mounted one at once. */
  mount(name: string, keys: Readonly<Record<string, string | Buffer>>): Promise<void>;
}

/** Makes an empty root that disappears with the scope. */
export async function createMountRoot(scope: Scope): Promise<MountRoot> {
  const dir = await createTempDir(scope, 'mount');
  const objects = new Map<string, Mounted>();
  return {
    dir,
    async mount(name, keys) {
      const known = objects.get(name);
      if (known === undefined) objects.set(name, await mount(dir, name, keys));
      else await known.update(keys);
    },
  };
}
