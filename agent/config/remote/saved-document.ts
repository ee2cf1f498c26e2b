import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ReceivedDocument } from './document.ts';

/** Whose document a file holds; a site is one of a control plane, a namespace one of a cluster. */
export interface Owner {
  readonly place: { readonly site: string } | { readonly namespace: string };
  readonly connector: string;
  readonly instance: string;
}

/** A document that ran here before. */
export interface SavedDocument extends ReceivedDocument {
  /** RFC 3339, UTC. */
  readonly savedAt: string;
}

/** What is on disk; `ignored`: something that must not be used, and why. */
export type Loaded =
  | { readonly kind: 'saved'; readonly saved: SavedDocument }
  | { readonly kind: 'none' }
  | { readonly kind: 'ignored'; readonly why: string };

/** The last good document on disk. */
export interface DocumentFile {
  readonly path: string;
  /** Never rejects. */
  load(): Promise<Loaded>;
  /** Readers see the old file or the new one; rejects with an error of the file system. */
  save(document: SavedDocument): Promise<void>;
}

/** A file of another format is left alone. */
const VERSION = 1;
/** More than the largest answer with its indentation. */
const MAX_BYTES = 8 * 1024 * 1024;

const content = z.object({
  site: z.string().optional(),
  namespace: z.string().optional(),
  connector: z.string(),
  revision: z.string(),
  savedAt: z.string(),
  resources: z.array(z.record(z.string(), z.unknown())),
  object: z.object({ uid: z.string(), generation: z.int() }).optional(),
});
const envelope = z.object({ version: z.literal(VERSION), sha256: z.string(), content: z.string() });

/** Remembers where; the name tells agents apart that share a folder, the content whose it is. */
export function createDocumentFile(dir: string, owner: Owner): DocumentFile {
  const { place, connector, instance } = owner;
  const where = 'site' in place ? place.site : `namespace_${place.namespace}`;
  const path = join(dir, `last-good_${where}_${connector}_${instance}.json`);
  return {
    path,
    load: () => load(path, owner).catch((error: NodeJS.ErrnoException) => missing(error)),
    async save(document) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ ...place, connector, ...document });
      await replaceFile(path, JSON.stringify({ version: VERSION, sha256: checksum(text), content: text }));
    },
  };
}

function missing(error: NodeJS.ErrnoException): Loaded {
  return error.code === 'ENOENT' ? { kind: 'none' } : ignored(`it cannot be read (${error.code ?? 'unknown error'})`);
}

function ignored(why: string): Loaded {
  return { kind: 'ignored', why };
}

async function load(path: string, owner: Owner): Promise<Loaded> {
  if ((await stat(path)).size > MAX_BYTES) return ignored('it is too large');
  const outer = envelope.safeParse(parseJson(await readFile(path, 'utf8')));
  if (!outer.success) return ignored('it is not a document of this version');
  if (checksum(outer.data.content) !== outer.data.sha256) return ignored('its checksum is wrong');
  const inner = content.safeParse(parseJson(outer.data.content));
  if (!inner.success) return ignored('it is not a document of this version');
  const { site, namespace, connector, ...saved } = inner.data;
  const wanted = { site: undefined, namespace: undefined, ...owner.place };
  if (site === wanted.site && namespace === wanted.namespace && connector === owner.connector) {
    return { kind: 'saved', saved };
  }
  return ignored('it is of another site, namespace or connector');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A crash at any moment, of the machine too, leaves the old content or the new one under the name. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(join(path, '..'));
}

/** The rename itself is on disk only after this. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
