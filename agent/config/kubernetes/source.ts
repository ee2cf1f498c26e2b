import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { createReflector, type Reflector } from '../../../kubernetes/reflector.ts';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot, ApiServerSnapshot } from '../../observe/snapshot.ts';
import type { ConfigSource, ConfigUpdate } from '../source.ts';
import { type MonotonicClock, SYSTEM_CLOCK } from '../remote/clock.ts';
import type { ObjectVersion } from '../remote/document.ts';
import { createInbox, type Inbox } from '../remote/inbox.ts';
import { createLedger, type Ledger } from '../remote/ledger.ts';
import { createDocumentFile } from '../remote/saved-document.ts';
import { documentUpdates } from '../remote/stream.ts';
import { concerns, definitionOf, loadObjects, versionOf } from './definition.ts';
import { type ApiServerFault, type Asking, faultOf, judgeError } from './fault.ts';
import { createSettling } from './settling.ts';
import { createStanding, type Standing } from './standing.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';

/** What an agent needs that watches its own definition. */
export interface KubernetesOptions {
  /** Ended with the updates. */
  readonly client: KubernetesClient;
  /** Of the API server, without path: for people. */
  readonly origin: string;
  readonly namespace: string;
  readonly connector: string;
  /** The slot of this process; all slots when absent, and its entry is that of instance 0. */
  readonly instance?: number | undefined;
  /** Folder of the last good definition; none is kept when absent. */
  readonly dataDir?: string | undefined;
  readonly snapshot: () => AgentSnapshot;
  readonly logger: Logger;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock: () => number;
  readonly clock?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** A source of configurations that also says how the API server is. */
export interface KubernetesSource extends ConfigSource {
  readonly snapshot: () => { readonly apiServer: ApiServerSnapshot };
}

interface Parts extends KubernetesOptions {
  readonly clock: MonotonicClock;
  readonly asking: Asking;
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly copies: Copies;
  readonly versions: Versions;
  readonly writer: StatusWriter;
}

/** Remembers its options; `updates` begins to watch and to write. */
export function createKubernetesSource(options: KubernetesOptions): KubernetesSource {
  const { origin, namespace, connector, instance, dataDir, logger, wallClock } = options;
  const { clock = SYSTEM_CLOCK, random = Math.random } = options;
  const asking: Asking = { origin, namespace, connector };
  const owner = { place: { namespace }, connector, instance: instance === undefined ? 'all' : String(instance) };
  const file = dataDir === undefined ? undefined : createDocumentFile(dataDir, owner);
  const ledger = createLedger({ file, logger, wallClock });
  const standing = createStanding({ asking, logger, date: () => new Date(wallClock()).toISOString() });
  const versions = createVersions(ledger);
  const copies = openCopies(options, () => note());
  let writeFault: ApiServerFault | undefined;
  const note = (): void => standing.note(stateOf(copies, asking, writeFault));
  const writer = createStatusWriter({
    ...options,
    clock,
    random,
    asking,
    instance: String(instance ?? 0),
    connector: copies.connector,
    generations: () => versions.generations(copies.connector()),
    wrote(fault) {
      writeFault = fault;
      standing.count(fault?.reason ?? 'Written');
      note();
    },
  });
  const parts: Parts = { ...options, clock, asking, ledger, standing, copies, versions, writer };
  return {
    updates: (signal) => updates({ ...parts, note }, signal),
    snapshot() {
      const { runs } = versions.generations(copies.connector());
      const from = versions.documentFrom();
      return {
        apiServer: {
          url: origin,
          namespace,
          ...standing.snapshot(),
          ...(runs === undefined ? {} : { generation: runs }),
          ...(from === undefined ? {} : { documentFrom: from }),
        },
      };
    },
  };
}

async function* updates(
  parts: Parts & { readonly note: () => void },
  signal: AbortSignal,
): AsyncGenerator<ConfigUpdate, void> {
  const { clock, copies, writer, client, connector, note } = parts;
  const inbox = createInbox(signal);
  const look = (): void => {
    if (copies.areSynced()) take(parts, inbox);
    note();
  };
  const settling = createSettling(clock, look);
  const following = copies.run(connector, settling.stir, signal);
  const writing = writer.run(signal);
  // What was there before the start need not settle.
  const asked = copies.synced.then(look);
  try {
    yield* documentUpdates({ ...parts, clock, inbox, load: loadObjects, asked, settled: () => writer.hurry() });
  } finally {
    settling.stop();
    await Promise.all([following, writing]);
    await writer.finish();
    client.close();
  }
}

/** While there is no connector nothing is taken away: it may be about to come back. */
function take({ copies, versions, wallClock }: Parts, inbox: Inbox): void {
  const connector = copies.connector();
  if (connector === undefined) return;
  const definition = definitionOf(connector, copies.topicMaps.objects.values());
  versions.saw(definition.revision, versionOf(connector));
  inbox.put({ ...definition, savedAt: new Date(wallClock()).toISOString(), from: 'apiServer' });
}

/** The connector and the topic maps of its namespace. */
interface Copies {
  readonly topicMaps: Reflector;
  readonly all: readonly Reflector[];
  readonly connector: () => StoredObject | undefined;
  readonly areSynced: () => boolean;
  readonly synced: Promise<void>;
  run(connector: string, stir: () => void, signal: AbortSignal): Promise<void>;
}

function openCopies(options: KubernetesOptions, stateChanged: () => void): Copies {
  const { client, namespace, connector } = options;
  const common = {
    client,
    stateChanged,
    ...(options.clock && { clock: options.clock }),
    ...(options.random && { random: options.random }),
  };
  const one = { namespace, fieldSelector: `metadata.name=${connector}` };
  const connectors = createReflector({ ...common, kind: CONNECTORS, selection: one });
  const topicMaps = createReflector({ ...common, kind: TOPIC_MAPS, selection: { namespace } });
  const all = [connectors, topicMaps];
  let areSynced = false;
  const synced = Promise.all(all.map((copy) => copy.synced)).then(() => {
    areSynced = true;
  });
  return {
    topicMaps,
    all,
    connector: () => connectors.objects.get(`${namespace}/${connector}`),
    areSynced: () => areSynced,
    synced,
    async run(name, stir, signal) {
      await Promise.all(all.map((copy) => copy.run((change) => concerns(change, name) && stir(), signal)));
    },
  };
}

/** What the reflections say of the API server; what a write met counts only while they have nothing to say. */
function stateOf({ all, connector, areSynced }: Copies, asking: Asking, writeFault: ApiServerFault | undefined) {
  const apart = all.map(({ state }) => state).find(({ kind }) => kind === 'apart');
  if (apart?.kind === 'apart') {
    return { up: false, fault: judgeError(apart.error, asking, 'CustomResourcesMissing').fault };
  }
  const up = all.every(({ state }) => state.kind === 'synced');
  const missing = areSynced() && connector() === undefined;
  return { up, fault: missing ? faultOf('ConnectorNotFound', asking) : writeFault };
}

/** Which version of the connector's object is which content. */
interface Versions {
  saw(revision: string, object: ObjectVersion): void;
  /** Generations of the connector that runs, and of the newest one that was taken or refused; of this object only. */
  generations(connector: StoredObject | undefined): {
    readonly runs: number | undefined;
    readonly judged: number | undefined;
  };
  /** What the API server has, too, does not come from disk alone. */
  documentFrom(): ApiServerSnapshot['documentFrom'] | undefined;
}

function createVersions(ledger: Ledger): Versions {
  let newest: { readonly revision: string; readonly object: ObjectVersion } | undefined;
  let judged: ObjectVersion | undefined;
  const isNewest = (revision: string | undefined) => newest !== undefined && revision === newest.revision;
  return {
    saw(revision, object) {
      newest = { revision, object };
    },
    generations(connector) {
      const { state, origin } = ledger;
      if (isNewest(state.revision) || isNewest(state.rejected?.revision)) judged = newest?.object;
      const runs = isNewest(state.revision) ? newest?.object : origin?.object;
      const ofThis = (object: ObjectVersion | undefined) =>
        object?.uid === connector?.metadata.uid ? object?.generation : undefined;
      return { runs: ofThis(runs), judged: ofThis(judged) };
    },
    documentFrom() {
      const { state, origin } = ledger;
      return isNewest(state.revision) ? 'apiServer' : origin?.from;
    },
  };
}
