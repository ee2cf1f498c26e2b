import { type ConfigLocation, loadConfig } from './load.ts';
import type { ConfigSource, ConfigUpdate } from './source.ts';
import { type WatchTiming, watchFiles } from './watch-files.ts';

/** Where the files are and how to watch them. */
export interface FolderSourceOptions extends ConfigLocation {
  readonly timing?: WatchTiming;
}

/** A configuration source over files and folders that are read whole whenever something in them changes. */
export function createFolderSource(options: FolderSourceOptions): ConfigSource {
  return { updates: (signal) => updates(options, signal) };
}

async function* updates(options: FolderSourceOptions, signal: AbortSignal): AsyncGenerator<ConfigUpdate, void> {
  const changes = createNotice(signal);
  // Watching starts before the first read, so that a change during the read is not missed.
  watchFiles(options.paths, changes.raise, { signal, ...(options.timing ? { timing: options.timing } : {}) });
  let last: string | undefined;
  while (!signal.aborted) {
    const { update } = await loadConfig(options);
    const identity = `${update.kind}/${update.kind === 'document' ? update.document.revision : update.revision}`;
    if (identity !== last && !signal.aborted) {
      last = identity;
      yield update;
    }
    await changes.next();
  }
}

/** A notice of size one: "something changed, come and read the newest"; many notices before a look are one. */
function createNotice(signal: AbortSignal): { raise: () => void; next: () => Promise<void> } {
  let raised = false;
  let wake: (() => void) | undefined;
  const raise = (): void => {
    raised = true;
    wake?.();
  };
  signal.addEventListener('abort', raise);
  return {
    raise,
    async next() {
      if (!raised && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      raised = false;
    },
  };
}
