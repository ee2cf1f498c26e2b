import { Instances } from '../../../../../agent/cluster/instances.ts';
import type { Presence, PresenceParts } from '../../../../../agent/cluster/presence.ts';
import type { ClusterTiming } from '../../../../../agent/cluster/timing.ts';
import { createMountedFiles } from '../../../../../agent/config/mounted-files.ts';
import { createCredentials } from '../../../../../agent/session/credentials/credentials.ts';
import { connectionSpecOf } from '../../../../../agent/session/credentials/spec.ts';
import type { ConnectorDocument } from '../../../../../shared/plan/document.ts';
import type { Line, SimulatedBroker } from './broker.ts';
import type { Checks } from './checks.ts';
import type { VirtualClock } from './clock.ts';
import type { SessionTable } from './session-table.ts';
import { SILENT } from '../../../../support/silent-logger.ts';

/** What a simulated process is made of. */
export interface NodeParts {
  readonly clock: VirtualClock;
  readonly broker: SimulatedBroker;
  readonly table: SessionTable;
  readonly checks: Checks;
  /** In [0, 1). */
  readonly random: () => number;
  readonly timing: ClusterTiming;
  readonly instance: number;
  readonly id: string;
}

/** One session of a slot, as the process sees it. */
interface NodeSession {
  connected: boolean;
  /** When it may connect, in milliseconds. */
  due: number;
}

/** Longest time that sessions take to finish, in milliseconds. */
const MOVE_MS = 600;
const TAKEN_OVER_MS = 30_000;

/** A process with one instance, the sessions of its slots, and the steering between them. */
export class SimulatedNode {
  readonly id: string;
  readonly instance: number;
  readonly line: Line;
  readonly instances: Instances;
  readonly sessions = new Map<number, NodeSession>();
  alive = true;
  /** When it last was frozen, denied or cut off, in milliseconds. */
  troubledAt = 0;
  /** When it last was frozen. */
  slept: { readonly from: number; readonly to: number } | undefined;
  #frozenAt = 0;
  #frozen = false;
  #waiting: (() => void)[] = [];
  #moving = false;
  #again = false;
  #document: ConnectorDocument | undefined;
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { clock, random, timing, instance, id } = parts;
    this.id = id;
    this.instance = instance;
    this.line = { deliver: (run) => this.#deliver(run), severed: false, denied: 'no', loss: 0 };
    this.instances = new Instances({
      instance,
      id,
      timing,
      connectTimeoutMs: 1_000,
      logger: SILENT,
      random,
      now: clock.now,
      credentialsOf: (connector) =>
        createCredentials(connectionSpecOf(connector, 'local'), { files: createMountedFiles({}) }),
      changed: () => this.#move(),
      presenceOf: (presence) => this.#watched(presence),
      every: (ms, run) => this.#every(ms, run),
    });
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get claims(): readonly number[] {
    return this.instances.snapshot().slots;
  }

  /** It runs, is not frozen, and nothing is in the way between it and the broker. */
  get healthy(): boolean {
    const { severed, denied, loss } = this.line;
    return this.alive && !this.#frozen && !severed && denied === 'no' && loss === 0;
  }

  follow(document: ConnectorDocument): void {
    this.#deliver(() => {
      this.#document = document;
      this.instances.follow(document);
      this.#move();
    });
  }

  freeze(): void {
    if (!this.#frozen) this.#frozenAt = this.#parts.clock.now();
    this.#frozen = true;
  }

  /** What came in meanwhile is read before or after the timers that are due. */
  thaw(timersFirst: boolean): void {
    if (!this.#frozen || !this.alive) return;
    this.#frozen = false;
    this.troubledAt = this.#parts.clock.now();
    this.slept = { from: this.#frozenAt, to: this.troubledAt };
    if (timersFirst) this.#look();
    for (const run of this.#waiting.splice(0)) run();
  }

  kill(): void {
    this.alive = false;
    this.#parts.table.gone(this);
    this.#parts.broker.cut(this.line, true);
  }

  /** What SIGTERM does. */
  leave(): void {
    if (this.#frozen) return;
    this.instances.leave();
    this.#parts.clock.after(this.#parts.random() * MOVE_MS, () =>
      this.#deliver(() => {
        this.#parts.table.gone(this);
        void this.instances.stop();
        this.alive = false;
      }),
    );
  }

  /** Its session of a slot was given to another process. */
  lost(slot: number): void {
    this.#deliver(() => {
      const session = this.sessions.get(slot);
      if (!session?.connected) return;
      session.connected = false;
      session.due = this.#parts.clock.now() + TAKEN_OVER_MS * (1 + this.#parts.random());
      this.instances.takenOver(slot);
    });
  }

  #watched(parts: PresenceParts): Presence {
    const { broker, checks } = this.#parts;
    const heard = (payload: Buffer) => {
      checks.heard(this.id, payload);
      return parts.heard(payload);
    };
    const presence = broker.presence({ ...parts, heard }, this.line);
    return {
      ...presence,
      publish: (payload) => {
        checks.said(this.id, payload);
        presence.publish(payload);
      },
    };
  }

  #deliver(run: () => void): void {
    if (!this.alive) return;
    if (this.#frozen) this.#waiting.push(() => this.#deliver(run));
    else run();
  }

  #every(ms: number, run: () => void): () => void {
    let stopped = false;
    const tick = () => {
      if (stopped || !this.alive) return;
      if (!this.#frozen) {
        run();
        this.#look();
      }
      this.#parts.clock.after(ms, tick);
    };
    tick();
    return () => (stopped = true);
  }

  /** One move at a time, as steering does it. */
  #move(): void {
    if (this.#moving) {
      this.#again = true;
      return;
    }
    const { clock, random, table } = this.#parts;
    const document = this.#document;
    if (!document) return;
    this.#moving = true;
    const slots = this.instances.slotsOf();
    const leaving = [...this.sessions.keys()].some((slot) => !slots.has(slot));
    const finish = () => {
      for (const slot of this.sessions.keys()) if (!slots.has(slot)) table.close(this, slot);
      for (const slot of slots)
        if (!this.sessions.has(slot)) this.sessions.set(slot, { connected: false, due: clock.now() });
      this.instances.applied(document, slots);
      this.instances.running(slots, slots.size > 0 ? inPlan(slots, document) : slots);
      this.#moving = false;
      if (this.#again) {
        this.#again = false;
        this.#move();
      }
    };
    clock.after(leaving ? random() * MOVE_MS : 1, () => this.#deliver(finish));
  }

  #look(): void {
    const { clock, table } = this.#parts;
    for (const [slot, session] of this.sessions) {
      if (session.connected || clock.now() < session.due || !this.instances.cleared(slot)) continue;
      session.connected = true;
      table.connected(this, slot);
    }
  }
}

function inPlan(slots: ReadonlySet<number>, { connector }: ConnectorDocument): ReadonlySet<number> {
  return new Set([...slots].filter((slot) => slot < connector.spec.bridgeInstances));
}
