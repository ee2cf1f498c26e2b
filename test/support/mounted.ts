import { randomUUID } from 'node:crypto';
import { mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Secret or ConfigMap as Kubernetes mounts it. */
export interface Mounted {
  /** The folder DIR/NAME. */
  readonly path: string;
  /** Replaces all keys at one moment, as the kubelet does: a new data folder, then one symlink renamed over the old. */
  readonly update: (keys: Readonly<Record<string, string | Buffer>>) => Promise<void>;
}

/** Writes DIR/NAME/KEY as symlinks to `..data/KEY`, where `..data` is a symlink to a dated folder. */
export async function mount(
  dir: string,
  name: string,
  keys: Readonly<Record<string, string | Buffer>>,
): Promise<Mounted> {
  const path = join(dir, name);
  await mkdir(path, { recursive: true });
  let links: string[] = [];
  async function update(next: Readonly<Record<string, string | Buffer>>): Promise<void> {
    const before = await readlink(join(path, '..data')).catch(() => undefined);
    const folder = `..${randomUUID()}`;
    await mkdir(join(path, folder));
    for (const [key, value] of Object.entries(next)) await writeFile(join(path, folder, key), value);
    await symlink(folder, join(path, '..data_tmp'));
    await rename(join(path, '..data_tmp'), join(path, '..data'));
    const wanted = Object.keys(next);
    for (const key of wanted) if (!links.includes(key)) await symlink(join('..data', key), join(path, key));
    for (const key of links) if (!wanted.includes(key)) await rm(join(path, key));
    links = wanted;
    if (before) await rm(join(path, before), { recursive: true });
  }
  await update(keys);
  return { path, update };
}
