import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** When a timer ran and is due again, as the host remembers it over restarts. */
export interface TimerStatus {
  /** RFC 3339. */
  readonly Last: string;
  readonly Next: string;
  readonly LastUpdated: string;
}

/** The memory of timers. */
export interface TimerMonitor {
  get(name: string): TimerStatus | undefined;
  /** Resolves when it is on the disk. */
  set(name: string, status: TimerStatus): Promise<void>;
}

/** Opens the memory of a data folder; what cannot be read counts as never run. */
export async function openTimerMonitor(dataDir: string): Promise<TimerMonitor> {
  const file = join(dataDir, 'timers.json');
  const known = new Map(Object.entries(await read(file)));
  let writing = Promise.resolve();
  async function write(): Promise<void> {
    const draft = `${file}.part`;
    await writeFile(draft, `${JSON.stringify(Object.fromEntries(known))}\n`, { mode: 0o600 });
    await rename(draft, file);
  }
  return {
    get: (name) => known.get(name),
    set(name, status) {
      known.set(name, status);
      // One after the other, also after one that failed.
      writing = writing.then(write, write);
      return writing;
    },
  };
}

async function read(file: string): Promise<Record<string, TimerStatus>> {
  try {
    const noted = JSON.parse(await readFile(file, 'utf8')) as Record<string, TimerStatus | null> | null;
    const entries = Object.entries(noted ?? {}).filter(([, status]) => typeof status?.Next === 'string');
    return Object.fromEntries(entries) as Record<string, TimerStatus>;
  } catch {
    return {};
  }
}
