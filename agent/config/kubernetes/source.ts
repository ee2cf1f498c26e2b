import type { KubernetesClient } from '../../../kubernetes/client.ts';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot, ApiServerSnapshot } from '../../observe/snapshot.ts';
import type { ConfigSource, ConfigUpdate } from '../source.ts';
import { SYSTEM_CLOCK } from '../remote/clock.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { createInbox, type Inbox } from '../remote/inbox.ts';
import { createLedger, type Ledger } from '../remote/ledger.ts';
import { createDocumentFile } from '../remote/saved-document.ts';
import { documentUpdates } from '../remote/stream.ts';
import { type Copies, createCopies } from './copies.ts';
import { definitionOf, loadObjects, versionOf } from './definition.ts';
import { type ApiServerFault, type Asking, faultOf, judgeError } from './fault.ts';
import { createSettling } from './settling.ts';
import { createStanding, type Standing } from './standing.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';
import { createVersions, type Versions } from './versions.ts';

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
  const copies = createCopies({ ...options, stateChanged: () => note() });
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
    count: (outcome) => standing.count(outcome),
    tell(fault) {
      writeFault = fault;
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
  const { clock, copies, writer, client, note } = parts;
  const inbox = createInbox(signal);
  const look = (): void => {
    if (copies.areSynced()) take(parts, inbox);
    note();
  };
  const settling = createSettling(clock, look);
  const following = copies.run(() => settling.stir(), signal);
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

/** What the copies say of the API server; what a write met counts only while they have nothing to say. */
function stateOf({ all, connector, areSynced }: Copies, asking: Asking, writeFault: ApiServerFault | undefined) {
  const apart = all.map(({ state }) => state).find(({ kind }) => kind === 'apart');
  if (apart?.kind === 'apart') {
    return { up: false, fault: judgeError(apart.error, asking, 'CustomResourcesMissing').fault };
  }
  const up = all.every(({ state }) => state.kind === 'synced');
  const missing = areSynced() && connector() === undefined;
  return { up, fault: missing ? faultOf('ConnectorNotFound', asking) : writeFault };
}
