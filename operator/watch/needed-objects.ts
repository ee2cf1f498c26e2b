import { ApiError, type KubernetesClient } from '../../kubernetes/client.ts';
import type { StoredObject } from '../../kubernetes/object.ts';
import { createReflector, type Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, SECRETS } from '../kinds.ts';
import type { OperatorClock } from '../clock.ts';
import type { OperatorLogger } from '../logger.ts';
import type { Need, Presence } from '../status/needs.ts';
import { type AskingAgain, createAskingAgain, type Refused } from './ask-again.ts';
import { createGrantHint, type GrantHint, type RoleNames, type RoleScope } from './grant-hint.ts';
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
  readonly scope: RoleScope;
  readonly name: string;
  readonly users: Set<string>;
  reflector: Reflector;
  forbidden: boolean;
  /** Asks again, where it may not be read. */
  readonly nudge: () => void;
  /** Resolves when it is known, or known to be forbidden. */
  readonly known: Promise<void>;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Follows nothing yet. */
export function createNeededObjects(options: NeedsOptions): NeededObjects {
  const followed = new Map<string, Followed>();
  const wanted = new Map<string, ReadonlySet<string>>();
  const asking = createAskingAgain(options.clock, options.random);
  const hint = createGrantHint({ ...options, namesOf });

  function namesOf({ kind, namespace }: RoleScope): RoleNames {
    const all = [...followed.values()].filter(({ scope }) => scope.kind === kind && scope.namespace === namespace);
    const names = (entries: readonly Followed[]) => entries.map(({ name }) => name).sort();
    return { wanted: names(all), forbidden: names(all.filter(({ forbidden }) => forbidden)) };
  }

  function release(id: string, key: string): void {
    const entry = followed.get(id);
    entry?.users.delete(key);
    if (entry === undefined || entry.users.size > 0) return;
    followed.delete(id);
    entry.controller.abort();
  }
  function entryOf(id: string, namespace: string, need: Need): Followed {
    const entry = followed.get(id) ?? follow(namespace, need, { ...options, asking, hint });
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
      for (const { users, nudge } of entries) {
        users.add(key);
        nudge();
      }
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
      hint.stop();
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
  readonly asking: AskingAgain;
  readonly hint: GrantHint;
}

function follow(namespace: string, need: Need, options: FollowOptions): Followed {
  const { asking, hint } = options;
  const scope = { kind: need.kind, namespace };
  const known = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const controller = new AbortController();
  const tell = () => entry.users.forEach((key) => options.changed(key));
  const item: Refused = { group: `${need.kind}/${namespace}`, ask };
  const entry: Followed = {
    scope,
    name: need.name,
    users: new Set(),
    forbidden: false,
    nudge: () => asking.nudge(item),
    known: known.promise,
    controller,
    ended: ended.promise,
    reflector: begin(),
  };

  // Runs until it is refused.
  function begin(): Reflector {
    const run = new AbortController();
    const reflector = reflectorOf({ ...scope, name: need.name }, options, { permitted, forbidden });
    void reflector.synced.then(() => known.resolve());
    void reflector.run(tell, AbortSignal.any([run.signal, controller.signal])).then(over);
    return reflector;
    function forbidden(refusal: string): void {
      if (!entry.forbidden) hint.forbidden(scope, refusal);
      entry.forbidden = true;
      run.abort();
    }
  }
  function permitted(): void {
    if (!entry.forbidden) return;
    entry.forbidden = false;
    asking.granted(item);
    // What is missing changes nothing in the copy, and is news all the same.
    tell();
  }
  function over(): void {
    known.resolve();
    if (controller.signal.aborted) return forget();
    controller.signal.addEventListener('abort', forget, { once: true });
    asking.refused(item);
  }
  function ask(): void {
    controller.signal.removeEventListener('abort', forget);
    entry.reflector = begin();
  }
  function forget(): void {
    asking.left(item);
    ended.resolve();
  }
  return entry;
}

interface Rights {
  readonly permitted: () => void;
  readonly forbidden: (refusal: string) => void;
}

function reflectorOf(object: RoleScope & { readonly name: string }, options: NeedsOptions, rights: Rights): Reflector {
  const { clock, random } = options;
  const client = mappedClient(options.client, withoutValues);
  return createReflector({
    client: { list: client.list, watch: tellingWhenTaken(client, rights.permitted) },
    kind: object.kind === 'Secret' ? SECRETS : CONFIG_MAPS,
    selection: { namespace: object.namespace, fieldSelector: `metadata.name=${object.name}` },
    clock,
    random,
    stateChanged: (state) => {
      if (state.kind !== 'apart' || !(state.error instanceof ApiError) || state.error.code !== 403) return;
      rights.forbidden(state.error.message);
    },
  });
}

/** A list alone proves nothing: a role may permit that and no watch. */
function tellingWhenTaken({ watch }: Pick<KubernetesClient, 'watch'>, taken: () => void): KubernetesClient['watch'] {
  return async function* (...request) {
    for await (const event of watch(...request)) {
      taken();
      yield event;
    }
  };
}

/** What is not kept cannot leak: the names of the keys are all that is asked of Secrets and ConfigMaps. */
function withoutValues(object: StoredObject): StoredObject {
  const { data, binaryData, metadata, apiVersion, kind } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  const empty = (values: unknown) => Object.fromEntries(Object.keys(values ?? {}).map((key) => [key, '']));
  const kept = { name, namespace, uid, resourceVersion };
  return { apiVersion, kind, metadata: kept, data: empty(data), binaryData: empty(binaryData) };
}
