import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { isObjectName } from '../../shared/kubernetes-syntax.ts';

/** Why a mounted file was not read. */
export type MountedFileReason =
  | 'FolderNotConfigured'
  | 'NameInvalid'
  | 'FileMissing'
  | 'FileUnreadable'
  | 'FileTooLarge'
  | 'OutsideMount';

/** A ConfigMap, Secret or token that could not be read; the message names it, never its content. */
export class MountedFileError extends Error {
  override readonly name = 'MountedFileError';
  readonly reason: MountedFileReason;

  constructor(reason: MountedFileReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Reads ConfigMaps, Secrets and tokens as Kubernetes mounts them. Every method rejects with MountedFileError. */
export interface MountedFiles {
  /** All keys of a ConfigMap, as they were at one moment. */
  readConfigMap(name: string): Promise<ReadonlyMap<string, Buffer>>;
  /** All keys of a Secret, as they were at one moment. */
  readSecret(name: string): Promise<ReadonlyMap<string, Buffer>>;
  /** One file directly in a folder given by its absolute path. */
  readFileBelow(dir: string, file: string): Promise<Buffer>;
}

/** Folders that hold one folder per ConfigMap or Secret. */
export interface MountedFolders {
  readonly configmapsDir?: string | undefined;
  readonly secretsDir?: string | undefined;
}

/** Kubernetes allows a ConfigMap or Secret 1 MiB in all its keys together. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Far more than a ConfigMap of one-line keys has, and a bound for a folder mounted by mistake. */
const MAX_KEYS = 4096;
const MAX_KEY_LENGTH = 253;
const KEY = /^[-._a-zA-Z0-9]+$/;
/** How often a read begins anew because Kubernetes exchanged the folder meanwhile; it does so once a minute at most. */
const SWAP_ATTEMPTS = 5;

/** Makes the reader for two folders; a folder that is not given refuses every name. */
export function createMountedFiles({ configmapsDir, secretsDir }: MountedFolders): MountedFiles {
  return {
    readConfigMap: (name) => readObject({ kind: 'ConfigMap', name, root: configmapsDir, option: '--configmaps-dir' }),
    readSecret: (name) => readObject({ kind: 'Secret', name, root: secretsDir, option: '--secrets-dir' }),
    readFileBelow,
  };
}

interface MountedObject {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly root: string | undefined;
  readonly option: string;
}

async function readObject({ kind, name, root, option }: MountedObject): Promise<ReadonlyMap<string, Buffer>> {
  if (!isObjectName(name)) {
    throw new MountedFileError(
      'NameInvalid',
      `${kind} name ${quote(name)} is not a DNS-1123 name; use at most 253 lower case letters, digits, hyphens and dots.`,
    );
  }
  const label = `${kind} ${name}`;
  if (root === undefined) {
    throw new MountedFileError(
      'FolderNotConfigured',
      `${label} cannot be read because no folder is given; start with ${option} DIR.`,
    );
  }
  const realRoot = await resolve(root, `folder of ${option}`);
  const mount = await resolve(join(realRoot, name), label);
  mustBeBelow(realRoot, mount, label);
  return readSnapshot(mount, label);
}

// Kubernetes exchanges all keys at once by swapping the link `..data`; what was resolved once is one moment's content, until
// the old folder is removed under our hands.
async function readSnapshot(mount: string, label: string): Promise<ReadonlyMap<string, Buffer>> {
  for (let attempt = 1; ; attempt++) {
    const data = await dataFolder(mount, label);
    try {
      return await readKeys(mount, data, label);
    } catch (error) {
      const swapped = (await dataFolder(mount, label)) !== data;
      if (!swapped || attempt === SWAP_ATTEMPTS) throw error;
    }
  }
}

async function dataFolder(mount: string, label: string): Promise<string> {
  try {
    const data = await realpath(join(mount, '..data'));
    mustBeBelow(mount, data, label);
    return data;
  } catch (error) {
    // A plain folder of files, as people make for themselves.
    if (codeOf(error) === 'ENOENT') return mount;
    throw asMountedFileError(error, label);
  }
}

async function readKeys(mount: string, data: string, label: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(data, { withFileTypes: true }).catch((error: unknown) => {
    throw asMountedFileError(error, label);
  });
  const keys = entries.filter((entry) => !entry.isDirectory() && isKey(entry.name)).map((entry) => entry.name);
  if (keys.length > MAX_KEYS) {
    throw new MountedFileError('FileTooLarge', `${label} has more than ${MAX_KEYS} keys; mount the right folder.`);
  }
  // What is mounted as optional and does not exist is an empty folder.
  if (keys.length === 0) {
    const reason = `The ${label} does not exist, or has no keys; create it or correct its name.`;
    throw new MountedFileError('FileMissing', reason);
  }
  const contents = new Map<string, Buffer>();
  for (const key of keys.toSorted()) {
    contents.set(key, await readInside(mount, join(data, key), `key ${key} of ${label}`));
  }
  return contents;
}

async function readFileBelow(dir: string, file: string): Promise<Buffer> {
  const label = `file ${quote(file)} in ${quote(dir)}`;
  if (!isAbsolute(dir) || dir.includes('\0') || !isKey(file)) {
    throw new MountedFileError(
      'NameInvalid',
      `The ${label} is not an absolute folder and a plain file name; use letters, digits, '-', '_' and '.' in the name.`,
    );
  }
  const mount = await resolve(dir, `folder of ${label}`);
  return readInside(mount, join(mount, file), label);
}

async function readInside(mount: string, path: string, label: string): Promise<Buffer> {
  const real = await resolve(path, label);
  mustBeBelow(mount, real, label);
  let handle: FileHandle | undefined;
  try {
    // Not following a link closes the gap after realpath; not blocking keeps a pipe from holding us.
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await readBounded(handle, label);
  } catch (error) {
    throw asMountedFileError(error, label);
  } finally {
    await handle?.close();
  }
}

async function readBounded(handle: FileHandle, label: string): Promise<Buffer> {
  const stat = await handle.stat();
  if (!stat.isFile())
    throw new MountedFileError('FileUnreadable', `The ${label} is not a regular file; mount a file there.`);
  if (stat.size > MAX_FILE_BYTES) {
    throw new MountedFileError('FileTooLarge', `The ${label} is larger than 1 MiB; mount the right file.`);
  }
  // One byte more than was announced shows a file that is being written.
  const buffer = Buffer.alloc(stat.size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length === buffer.length)
      throw new MountedFileError('FileUnreadable', `The ${label} is just being written; replace it by a rename.`);
    if (bytesRead === 0) return buffer.subarray(0, length);
  }
}

async function resolve(path: string, label: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw asMountedFileError(error, label);
  }
}

function mustBeBelow(root: string, path: string, label: string): void {
  const prefix = root.endsWith(sep) ? root : root + sep;
  if (path.startsWith(prefix)) return;
  throw new MountedFileError(
    'OutsideMount',
    `The ${label} is a link that leaves its folder; mount it there instead of linking to it.`,
  );
}

function asMountedFileError(error: unknown, label: string): MountedFileError {
  if (error instanceof MountedFileError) return error;
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new MountedFileError('FileMissing', `The ${label} does not exist; create it or correct its name.`)
    : new MountedFileError('FileUnreadable', `The ${label} cannot be read (${code}); check its permissions.`);
}

function isKey(name: string): boolean {
  return name.length <= MAX_KEY_LENGTH && KEY.test(name) && name !== '.' && !name.startsWith('..');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

/** A name from outside as it may stand in a log: escaped and not longer than a line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
