import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import type { PodSpec, Volume, VolumeMount } from '../../../../operator/render/kubernetes.ts';
import { mount, type Mounted } from '../../mounted.ts';

/** What a pod's files are made of. */
export interface VolumeSources {
  /** As they are now; undefined where there is none. */
  readonly secret: (name: string) => StoredObject | undefined;
  readonly configMap: (name: string) => StoredObject | undefined;
  readonly token: (audience: string, expirationSeconds: number) => Promise<string>;
}

/** The files of a pod. */
export interface PodFiles {
  /** Brings what has changed in Secrets and ConfigMaps. */
  readonly refresh: () => Promise<void>;
}

type Keys = Readonly<Record<string, Buffer>>;

/** Makes a folder below a root for each mount; what is claimed (a mount without a volume) is made once and kept. */
export async function openVolumes(
  root: string,
  { volumes }: Pick<PodSpec, 'volumes'>,
  { mounts, sources }: { readonly mounts: readonly VolumeMount[]; readonly sources: VolumeSources },
): Promise<PodFiles> {
  const refreshes: (() => Promise<void>)[] = [];
  for (const { name, mountPath } of mounts) {
    const path = join(root, mountPath);
    await mkdir(path, { recursive: true });
    const volume = volumes.find((each) => each.name === name);
    const keys = volume && keysOf(volume, sources);
    if (keys) refreshes.push(await follow(path, keys));
    else if (volume) await writeTokens(path, volume, sources);
  }
  return {
    async refresh() {
      for (const each of refreshes) await each();
    },
  };
}

/** The files of a volume that others change; undefined for other volumes. */
function keysOf(volume: Volume, { secret, configMap }: VolumeSources): (() => Keys) | undefined {
  if ('secret' in volume) {
    const { secretName, optional } = volume.secret;
    return () => contentOf(secret(secretName), { base64: 'data', text: 'none' }, optional);
  }
  if (!('configMap' in volume)) return undefined;
  const { name, optional } = volume.configMap;
  return () => contentOf(configMap(name), { base64: 'binaryData', text: 'data' }, optional);
}

function contentOf(
  object: StoredObject | undefined,
  fields: { readonly base64: string; readonly text: string },
  optional: boolean,
): Keys {
  if (object === undefined && !optional) throw new Error('a volume that is not optional is missing');
  const read = (field: string, encoding: BufferEncoding) =>
    Object.entries((object?.[field] ?? {}) as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, encoding),
    ]);
  return Object.fromEntries([...read(fields.base64, 'base64'), ...read(fields.text, 'utf8')]) as Keys;
}

async function follow(path: string, keys: () => Keys): Promise<() => Promise<void>> {
  let shown = keys();
  const mounted: Mounted = await mount(dirname(path), basename(path), shown);
  return async () => {
    const next = keys();
    if (isSame(shown, next)) return;
    shown = next;
    await mounted.update(next);
  };
}

function isSame(one: Keys, other: Keys): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => other[name]?.equals(one[name]) ?? false);
}

async function writeTokens(path: string, volume: Volume, { token }: VolumeSources): Promise<void> {
  if (!('projected' in volume)) return;
  for (const { serviceAccountToken } of volume.projected.sources) {
    const { audience, expirationSeconds, path: file } = serviceAccountToken;
    await writeFile(join(path, file), await token(audience, expirationSeconds));
  }
}
