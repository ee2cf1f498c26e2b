import { ApiError, type KubernetesClient } from '../../kubernetes/client.ts';
import type { StoredObject } from '../../kubernetes/object.ts';
import { createReflector, type Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, SECRETS } from '../kinds.ts';
import type { OperatorClock } from '../clock.ts';
import type { OperatorLogger } from '../logger.ts';
import type { Need, Presence } from '../status/needs.ts';
import { mappedClient } from './mapped-client.ts';

/** How Secrets and ConfigMaps are followed. */
export interface NeedsOptions {
  readonly client: KubernetesClient;
  readonly clock: OperatorClock;
  readonly random: () => number;
  readonly logger: OperatorLogger;
  /** Told of a connector of which something it needs has changed. */
  readonly changed: (key: string) => void;
}

/** Secrets and ConfigMaps that connectors name, each followed by its name, as roles allow it. */
export interface NeededObjects {
  /** Follows what a connector needs, and no longer what only it needed; resolves once all of it is known as far as it can be. */
  readonly want: (key: string, needs: readonly Need[]) => Promise<void>;
  readonly presenceOf: (namespace: string, need: Need) => Presence;
  /** How many objects may not be read. */
  readonly forbidden: () => number;
  readonly stop: () => Promise<void>;
}

interface Followed {
  readonly users: Set<string>;
  reflector: Reflector;
  forbidden: boolean;
  /** Resolves when it is known, or known to be forbidden. */
  readonly known: Promise<void>;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** A refusal stands until somebody grants the right; asking once in a while is enough. */
const ASK_AGAIN_MS = 600_000;

/** Follows nothing yet. */
export function createNeededObjects(options: NeedsOptions): NeededObjects {
  const followed = new Map<string, Followed>();
  const wanted = new Map<string, ReadonlySet<string>>();
  const sayOnce = createGrantHint(options.logger);

  function release(id: string, key: string): void {
    const entry = followed.get(id);
    entry?.users.delete(key);
    if (entry === undefined || entry.users.size > 0) return;
    followed.delete(id);
    entry.controller.abort();
  }
  function entryOf(id: string, namespace: string, need: Need): Followed {
    const entry = followed.get(id) ?? follow(namespace, need, { ...options, sayOnce });
    followed.set(id, entry);
    return entry;
  }
  return {
    async want(key, needs) {
      const namespace = key.slice(0, key.indexOf('/'));
      const ids = new Map(needs.map((need) => [idOf(namespace, need), need]));
      for (const id of wanted.get(key) ?? []) if (!ids.has(id)) release(id, key);
      if (ids.size === 0) wanted.delete(key);
      else wanted.set(key, new Set(ids.keys()));
      const entries = [...ids].map(([id, need]) => entryOf(id, namespace, need));
      for (const { users } of entries) users.add(key);
      await Promise.all(entries.map(({ known }) => known));
    },
    presenceOf(namespace, need) {
      const entry = followed.get(idOf(namespace, need));
      if (entry === undefined || entry.forbidden || entry.reflector.state.kind === 'starting')
        return { kind: 'unknown' };
      const object = entry.reflector.objects.get(`${namespace}/${need.name}`);
      return object === undefined ? { kind: 'missing' } : { kind: 'present', keys: keysOf(object) };
    },
    forbidden: () => [...followed.values()].filter(({ forbidden }) => forbidden).length,
    async stop() {
      const entries = [...followed.values()];
      for (const { controller } of entries) controller.abort();
      await Promise.all(entries.map(({ ended }) => ended));
    },
  };
}

function idOf(namespace: string, { kind, name }: Need): string {
  return `${kind}/${namespace}/${name}`;
}

function keysOf(object: StoredObject): readonly string[] {
  return [object['data'], object['binaryData']].flatMap((data) => Object.keys(data ?? {}));
}

interface FollowOptions extends NeedsOptions {
  readonly sayOnce: (error: ApiError, namespace: string, need: Need) => void;
}

function follow(namespace: string, need: Need, options: FollowOptions): Followed {
  const { clock, changed, sayOnce } = options;
  const known = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const controller = new AbortController();
  const tell = () => entry.users.forEach((key) => changed(key));
  const entry: Followed = {
    users: new Set(),
    forbidden: false,
    known: known.promise,
    controller,
    ended: ended.promise,
    reflector: begin(),
  };

  // Runs until it is refused; begins again much later.
  function begin(): Reflector {
    const run = new AbortController();
    const reflector = createReflector({
      client: mappedClient(options.client, withoutValues),
      kind: need.kind === 'Secret' ? SECRETS : CONFIG_MAPS,
      selection: { namespace, fieldSelector: `metadata.name=${need.name}` },
      clock,
      random: options.random,
      stateChanged: (state) => {
        if (state.kind !== 'apart' || !(state.error instanceof ApiError) || state.error.code !== 403) return;
        entry.forbidden = true;
        sayOnce(state.error, namespace, need);
        run.abort();
      },
    });
    void reflector.synced.then(() => (entry.forbidden = false)).then(() => known.resolve());
    void reflector.run(tell, AbortSignal.any([run.signal, controller.signal])).then(over);
    return reflector;
  }
  function over(): void {
    known.resolve();
    if (controller.signal.aborted) return ended.resolve();
    const cancel = clock.after(ASK_AGAIN_MS * (1 + options.random()), () => {
      controller.signal.removeEventListener('abort', forget);
      entry.reflector = begin();
    });
    controller.signal.addEventListener('abort', forget, { once: true });
    function forget(): void {
      cancel();
      ended.resolve();
    }
  }
  return entry;
}

/** What is not kept cannot leak: the names of the keys are all that is asked of Secrets and ConfigMaps. */
function withoutValues(object: StoredObject): StoredObject {
  const { data, binaryData, metadata, apiVersion, kind } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  const empty = (values: unknown) => Object.fromEntries(Object.keys(values ?? {}).map((key) => [key, '']));
  const kept = { name, namespace, uid, resourceVersion };
  return { apiVersion, kind, metadata: kept, data: empty(data), binaryData: empty(binaryData) };
}

/** Says once which command lets the operator see a Secret. */
function createGrantHint(logger: OperatorLogger): FollowOptions['sayOnce'] {
  let said = false;
  return (error, namespace, { kind, name }) => {
    if (said) return;
    said = true;
    const account = /system:serviceaccount:([^:"]+:[^"]+)"/.exec(error.message)?.[1] ?? 'NAMESPACE:NAME';
    const resource = `${kind.toLowerCase()}s`;
    const role = `mqttbridge-operator-${resource}`;
    const command =
      `kubectl create role ${role} -n ${namespace} --verb=get,list,watch --resource=${resource} --resource-name=${name} && ` +
      `kubectl create rolebinding ${role} -n ${namespace} --role=${role} --serviceaccount=${account}`;
    logger.warn(
      { evt: 'NeedForbidden', kind, namespace, name, fix: command },
      `${kind} ${name} may not be read, so only the agents tell when it is missing; to let the operator tell: ${command}`,
    );
  };
}
