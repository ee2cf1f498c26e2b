import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createKubernetesSource } from '../../../../../agent/config/kubernetes/source.ts';
import type { ConfigUpdate } from '../../../../../agent/config/source.ts';
import { createLogger } from '../../../../../agent/observe/logger.ts';
import type { AgentSnapshot } from '../../../../../agent/observe/snapshot.ts';
import type { KubernetesClient, WatchEvent } from '../../../../../kubernetes/client.ts';
import { CONNECTORS, type ObjectKind, type StoredObject } from '../../../../../kubernetes/object.ts';
import type { InstanceStatus } from '../../../../../shared/resources/status.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';
import { snapshotOf } from '../../observe/snapshot-of.ts';

/** An API server that a test plays by hand. */
export interface HandServer {
  /** Puts an object there, and tells the watches. */
  readonly put: (object: StoredObject) => void;
  readonly drop: (object: StoredObject) => void;
  /** What every request throws from now on; undefined: nothing. */
  broken: Error | undefined;
  /** What every apply throws. */
  refusal: Error | undefined;
  /** Whether an apply changes the object, as seen on the watch. */
  echo: ((entry: InstanceStatus) => InstanceStatus) | undefined;
  readonly applied: { readonly at: number; readonly entry: InstanceStatus }[];
  readonly managers: Set<string>;
  readonly connector: () => StoredObject | undefined;
}

/** How a source under test is started. */
export interface StartOptions {
  readonly dataDir?: string;
  readonly objects?: readonly StoredObject[];
  readonly broken?: Error;
}

/** A source with an API server by hand, whose clock stands still; random is 0. */
export function startSource({ dataDir, objects = [], broken }: StartOptions = {}) {
  const clock = createManualClock();
  const ending = new AbortController();
  const updates: ConfigUpdate[] = [];
  const log: Record<string, unknown>[] = [];
  const state: { snapshot: AgentSnapshot } = { snapshot: snapshotOf({ config: { generation: 0, rejectedTotal: 0 } }) };
  const wallClock = () => Date.parse('2026-06-01T12:00:00.000Z') + clock.now();
  const { server, client } = handServer(() => clock.now(), objects);
  server.broken = broken;
  const source = createKubernetesSource({
    client,
    origin: 'https://api.test',
    namespace: 'plant',
    connector: 'bridge',
    dataDir,
    clock,
    random: () => 0,
    wallClock,
    snapshot: () => ({ ...state.snapshot, ...source.snapshot() }),
    logger: createLogger({
      level: 'debug',
      destination: { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) },
      now: () => clock.now(),
      wallClock: () => new Date(wallClock()),
    }),
  });
  const consume = async () => {
    for await (const update of source.updates(ending.signal)) {
      updates.push(update);
      state.snapshot = taken(state.snapshot, update);
    }
  };
  const ended = consume();
  onTestFinished(async () => {
    ending.abort();
    await ended;
  });
  /** Lets time pass in steps of a twentieth of a second. */
  const pass = async (seconds: number) => {
    await settle();
    for (let left = seconds * 20; left > 0; left--) {
      clock.advance(50);
      await settle();
    }
  };
  /** The same until a condition holds; how many seconds that took. */
  const passUntil = async (condition: () => unknown) => {
    const began = clock.now();
    await settle();
    while (!condition()) {
      if (clock.now() - began > 120_000) throw new Error(`not true: ${JSON.stringify(log)}`);
      clock.advance(50);
      await settle();
    }
    return (clock.now() - began) / 1_000;
  };
  return { source, server, updates, log, state, ending, ended, pass, passUntil };
}

/** The file system has its turns, too. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

function taken(snapshot: AgentSnapshot, update: ConfigUpdate): AgentSnapshot {
  const { rejected: _, ...config } = snapshot.config;
  if (update.kind === 'document') return { ...snapshot, config: { ...config, revision: update.document.revision } };
  const { revision, problems } = update;
  return { ...snapshot, config: { ...config, rejected: { revision, at: '', problems } } };
}

function handServer(
  now: () => number,
  objects: readonly StoredObject[],
): { server: HandServer; client: KubernetesClient } {
  const kept = new Map(objects.map((object) => [keyOf(object), object]));
  const watches = new Set<(event: WatchEvent) => void>();
  const tell = (event: WatchEvent) => watches.forEach((watch) => watch(event));
  const server: HandServer = {
    broken: undefined,
    refusal: undefined,
    echo: (entry) => entry,
    applied: [],
    managers: new Set(),
    connector: () => kept.get('MqttBridgeConnector/bridge'),
    put(object) {
      kept.set(keyOf(object), object);
      tell({ kind: 'changed', object });
    },
    drop(object) {
      kept.delete(keyOf(object));
      tell({ kind: 'removed', object });
    },
  };
  const check = () => {
    if (server.broken) throw server.broken;
  };
  const unused = async () => {
    throw new Error('an agent has no right for this');
  };
  const client: KubernetesClient = {
    get: unused,
    create: unused,
    replace: unused,
    patch: unused,
    remove: unused,
    close: () => undefined,
    async list(kind: ObjectKind) {
      check();
      return { items: [...kept.values()].filter((object) => object.kind === kind.kind), resourceVersion: '1' };
    },
    async *watch(kind, _selection, signal) {
      check();
      yield* eventsOf(watches, kind, signal);
    },
    async apply(_kind, object, { manager }) {
      check();
      if (server.refusal) throw server.refusal;
      const [entry] = (object as unknown as { status: { instances: InstanceStatus[] } }).status.instances;
      server.applied.push({ at: now() / 1_000, entry: entry! });
      server.managers.add(manager);
      const connector = kept.get(`${CONNECTORS.kind}/bridge`);
      if (connector === undefined) throw new Error('there is none');
      if (server.echo) {
        const { metadata } = connector;
        const resourceVersion = `w${server.applied.length}`;
        const status = { instances: [server.echo(JSON.parse(JSON.stringify(entry)) as InstanceStatus)] };
        server.put({ ...connector, metadata: { ...metadata, resourceVersion }, status });
      }
      return connector;
    },
  };
  return { server, client };
}

async function* eventsOf(
  watches: Set<(event: WatchEvent) => void>,
  { kind }: ObjectKind,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const waiting: WatchEvent[] = [{ kind: 'opened' }];
  let wake = (): void => undefined;
  const watch = (event: WatchEvent) => {
    if ('object' in event && event.object.kind !== kind) return;
    waiting.push(event);
    wake();
  };
  watches.add(watch);
  signal.addEventListener('abort', () => wake());
  while (!signal.aborted) {
    yield* waiting.splice(0);
    if (waiting.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
  }
  watches.delete(watch);
}

function keyOf({ kind, metadata: { name } }: StoredObject): string {
  return `${kind}/${name}`;
}
