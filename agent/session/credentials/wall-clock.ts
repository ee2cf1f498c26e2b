/** The time that tokens and certificates are dated by, and alarms on it. */
export interface WallClock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls `action` once after `delay` milliseconds; the answer cancels it. */
  after(delay: number, action: () => void): () => void;
}

/** The clock of the machine; an alarm on it keeps no process alive. */
export const SYSTEM_WALL_CLOCK: WallClock = {
  now: () => Date.now(),
  after(delay, action) {
    const timer = setTimeout(action, delay).unref();
    return () => clearTimeout(timer);
  },
};
