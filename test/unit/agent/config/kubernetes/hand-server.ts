import type { KubernetesClient, WatchEvent } from '../../../../../kubernetes/client.ts';
import { CONNECTORS, type ObjectKind, type StoredObject } from '../../../../../kubernetes/object.ts';
import type { InstanceStatus } from '../../../../../shared/resources/status.ts';

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

/** Begins with some objects; `now` is in milliseconds. */
export function handServer(
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
    connector: () => kept.get(`${CONNECTORS.kind}/bridge`),
    put(object) {
      kept.set(keyOf(object), object);
      tell({ kind: 'changed', object });
    },
    drop(object) {
      kept.delete(keyOf(object));
      tell({ kind: 'removed', object });
    },
  };
  return { server, client: clientOf(server, { kept, watches, now }) };
}

interface Kept {
  readonly kept: ReadonlyMap<string, StoredObject>;
  readonly watches: Set<(event: WatchEvent) => void>;
  readonly now: () => number;
}

function clientOf(server: HandServer, { kept, watches, now }: Kept): KubernetesClient {
  const check = () => {
    if (server.broken) throw server.broken;
  };
  const unused = async () => {
    throw new Error('an agent has no right for this');
  };
  return {
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
      const [entry] = entriesOf(object);
      const connector = server.connector();
      if (connector === undefined || entry === undefined) throw new Error('there is nothing to apply');
      server.applied.push({ at: now() / 1_000, entry });
      server.managers.add(manager);
      if (server.echo) server.put(withEntry(connector, server.echo(structuredClone(entry)), server.applied.length));
      return connector;
    },
  };
}

/** Entries of the status that an object has. */
export function entriesOf(object: object | undefined): readonly InstanceStatus[] {
  const { status } = (object ?? {}) as { readonly status?: { readonly instances?: readonly InstanceStatus[] } };
  return status?.instances ?? [];
}

function withEntry(connector: StoredObject, entry: InstanceStatus, version: number): StoredObject {
  const metadata = { ...connector.metadata, resourceVersion: `w${version}` };
  return { ...connector, metadata, status: { instances: [entry] } };
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
