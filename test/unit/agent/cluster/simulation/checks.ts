import { decodeHeartbeat } from '../../../../../agent/cluster/heartbeat.ts';
import type { ClusterTiming } from '../../../../../agent/cluster/timing.ts';
import type { SimulatedNode } from './node.ts';

/** What checks are made of. */
export interface ChecksParts {
  readonly timing: ClusterTiming;
  /** Longest time a heartbeat takes, in milliseconds. */
  readonly delayMs: number;
  /** How often the processes are looked at, in milliseconds. */
  readonly grainMs: number;
  readonly now: () => number;
  /** Processes that live. */
  readonly live: () => readonly SimulatedNode[];
}

/** Looks at all processes from outside and writes down what must never be. */
export class Checks {
  readonly violations: string[] = [];
  readonly #parts: ChecksParts;
  /** Since when a process runs a slot and may connect, by `id/slot`; and two of them do, by `slot/a/b`. */
  #runs = new Map<string, number>();
  #shared = new Map<string, number>();
  /** Newest term of a slot that a process has heard of or claimed, and its claims, by `id/slot`. */
  readonly #terms = new Map<string, number>();
  readonly #claims = new Map<string, ReadonlyMap<number, number>>();

  constructor(parts: ChecksParts) {
    this.#parts = parts;
  }

  /**
   * Longest time that two instances that hear each other run one slot: the claim with the newer term is on its way to the
   * other for so long, and that gives way in the moment it hears it.
   */
  get bound(): number {
    return this.#parts.delayMs + 2 * this.#parts.grainMs;
  }

  /** To be called once per grain. */
  look(): void {
    const now = this.#parts.now();
    const running = this.#parts.live().filter((node) => node.healthy && isJoined(node));
    const runs = running.flatMap((node) => node.claims.map((slot) => `${node.id}/${slot}`));
    this.#runs = new Map(runs.map((key) => [key, this.#runs.get(key) ?? now]));
    const pairs = running.flatMap((a, index) => running.slice(index + 1).map((b) => [a, b] as const));
    const shared = pairs.flatMap(([a, b]) =>
      a.claims
        .filter((slot) => b.claims.includes(slot))
        .map((slot) => ({ key: `${slot}/${a.id}/${b.id}`, calm: this.#calm(a) && this.#calm(b) })),
    );
    this.#shared = new Map(shared.map(({ key, calm }) => [key, calm ? (this.#shared.get(key) ?? now) : now]));
    for (const [key, since] of this.#shared) {
      if (now - since > this.bound) this.violations.push(`slot/a/b ${key} shared from ${since} to ${now}`);
    }
  }

  /**
   * Nobody connects with a slot that somebody who is heard runs: not for longer than a claim is on its way, and a process
   * that was frozen not at all with one that was adopted meanwhile.
   */
  connecting(node: SimulatedNode, slot: number): void {
    if (!node.healthy || !isJoined(node)) return;
    const now = this.#parts.now();
    for (const other of this.#parts.live()) {
      const since = this.#runs.get(`${other.id}/${slot}`);
      if (other === node || since === undefined || !other.claims.includes(slot)) continue;
      const late = this.#calm(node) && this.#calm(other) && now - since > this.bound;
      const adopted = node.slept !== undefined && since > node.slept.from && since <= node.slept.to;
      if (late || adopted) {
        this.violations.push(`${node.id} connects slot ${slot} at ${now}, which ${other.id} runs since ${since}`);
      }
    }
  }

  /** A process heard a heartbeat. */
  heard(id: string, payload: Buffer): void {
    for (const [slot, term] of decodeHeartbeat(payload)?.claims ?? []) this.#learn(id, slot, term);
  }

  /** A process sent a heartbeat: the terms of what it took since the last one are new. */
  said(id: string, payload: Buffer): void {
    const claims = decodeHeartbeat(payload)?.claims;
    if (!claims) return void this.violations.push(`${id} said what nobody can read`);
    const before = this.#claims.get(id);
    for (const [slot, term] of claims) {
      const known = this.#terms.get(`${id}/${slot}`) ?? 0;
      const kept = before?.get(slot);
      if (term !== kept && term <= known) {
        this.violations.push(`${id} claims slot ${slot} with term ${term}, had ${kept}, knew of ${known}`);
      }
      this.#learn(id, slot, term);
    }
    this.#claims.set(id, claims);
  }

  #learn(id: string, slot: number, term: number): void {
    const key = `${id}/${slot}`;
    this.#terms.set(key, Math.max(term, this.#terms.get(key) ?? 0));
  }

  /** Nothing has been in its way for as long as it takes to be heard. */
  #calm({ healthy, troubledAt }: SimulatedNode): boolean {
    const { now, timing, delayMs } = this.#parts;
    return healthy && now() - troubledAt > timing.heartbeatMs + timing.tickMs + delayMs;
  }
}

function isJoined({ instances }: SimulatedNode): boolean {
  return instances.snapshot().standing === 'joined';
}
