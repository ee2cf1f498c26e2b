import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Conditions, type Link, runLink, runTimers } from './fault-link.ts';
import type { Frame } from './frames.ts';
import { freePort } from './free-port.ts';
import type { Scope } from './scope.ts';
import type { Direction, Toxic } from './toxics.ts';

/** Something that was put on a proxy and can be taken off again, for live connections too. */
interface Removable {
  readonly remove: () => void;
}

/** A TCP proxy on a fixed loopback port that does to connections what it is told. */
export interface FaultProxy {
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Adds a toxic to present and future connections; both directions unless told. */
  readonly add: (toxic: Toxic, direction?: Direction) => Removable;
  /** Takes off all toxics and rules. */
  readonly reset: () => void;
  /** Toxiproxy's `down`: cuts all connections and refuses new ones until `up()`. */
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
  /** Ends all connections at once, by RST unless told; new ones are accepted. */
  readonly cutAll: (how?: 'close' | 'reset') => void;
  /** Drops the MQTT packets for which the predicate is true; it sees each packet once, in order (no TLS, no WebSocket). */
  readonly swallow: (direction: Direction, predicate: (frame: Frame) => boolean) => Removable;
  readonly close: () => Promise<void>;
}

interface State {
  readonly target: { readonly host: string; readonly port: number };
  readonly conditions: Record<Direction, Conditions>;
  readonly cuts: Set<(how: 'close' | 'reset') => void>;
  readonly running: Set<Promise<unknown>>;
  accepted: number;
}

/** Starts a proxy in front of `target`; it and its connections end with the scope. */
export async function startFaultProxy(scope: Scope, target: { host?: string; port: number }): Promise<FaultProxy> {
  const changed = new EventEmitter().setMaxListeners(0);
  const state: State = {
    target: { host: target.host ?? '127.0.0.1', port: target.port },
    conditions: {
      upstream: { toxics: new Set(), rules: new Set(), changed },
      downstream: { toxics: new Set(), rules: new Set(), changed },
    },
    cuts: new Set(),
    running: new Set(),
    accepted: 0,
  };
  const listener = createListener(state, await listenAnywhere(state));
  const proxy = createProxy(state, listener, changed);
  scope.onTestFinished(proxy.close);
  return proxy;
}

interface Listener {
  readonly port: number;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function createProxy(state: State, listener: Listener, changed: EventEmitter): FaultProxy {
  const { conditions, cuts } = state;
  const cutAll = (how: 'close' | 'reset' = 'reset') => [...cuts].forEach((cut) => cut(how));
  const put = <T>(sets: Set<T>[], item: T): Removable => {
    for (const set of sets) set.add(item);
    changed.emit('changed');
    return {
      remove() {
        for (const set of sets) set.delete(item);
        changed.emit('changed');
      },
    };
  };
  const down = async () => {
    const closed = listener.close();
    cutAll('close');
    await closed;
  };
  return {
    port: listener.port,
    get connections() {
      return cuts.size;
    },
    get accepted() {
      return state.accepted;
    },
    // A copy, so that the same object may be added twice.
    add: (toxic, direction) =>
      put(
        directions(direction).map((name) => conditions[name].toxics),
        { ...toxic },
      ),
    swallow: (direction, predicate) => put([conditions[direction].rules], (frame: Frame) => predicate(frame)),
    reset() {
      for (const { toxics, rules } of Object.values(conditions)) {
        toxics.clear();
        rules.clear();
      }
      changed.emit('changed');
    },
    cutAll,
    down,
    up: () => listener.open(),
    async close() {
      await down();
      await Promise.all(state.running);
    },
  };
}

function directions(direction: Direction | undefined): Direction[] {
  return direction ? [direction] : ['upstream', 'downstream'];
}

async function listenAnywhere(state: State): Promise<Server> {
  for (;;) {
    const server = await listen(state, await freePort()).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      return undefined;
    });
    if (server) return server;
  }
}

async function listen(state: State, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(state, socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function createListener(state: State, first: Server): Listener {
  let server: Server | undefined = first;
  const { port } = first.address() as { port: number };
  return {
    port,
    async open() {
      server ??= await listen(state, port);
    },
    async close() {
      const closing = server;
      server = undefined;
      if (closing) await new Promise((resolve) => closing.close(resolve));
    },
  };
}

function accept(state: State, client: Socket): void {
  const { target, conditions, cuts, running } = state;
  const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const ended = new AbortController();
  const over = (how: 'close' | 'reset') => {
    if (ended.signal.aborted) return;
    cuts.delete(over);
    ended.abort();
    for (const socket of [client, server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  };
  // What goes wrong on a socket shows in the reader of its data.
  for (const socket of [client, server]) socket.on('error', () => undefined);
  state.accepted++;
  cuts.add(over);
  const link = { signal: ended.signal, over };
  const up: Link = { ...link, source: client, target: server, conditions: conditions.upstream };
  const down: Link = { ...link, source: server, target: client, conditions: conditions.downstream };
  const ends = Promise.all([runLink(up), runLink(down)]).then(() => over('close'));
  const run = Promise.all([ends, runTimers(up), runTimers(down)]).finally(() => running.delete(run));
  running.add(run);
}
