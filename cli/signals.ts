import type { Io, StopSignal } from './io.ts';

/** Signals one after the other, none of them lost between two calls of `next`. */
export function createSignalQueue(io: Io): { next: () => Promise<StopSignal> } {
  const received: StopSignal[] = [];
  let wake: ((signal: StopSignal) => void) | undefined;
  io.onSignal((signal) => {
    if (wake === undefined) received.push(signal);
    else wake(signal);
    wake = undefined;
  });
  return {
    next: async () => received.shift() ?? new Promise((resolve) => (wake = resolve)),
  };
}
