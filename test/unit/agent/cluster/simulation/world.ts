import type { ClusterTiming } from '../../../../../agent/cluster/timing.ts';
import { type ConnectorDocument, connectorDocument } from '../../../../../shared/plan/document.ts';
import { createRandom } from '../../../../support/random.ts';
import { sampleConnector } from '../../../shared/sample.ts';
import { SimulatedBroker } from './broker.ts';
import { Checks } from './checks.ts';
import { VirtualClock } from './clock.ts';
import { SimulatedNode } from './node.ts';
import { SessionTable } from './session-table.ts';

/** Something that happens to the processes; `who` counts those that live, modulo their number. */
export type Event =
  | { readonly kind: 'join'; readonly instance: number }
  | { readonly kind: 'kill'; readonly who: number }
  | { readonly kind: 'leave'; readonly who: number }
  | { readonly kind: 'cut'; readonly who: number; readonly told: boolean }
  | Trouble
  | { readonly kind: 'restart'; readonly ms: number }
  | { readonly kind: 'document'; readonly slots: number; readonly lag: number }
  | { readonly kind: 'forge'; readonly payload: Buffer };

/** Something that lasts. */
type Trouble =
  | { readonly kind: 'freeze'; readonly who: number; readonly ms: number; readonly timersFirst: boolean }
  | { readonly kind: 'sever'; readonly who: number; readonly ms: number }
  | { readonly kind: 'lossy'; readonly who: number; readonly ms: number }
  | { readonly kind: 'deny'; readonly who: number; readonly ms: number; readonly what: 'publish' | 'connect' | 'kick' };

/** How a world is set up. */
export interface WorldOptions {
  readonly timing: ClusterTiming;
  readonly slots: number;
  readonly instances: number;
  /** Longest time a heartbeat takes, in milliseconds. */
  readonly delayMs: number;
  readonly seed: number;
}

/** How often the processes are looked at, in milliseconds. */
const GRAIN_MS = 25;

/** Processes around one broker; what must always hold is checked as it happens. */
export class World {
  readonly clock = new VirtualClock();
  readonly nodes: SimulatedNode[] = [];
  readonly table: SessionTable;
  readonly broker: SimulatedBroker;
  readonly checks: Checks;
  readonly #options: WorldOptions;
  readonly #random: () => number;
  #document: ConnectorDocument;
  #joined = 0;

  constructor(options: WorldOptions) {
    const { clock } = this;
    const random = createRandom(options.seed);
    this.#options = options;
    this.#random = random;
    this.#document = documentOf(options.slots, 0);
    const { timing, delayMs } = options;
    this.checks = new Checks({ timing, delayMs, grainMs: GRAIN_MS, now: clock.now, live: () => this.live });
    this.table = new SessionTable(clock, (node, slot) => this.checks.connecting(node, slot));
    this.broker = new SimulatedBroker({ clock, random, delayMs });
    for (let instance = 0; instance < options.instances; instance++) this.apply({ kind: 'join', instance });
  }

  get live(): SimulatedNode[] {
    return this.nodes.filter(({ alive }) => alive);
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= GRAIN_MS) {
      this.clock.pass(Math.min(left, GRAIN_MS));
      this.checks.look();
    }
  }

  apply(event: Event): void {
    if (event.kind === 'join') return this.#join(event.instance);
    if (event.kind === 'restart') return this.#restart(event.ms);
    if (event.kind === 'document') return this.#publish(event);
    if (event.kind === 'forge') return this.broker.forge(event.payload);
    const { live } = this;
    const node = live[event.who % live.length];
    if (!node) return;
    node.troubledAt = this.clock.now();
    if (event.kind === 'kill') node.kill();
    else if (event.kind === 'leave') node.leave();
    else if (event.kind === 'cut') this.broker.cut(node.line, event.told);
    else this.#trouble(node, event);
  }

  /** Ends all trouble and lets everybody have the newest document. */
  heal(): void {
    for (const node of this.live) this.#recover(node);
    for (const node of this.live) node.follow(this.#document);
  }

  /** What does not hold although nothing has happened for long. */
  unsettled(): string[] {
    const { live } = this;
    if (live.length === 0) return [];
    const slots = Array.from({ length: this.#document.connector.spec.bridgeInstances }, (_, slot) => slot);
    const owners = slots.map((slot) => live.filter(({ claims }) => claims.includes(slot)));
    const loads = live.map(({ claims }) => claims.length);
    const wrong = slots
      .filter((slot) => owners[slot]?.length !== 1)
      .map((slot) => `slot ${slot} has ${owners[slot]?.length} owners`);
    if (Math.max(...loads) - Math.min(...loads) > 1) wrong.push(`loads ${loads.join()}`);
    for (const node of live) {
      const { standing } = node.instances.snapshot();
      if (standing !== 'joined') wrong.push(`${node.id} is ${standing}`);
      for (const slot of node.claims) {
        if (!slots.includes(slot)) wrong.push(`${node.id} runs slot ${slot}`);
        else if (!node.sessions.get(slot)?.connected) wrong.push(`${node.id} has no session of slot ${slot}`);
      }
    }
    return wrong;
  }

  #join(instance: number): void {
    const { clock, broker, table, checks } = this;
    const id = `${instance}.${this.#joined++}`;
    const { timing } = this.#options;
    const node = new SimulatedNode({ clock, broker, table, checks, random: this.#random, timing, instance, id });
    this.nodes.push(node);
    node.follow(this.#document);
  }

  #restart(ms: number): void {
    this.broker.restart(ms);
    for (const node of this.live) node.troubledAt = this.clock.now() + ms;
  }

  /** A document with so many slots reaches each process at another time. */
  #publish({ slots, lag }: Event & { kind: 'document' }): void {
    this.#document = documentOf(slots, this.clock.now());
    const document = this.#document;
    for (const node of this.live)
      this.clock.after(lag * this.#random(), () => {
        if (document === this.#document) node.follow(document);
      });
  }

  #trouble(node: SimulatedNode, event: Trouble): void {
    if (event.kind === 'freeze') node.freeze();
    else if (event.kind === 'sever') node.line.severed = true;
    else if (event.kind === 'lossy') node.line.loss = 0.5;
    else {
      node.line.denied = event.what;
      if (event.what === 'connect') this.broker.cut(node.line, true);
    }
    this.clock.after(event.ms, () => {
      if (event.kind === 'freeze') {
        node.thaw(event.timersFirst);
      } else this.#recover(node);
    });
  }

  #recover(node: SimulatedNode): void {
    if (!node.healthy) node.troubledAt = this.clock.now();
    node.line.severed = false;
    node.line.loss = 0;
    node.line.denied = 'no';
    node.thaw(true);
  }
}

function documentOf(slots: number, version: number): ConnectorDocument {
  return connectorDocument(sampleConnector({ bridgeInstances: slots, clientIdPrefix: `v${version}` }), []);
}
