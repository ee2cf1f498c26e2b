/** Runs keyed work, at most `limit` at once and never two of one key. */
export interface Lane<K> {
  /** Runs the key soon; once more after the run under way. */
  add(key: K): void;
  /** Starts nothing more. */
  close(): void;
  readonly idle: boolean;
}

/** What a lane does. */
export interface LaneOptions<K> {
  readonly limit: number;
  /** Must not reject. */
  readonly run: (key: K) => Promise<void>;
  /** Called when nothing runs or waits any more. */
  readonly onIdle: () => void;
}

/** Makes a lane. Between two runs it gives way to everything else: sockets starve beside an endless chain of promises. */
export function createLane<K extends string | number>({ limit, run, onIdle }: LaneOptions<K>): Lane<K> {
  const waiting = new Set<K>();
  const running = new Set<K>();
  let starting = 0;
  let closed = false;

  function pump(): void {
    if (closed) return;
    const free = Math.min(limit - running.size, waiting.size) - starting;
    for (let count = 0; count < free; count++) {
      starting++;
      setImmediate(startNext);
    }
  }

  function startNext(): void {
    starting--;
    const key = closed ? undefined : next();
    if (key === undefined) {
      if (isIdle()) onIdle();
      return;
    }
    waiting.delete(key);
    running.add(key);
    void run(key).finally(() => {
      running.delete(key);
      pump();
      if (isIdle()) onIdle();
    });
  }

  function next(): K | undefined {
    for (const key of waiting) if (!running.has(key)) return key;
    return undefined;
  }

  function isIdle(): boolean {
    return running.size === 0 && starting === 0 && (closed || waiting.size === 0);
  }

  return {
    add(key) {
      waiting.add(key);
      pump();
    },
    close() {
      closed = true;
      waiting.clear();
    },
    get idle() {
      return isIdle();
    },
  };
}
