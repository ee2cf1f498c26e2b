import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';

/** The machine's own; an alarm on it keeps no process alive. */
export const SYSTEM_CLOCK: MonotonicClock = {
  now: () => performance.now(),
  after(delay, action) {
    const timer = setTimeout(action, delay).unref();
    return () => clearTimeout(timer);
  },
};
