import type { HostClock } from '../../../local/functions-host/ports.ts';

/** A clock that stands until it is moved. */
export interface VirtualClock extends HostClock {
  /** Moves to a time (RFC 3339) and makes the calls that are due on the way, each at its time. */
  moveTo(time: string): Promise<void>;
}

/** Makes one that shows this time. */
export function createVirtualClock(start: string): VirtualClock {
  let now = Date.parse(start);
  const calls = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    now: () => now,
    callAt(at, call) {
      const entry = { at, call };
      calls.add(entry);
      return () => void calls.delete(entry);
    },
    async moveTo(time) {
      const end = Date.parse(time);
      for (;;) {
        const due = [...calls].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        calls.delete(due);
        now = Math.max(now, due.at);
        due.call();
        // What was called may ask for the next call, after it has written to the disk.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      now = end;
    },
  };
}
