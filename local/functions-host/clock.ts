import type { HostClock } from './ports.ts';

// Long waits are taken in steps: setTimeout counts to 2^31 - 1 ms and in the machine's uptime, and the wall clock may be set meanwhile.
const LONGEST_STEP_MS = 60_000;

/** The clock of the machine. */
export const systemClock: HostClock = {
  now: () => Date.now(),
  callAt(at, call) {
    let timer = arm();
    function arm(): NodeJS.Timeout {
      const left = at - Date.now();
      return setTimeout(step, Math.max(0, Math.min(left, LONGEST_STEP_MS)));
    }
    function step(): void {
      if (Date.now() >= at) call();
      else timer = arm();
    }
    return () => clearTimeout(timer);
  },
};
