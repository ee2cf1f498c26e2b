/** Time as the broker sees it; a test hands in its own. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls `action` once after `delay` milliseconds; the answer cancels it. */
  after(delay: number, action: () => void): () => void;
}

/** Node keeps delays in a signed 32-bit integer and fires at once beyond it (a session expiry may be 136 years). */
const LONGEST_TIMER = 2 ** 31 - 1;

function after(delay: number, action: () => void): () => void {
  let timer = setTimeout(step, Math.min(delay, LONGEST_TIMER));
  let left = delay - LONGEST_TIMER;
  function step(): void {
    if (left <= 0) {
      action();
      return;
    }
    timer = setTimeout(step, Math.min(left, LONGEST_TIMER));
    left -= LONGEST_TIMER;
  }
  return () => clearTimeout(timer);
}

/** The monotonic clock of the machine. */
export const systemClock: Clock = { now: () => performance.now(), after };
