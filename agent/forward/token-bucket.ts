/**
 * Tokens that come at a steady rate and are spent by what is sent. Over any span of `t` seconds no more than
 * `rate * t + depth` is spent; only what costs more than the whole depth may overdraw it, once it is full.
 */
export class TokenBucket {
  /** Tokens per second. */
  #rate: number;
  /** Most tokens that gather. */
  #depth: number;
  #tokens: number;
  #at: number;

  /** Starts full. @param now monotonic milliseconds, as everywhere here. */
  constructor(rate: number, depth: number, now: number) {
    this.#rate = rate;
    this.#depth = depth;
    this.#tokens = depth;
    this.#at = now;
  }

  /** Milliseconds until `cost` may be spent; 0 when it may be now. */
  wait(cost: number, now: number): number {
    this.#refill(now);
    const missing = Math.min(cost, this.#depth) - this.#tokens;
    return missing <= ROUNDING ? 0 : (missing / this.#rate) * 1000;
  }

  spend(cost: number, now: number): void {
    this.#refill(now);
    this.#tokens -= cost;
  }

  /** Goes on at another rate; what had gathered beyond the new depth is gone. */
  change(rate: number, depth: number, now: number): void {
    this.#refill(now);
    this.#rate = rate;
    this.#depth = depth;
    this.#tokens = Math.min(this.#tokens, depth);
  }

  /** Forgets what had gathered. */
  drain(now: number): void {
    this.#refill(now);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#depth, this.#tokens + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
  }
}

/** What sums of fractions may be off by. */
const ROUNDING = 1e-6;
