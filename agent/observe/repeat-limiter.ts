/** What to do with one occurrence: print it, with how often it was held back since it was last printed, or hold it back. */
type Verdict = { readonly kind: 'print'; readonly repeated: number } | { readonly kind: 'hold' };

/** Lets one of many equal events through per interval and counts the others. */
export interface RepeatLimiter<T> {
  /** `latest` is kept so that `due` can print the last one held back. */
  readonly see: (key: string, latest: T) => Verdict;
  /** Events whose interval is over and that were held back since: to be printed although nothing new came. */
  readonly due: (everything?: boolean) => { readonly latest: T; readonly repeated: number }[];
}

export interface RepeatLimiterOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly intervalMs?: number;
  /** How many different events are remembered; the oldest is printed and forgotten when one more comes. */
  readonly maxKeys?: number;
}

interface Entry<T> {
  printedAt: number;
  held: number;
  latest: T;
}

/** A limiter for log lines; see `RepeatLimiter`. */
export function createRepeatLimiter<T>(options: RepeatLimiterOptions): RepeatLimiter<T> {
  const { now, intervalMs = 30_000, maxKeys = 500 } = options;
  // In order of printing, oldest first, so that `due` may stop at the first young entry.
  const entries = new Map<string, Entry<T>>();
  const evicted: { latest: T; repeated: number }[] = [];

  function remember(key: string, latest: T): void {
    entries.delete(key);
    const oldest = entries.size >= maxKeys ? entries.entries().next().value : undefined;
    if (oldest !== undefined) {
      entries.delete(oldest[0]);
      if (oldest[1].held > 0) evicted.push({ latest: oldest[1].latest, repeated: oldest[1].held });
    }
    entries.set(key, { printedAt: now(), held: 0, latest });
  }

  return {
    see(key, latest) {
      const entry = entries.get(key);
      if (entry !== undefined && now() - entry.printedAt < intervalMs) {
        entry.held += 1;
        entry.latest = latest;
        return { kind: 'hold' };
      }
      const repeated = entry?.held ?? 0;
      remember(key, latest);
      return { kind: 'print', repeated };
    },
    due(everything = false) {
      const result = evicted.splice(0);
      for (const [key, entry] of entries) {
        if (!everything && now() - entry.printedAt < intervalMs) break;
        entries.delete(key);
        if (entry.held > 0) result.push({ latest: entry.latest, repeated: entry.held });
      }
      return result;
    },
  };
}
