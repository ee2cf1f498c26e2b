/** The way out to one broker, as the forwarder needs it. */
export interface Outlet {
  /** Returns false when the socket takes no more for now; `Sender.drained` follows. */
  write(bytes: Buffer): boolean;
  /** True when every byte given to `write` has left this process, so that its buffers may be used again. */
  writtenThrough(): boolean;
}

/** Something that collects bytes during a turn of the event loop and writes them at its end. */
export interface Flushable {
  flush(): void;
}

/** Flushes everything that collected bytes once per turn, so that many small packets share one write. */
export interface FlushTurn {
  add(flushable: Flushable): void;
}

/**
 * @param schedule runs a function at the end of the turn: setImmediate.
 * @param flushed called when everything is written.
 */
export function createFlushTurn(schedule: (run: () => void) => void, flushed?: () => void): FlushTurn {
  let waiting: Flushable[] = [];
  const run = () => {
    const now = waiting;
    waiting = [];
    for (const flushable of now) flushable.flush();
    flushed?.();
  };
  return {
    add(flushable) {
      if (waiting.length === 0) schedule(run);
      waiting.push(flushable);
    },
  };
}
