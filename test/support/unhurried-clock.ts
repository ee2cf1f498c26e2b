import { type Clock, systemClock } from '../../local/broker/clock.ts';
import type { Scope } from './scope.ts';

/** How far it goes at most for one look at the machine's clock, in milliseconds. */
const STRIDE_MS = 4;

/**
 * The machine's time for a whole test, the agent included, less that in which the process was kept from working: so
 * rates measured by it are those of the programs and not of a busy machine. It stops with the scope.
 */
export function createUnhurriedClock(scope: Scope): Clock {
  let time = 0;
  let seen = performance.now();
  const now = () => {
    const real = performance.now();
    time += Math.min(real - seen, STRIDE_MS);
    seen = real;
    return time;
  };
  const ticking = setInterval(now, 1);
  scope.onTestFinished(() => clearInterval(ticking));
  return { now, after: (ms, action) => systemClock.after(ms, action) };
}
