import type { Presence, PresenceParts } from '../../../../../agent/cluster/presence.ts';
import { refusedFault, wireFault } from '../../../../../agent/session/faults.ts';
import type { VirtualClock } from './clock.ts';

/** How a process reaches the broker, and what goes wrong there. */
export interface Line {
  /** Runs now, or when the process goes on; in order. */
  readonly deliver: (run: () => void) => void;
  /** Packets wait on the way, in both directions, until this ends. */
  severed: boolean;
  /** The broker ignores what it publishes, does not let it in, or ends the connection for what it publishes. */
  denied: 'no' | 'publish' | 'connect' | 'kick';
  /** Chance that the broker drops a heartbeat on its way here. */
  loss: number;
}

interface Link {
  readonly parts: PresenceParts;
  readonly line: Line;
  readonly will: Buffer;
  readonly up: Pipe;
  readonly down: Pipe;
  open: boolean;
  heardAt: number;
}

/** What a broker is made of. */
export interface BrokerParts {
  readonly clock: VirtualClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Longest time a message takes from one process to another, in milliseconds. */
  readonly delayMs: number;
}

/** One and a half of the keep-alive of the presence connection (MQTT5 3.1.2.10). */
const KEEP_ALIVE_MS = 7_500;
const RETRY_MS = 500;

/** The heartbeat topic of a broker: connections, wills, and messages that take their time. */
export class SimulatedBroker {
  readonly #parts: BrokerParts;
  readonly #links = new Set<Link>();
  up = true;

  constructor(parts: BrokerParts) {
    this.#parts = parts;
    const watch = () => {
      this.#expire();
      parts.clock.after(500, watch);
    };
    watch();
  }

  /** The presence of a process that reaches this broker over a line. */
  presence(parts: PresenceParts, line: Line): Presence {
    const { clock } = this.#parts;
    let link: Link | undefined;
    let stopped = false;
    const connect = (): void => {
      if (stopped) return;
      if (line.severed || !this.up) return later(false);
      if (line.denied === 'connect') return later(true);
      link = this.#open(parts, line, () => later(line.denied === 'kick'));
      parts.opened();
    };
    const later = (refused: boolean): void => {
      if (stopped) return;
      link = undefined;
      parts.closed(refused ? { ...refusedFault(0x87), verdict: 'slow' } : wireFault(undefined), refused);
      clock.after(RETRY_MS * (0.5 + this.#parts.random() / 2), () => line.deliver(connect));
    };
    return {
      start: () => clock.after(20, () => line.deliver(connect)),
      publish: (payload) => link?.up.push(payload),
      stop: () => {
        stopped = true;
        if (link) this.#leave(link);
        return Promise.resolve();
      },
    };
  }

  /** Ends the connections of a line; its will is published when it is `told`. */
  cut(line: Line, told: boolean): void {
    for (const link of this.#of(line)) this.#drop(link, told);
  }

  restart(downMs: number): void {
    this.up = false;
    for (const link of this.#links) this.#drop(link, false);
    this.#parts.clock.after(downMs, () => (this.up = true));
  }

  /** Somebody publishes where the heartbeats are. */
  forge(payload: Buffer): void {
    this.#spread(payload);
  }

  #of(line: Line): Link[] {
    return [...this.#links].filter((link) => link.line === line);
  }

  #open(parts: PresenceParts, line: Line, closed: () => void): Link {
    const { clock } = this.#parts;
    const pipe = (arrived: (payload: Buffer | undefined) => void) =>
      new Pipe({ ...this.#parts, delayMs: this.#parts.delayMs / 2, line, arrived });
    const link: Link = {
      parts,
      line,
      will: parts.will(),
      open: true,
      heardAt: clock.now(),
      up: pipe((payload) => payload && this.#received(link, payload)),
      down: pipe((payload) => line.deliver(() => (payload ? parts.heard(payload) : closed()))),
    };
    this.#links.add(link);
    return link;
  }

  #received(link: Link, payload: Buffer): void {
    if (!link.open) return;
    link.heardAt = this.#parts.clock.now();
    if (link.line.denied === 'kick') this.#drop(link, false);
    else if (link.line.denied === 'no') this.#spread(payload);
  }

  #spread(payload: Buffer): void {
    for (const { line, down } of this.#links) {
      if (this.#parts.random() < line.loss) continue;
      down.push(payload);
    }
  }

  #drop(link: Link, told: boolean): void {
    if (!link.open) return;
    link.open = false;
    this.#links.delete(link);
    if (link.line.severed) link.down.break();
    else link.down.push(undefined);
    if (told) this.#spread(link.will);
  }

  /** DISCONNECT comes behind everything that was sent. */
  #leave(link: Link): void {
    this.#parts.clock.after(this.#parts.delayMs, () => {
      link.open = false;
      this.#links.delete(link);
    });
  }

  #expire(): void {
    const now = this.#parts.clock.now();
    for (const link of this.#links) if (now - link.heardAt > KEEP_ALIVE_MS) this.#drop(link, true);
  }
}

interface PipeParts extends Pick<BrokerParts, 'clock' | 'random' | 'delayMs'> {
  readonly line: Line;
  /** Undefined for the end of the connection. */
  readonly arrived: (payload: Buffer | undefined) => void;
}

/** One direction of a connection: keeps the order, takes its time, and waits while the line is severed. */
class Pipe {
  readonly #parts: PipeParts;
  #queue: { readonly at: number; readonly payload: Buffer | undefined }[] = [];

  constructor(parts: PipeParts) {
    this.#parts = parts;
  }

  push(payload: Buffer | undefined): void {
    const { clock, random, delayMs } = this.#parts;
    const at = Math.max(this.#queue.at(-1)?.at ?? 0, clock.now() + random() * delayMs);
    this.#queue.push({ at, payload });
    clock.after(at - clock.now(), () => this.#drain());
  }

  /** The connection is over at both ends: nothing that is on the way arrives any more. */
  break(): void {
    this.#queue = [];
    this.#parts.arrived(undefined);
  }

  #drain(): void {
    const { clock, line, arrived } = this.#parts;
    if (line.severed) return clock.after(50, () => this.#drain());
    for (let head = this.#queue[0]; head && head.at <= clock.now(); head = this.#queue[0]) {
      this.#queue.shift();
      arrived(head.payload);
    }
  }
}
