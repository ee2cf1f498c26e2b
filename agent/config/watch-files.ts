import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isConfigFileName, listConfigFiles } from './read-files.ts';

/** How a watch waits; all in milliseconds. */
export interface WatchTiming {
  /** Quiet time after a change before the files are read: editors and `kubectl` write in several steps. */
  readonly debounceMs: number;
  /** A change is reported at the latest after this long, even when changes never pause. */
  readonly maxDelayMs: number;
  /** How often the files are looked at even without a notice: notices get lost on network mounts and when folders are replaced. */
  readonly pollMs: number;
}

const WATCH_TIMING: WatchTiming = { debounceMs: 100, maxDelayMs: 1_000, pollMs: 2_000 };

/** Calls `onChange` after the files at `paths` changed; ends when `signal` aborts. */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  options: { readonly signal: AbortSignal; readonly timing?: WatchTiming },
): void {
  const { signal, timing = WATCH_TIMING } = options;
  if (signal.aborted) return;
  const debounce = createDebounce(onChange, timing);
  const watchers = createWatchers(paths, debounce.poke);
  let last: string | undefined;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const current = await fingerprint(paths);
    looking = false;
    if (signal.aborted || current === last) return;
    // A watch stays with the folder it was opened on, even when another one has taken its name.
    watchers.renew();
    if (last !== undefined) debounce.poke();
    last = current;
  }

  const poll = setInterval(() => void look(), timing.pollMs);
  watchers.renew();
  void look();
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    debounce.cancel();
    watchers.close();
  });
}

function createDebounce(fire: () => void, timing: WatchTiming): { poke: () => void; cancel: () => void } {
  let quiet: NodeJS.Timeout | undefined;
  let latest: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    clearTimeout(quiet);
    clearTimeout(latest);
    latest = undefined;
  };
  const done = (): void => {
    cancel();
    fire();
  };
  return {
    poke: () => {
      clearTimeout(quiet);
      quiet = setTimeout(done, timing.debounceMs);
      latest ??= setTimeout(done, timing.maxDelayMs);
    },
    cancel,
  };
}

// Folders are watched and not files alone: a file that is replaced by rename takes its watch along, and Kubernetes swaps
// the `..data` link beside the files instead of touching them.
function createWatchers(paths: readonly string[], poke: () => void): { renew: () => void; close: () => void } {
  const watchers: FSWatcher[] = [];
  const open = (path: string, concerns: (name: string) => boolean): void => {
    try {
      const watcher = watch(path, (_event, name) => {
        if (name === null || concerns(name)) poke();
      });
      // What was watched went away; the poll opens it anew when it is there again.
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // Not there yet: the poll finds it when it comes.
    }
  };
  const close = (): void => watchers.splice(0).forEach((watcher) => watcher.close());
  const renew = (): void => {
    close();
    for (const path of paths) {
      const own = basename(path);
      open(path, (name) => isConfigFileName(name) || name === own || name.startsWith('..'));
      open(dirname(path), (name) => name === own || name.startsWith('..'));
    }
  };
  return { renew, close };
}

// Names, targets of links, inodes, sizes and times: whatever way a file was changed, one of them differs.
async function fingerprint(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(paths.map((path) => fingerprintOf(path).catch(() => 'missing')));
  return JSON.stringify(parts);
}

async function fingerprintOf(path: string): Promise<unknown[]> {
  const names = await listConfigFiles(path);
  return Promise.all(
    names.map(async (name) => {
      const { ino, size, mtimeMs, ctimeMs } = await stat(name);
      return [name, await realpath(name), ino, size, mtimeMs, ctimeMs];
    }),
  );
}
