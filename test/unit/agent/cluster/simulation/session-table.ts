import type { VirtualClock } from './clock.ts';
import type { SimulatedNode } from './node.ts';

/** One client took the session of another. */
export interface TakeOver {
  readonly at: number;
  readonly slot: number;
  readonly by: SimulatedNode;
  readonly from: SimulatedNode;
}

/** The sessions of a broker that all processes reach: one per slot, and whoever connects last has it. */
export class SessionTable {
  readonly takeOvers: TakeOver[] = [];
  readonly #holders = new Map<number, SimulatedNode>();
  readonly #clock: VirtualClock;
  readonly #connecting: (node: SimulatedNode, slot: number) => void;

  /** @param connecting called before a session is given to a process. */
  constructor(clock: VirtualClock, connecting: (node: SimulatedNode, slot: number) => void) {
    this.#clock = clock;
    this.#connecting = connecting;
  }

  connected(by: SimulatedNode, slot: number): void {
    this.#connecting(by, slot);
    const from = this.#holders.get(slot);
    this.#holders.set(slot, by);
    if (!from || from === by) return;
    this.takeOvers.push({ at: this.#clock.now(), slot, by, from });
    this.#clock.after(5, () => from.lost(slot));
  }

  close(node: SimulatedNode, slot: number): void {
    node.sessions.delete(slot);
    if (this.#holders.get(slot) === node) this.#holders.delete(slot);
  }

  gone(node: SimulatedNode): void {
    for (const slot of node.sessions.keys()) this.close(node, slot);
  }
}
