/** Time for intervals: it never runs backwards and knows no date, so setting the machine's clock changes nothing. */
export interface MonotonicClock {
  /** Milliseconds. */
  now(): number;
  /** Calls `action` once after `delay` milliseconds; the answer cancels it. */
  after(delay: number, action: () => void): () => void;
}
