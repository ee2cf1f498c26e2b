import type { PublishRateSnapshot } from '../observe/snapshot.ts';
import type { Pacer } from './pacer.ts';
import type { ThrottleSignal } from './throttle.ts';

/** A sender's rate, and how it is woken when it may send again. */
export interface Pacing {
  readonly pacer: Pacer;
  /** Runs `wake` after that many milliseconds, or a little later. */
  readonly wakeAfter: (ms: number, wake: () => void) => void;
}

/** Waking for every single message would cost more than sending it; shorter than it takes a burst to gather. */
const LEAST_NAP_MS = 10;
/** A throttled session regains its rate meanwhile. */
const LONGEST_NAP_MS = 1000;

/** What a sender asks before it publishes; a refusal wakes it in time. */
export class Pace {
  readonly #pacing: Pacing;
  readonly #wake: () => void;
  #napping = false;

  constructor(pacing: Pacing, wake: () => void) {
    this.#pacing = pacing;
    this.#wake = wake;
  }

  /** True when the frame may leave now; otherwise the sender is woken when it may. */
  admits(bytes: number, retained: boolean, now: number): boolean {
    const { pacer, wakeAfter } = this.#pacing;
    const ms = pacer.wait(bytes, this.#cost(retained), now);
    if (ms === 0) return true;
    if (!this.#napping) {
      this.#napping = true;
      wakeAfter(Math.min(LONGEST_NAP_MS, Math.max(LEAST_NAP_MS, Math.ceil(ms))), () => {
        this.#napping = false;
        this.#wake();
      });
    }
    return false;
  }

  spend(bytes: number, retained: boolean, now: number): void {
    this.#pacing.pacer.spend(bytes, this.#cost(retained), now);
  }

  throttle(signal: ThrottleSignal, sentAt: number, now: number): void {
    this.#pacing.pacer.throttle(signal, sentAt, now);
  }

  rates(now: number): PublishRateSnapshot {
    return this.#pacing.pacer.rates(now);
  }

  #cost(retained: boolean): number {
    return retained ? this.#pacing.pacer.retainedCost : 1;
  }
}
