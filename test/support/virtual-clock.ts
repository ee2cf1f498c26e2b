import type { HostClock } from '../../local/functions-host/ports.ts';

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends HostClock {
  /** Calls that are armed now. */
  readonly armed: number;
  /** Calls that were ever armed. */
  readonly everArmed: number;
  /** Goes on by `ms` milliseconds, stopping at each call on the way; `settled` says when what a call set off is done. */
  advance(ms: number, settled: () => Promise<void>): Promise<void>;
  /** Goes on from call to call until the condition holds; rejects when nothing is armed any more. */
  runUntil(condition: () => boolean, settled: () => Promise<void>): Promise<void>;
}

interface Call {
  readonly at: number;
  readonly call: () => void;
}

/** Makes a clock that stands at `start`, in milliseconds since 1970. */
export function createVirtualClock(start = Date.parse('2026-01-01T00:00:00Z')): VirtualClock {
  const calls = new Set<Call>();
  let now = start;
  let everArmed = 0;

  function earliest(): Call | undefined {
    let found: Call | undefined;
    for (const call of calls) if (found === undefined || call.at < found.at) found = call;
    return found;
  }

  function ring(call: Call): void {
    calls.delete(call);
    now = Math.max(now, call.at);
    call.call();
  }

  return {
    now: () => now,
    callAt(at, call) {
      const entry = { at, call };
      everArmed++;
      calls.add(entry);
      return () => void calls.delete(entry);
    },
    get armed() {
      return calls.size;
    },
    get everArmed() {
      return everArmed;
    },
    async advance(ms, settled) {
      const end = now + ms;
      await settled();
      for (let next = earliest(); next !== undefined && next.at <= end; next = earliest()) {
        ring(next);
        await settled();
      }
      now = end;
    },
    async runUntil(condition, settled) {
      await settled();
      while (!condition()) {
        const next = earliest();
        if (next === undefined) throw new Error('nothing is armed, and the condition does not hold');
        ring(next);
        await settled();
      }
    },
  };
}
