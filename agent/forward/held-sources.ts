import type { Receiver } from './receiver.ts';

/** Receivers that do not read because a sender has too much in line. */
export class HeldSources {
  readonly #held = new Set<Receiver>();

  get any(): boolean {
    return this.#held.size > 0;
  }

  hold(receiver: Receiver): void {
    this.#held.add(receiver);
  }

  /** Lets all of them read on; some may be held again at once. */
  release(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const receiver of held) receiver.proceed();
  }
}
