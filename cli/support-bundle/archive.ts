import type { TarEntry } from './tar.ts';

/** Most bytes of all files of a bundle before they are compressed. */
export const MAX_BUNDLE_BYTES = 50 * 1024 * 1024;

/** Something that could not be collected. */
export interface Failure {
  readonly source: string;
  readonly why: string;
}

/** Files of a bundle while they are collected. */
export interface Archive {
  /** Adds a text, unless the bundle is full, which becomes a failure. */
  readonly add: (name: string, text: string, source: string) => void;
  readonly addJson: (name: string, value: unknown, source: string) => void;
  readonly fail: (source: string, why: string) => void;
  readonly entries: readonly TarEntry[];
  /** What the manifest says of the files. */
  readonly contents: readonly { readonly name: string; readonly bytes: number; readonly source: string }[];
  readonly failures: readonly Failure[];
}

/** An empty archive with room for so many bytes. */
export function createArchive(limit = MAX_BUNDLE_BYTES): Archive {
  const entries: TarEntry[] = [];
  const contents: { name: string; bytes: number; source: string }[] = [];
  const failures: Failure[] = [];
  let room = limit;
  const fail: Archive['fail'] = (source, why) => void failures.push({ source, why });
  const add: Archive['add'] = (name, text, source) => {
    const content = Buffer.from(text);
    if (content.length > room) return fail(source, `the bundle is full: ${limit} bytes`);
    room -= content.length;
    entries.push({ name, content });
    contents.push({ name, bytes: content.length, source });
  };
  const addJson: Archive['addJson'] = (name, value, source) => add(name, `${JSON.stringify(value, null, 2)}\n`, source);
  return { add, addJson, fail, entries, contents, failures };
}

/** Runs one part of the collection; what it throws becomes a failure of its source. */
export async function attempt(archive: Archive, source: string, collect: () => Promise<void>): Promise<void> {
  try {
    await collect();
  } catch (error) {
    archive.fail(source, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return code ?? `${error.message}${cause}`;
}
