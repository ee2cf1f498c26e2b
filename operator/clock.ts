import type { MonotonicClock } from '../shared/monotonic-clock.ts';

/** Time as the operator needs it. */
export interface OperatorClock extends MonotonicClock {
  /** Milliseconds since 1970, UTC; may jump. */
  wall(): number;
}
