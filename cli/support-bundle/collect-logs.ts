import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Archive, attempt } from './archive.ts';
import type { Cleaner } from './clean.ts';

/** Most bytes of one log file: the newest ones. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Takes what was logged since then; lines without a time are as old as the line before them. */
export async function collectLogs(
  archive: Archive,
  files: readonly string[],
  { cleaner, since }: { readonly cleaner: Cleaner; readonly since: Date },
): Promise<void> {
  for (const [index, file] of files.entries()) {
    await attempt(archive, file, async () => {
      const text = await tailOf(file, since);
      if (text === undefined) return archive.fail(file, `nothing was written to it since ${since.toISOString()}`);
      const name = `logs/${index + 1}-${basename(file)
        .replaceAll(/[^\w.-]/g, '_')
        .slice(-60)}`;
      archive.add(name, cleaner.lines(newer(text, since)), file);
    });
  }
}

/** A link could lead to any file of whoever collects: it is not followed (ELOOP). */
async function tailOf(file: string, since: Date): Promise<string | undefined> {
  // Without O_NONBLOCK a pipe of that name would wait for its writer for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size, mtime, isFile } = await statOf(handle);
    if (!isFile) throw new Error('it is not a plain file');
    if (mtime < since) return undefined;
    const length = Math.min(size, MAX_LOG_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8', 0, bytesRead);
    // The first line of a tail is a piece of one.
    return size > length ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    await handle.close();
  }
}

async function statOf(handle: FileHandle) {
  const stats = await handle.stat();
  return { size: stats.size, mtime: stats.mtime, isFile: stats.isFile() };
}

function newer(text: string, since: Date): string {
  let keep = true;
  const kept = text.split('\n').filter((line) => {
    const time = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z/.exec(line.slice(0, 300))?.[0];
    if (time !== undefined) keep = new Date(time) >= since;
    return keep;
  });
  return kept.join('\n');
}
