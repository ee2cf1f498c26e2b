import { randomUUID } from 'node:crypto';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot } from '../../observe/snapshot.ts';
import type { ConfigSource, ConfigUpdate } from '../source.ts';
import { reportUrl } from './address.ts';
import { type MonotonicClock, SYSTEM_CLOCK } from './clock.ts';
import { type Conversation, createConversation } from './conversation.ts';
import type { ControlPlaneCredentials } from './credentials.ts';
import { judgeDocument } from './document.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { createInbox, type Inbox, type Received } from './inbox.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createReporting, type Sent } from './reporting.ts';
import { createDocumentFile } from './saved-document.ts';

/** What an agent's conversation with its control plane needs. */
export interface ControlPlaneOptions {
  /** As `parseControlPlane` gives it. */
  readonly url: URL;
  readonly site: string;
  readonly connector: string;
  /** The slot of this process; all slots when absent. */
  readonly instance?: number | undefined;
  readonly credentials: ControlPlaneCredentials;
  /** Folder of the last good document; none is kept when absent. */
  readonly dataDir?: string | undefined;
  readonly snapshot: () => AgentSnapshot;
  readonly logger: Logger;
  readonly version: string;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock: () => number;
  readonly clock?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Stands in for the network in tests. */
  readonly exchange?: Exchange;
}

/** A source of configurations that also says how the control plane is. */
export type ControlPlaneSource = Required<ConfigSource>;

interface Parts {
  readonly connector: string;
  readonly clock: MonotonicClock;
  readonly random: () => number;
  readonly exchange: Exchange;
  readonly conversation: Conversation;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly wallClock: () => number;
}

/** How long a start waits for the control plane before it begins with the document on disk, in milliseconds. */
export const START_PATIENCE_MS = 2_000;

/** Remembers its options; `updates` begins to report. */
export function createControlPlaneSource(options: ControlPlaneOptions): ControlPlaneSource {
  const { url, site, connector, credentials, dataDir, snapshot, logger, version, wallClock } = options;
  const { clock = SYSTEM_CLOCK, random = Math.random } = options;
  const naming = {
    origin: url.origin,
    site,
    connector,
    instance: options.instance === undefined ? 'all' : String(options.instance),
  };
  const { exchange = createExchange({ url: reportUrl(url, naming), userAgent: `mqttbridge/${version}` }) } = options;
  const file = dataDir === undefined ? undefined : createDocumentFile(dataDir, naming);
  const ledger = createLedger({ file, logger, wallClock });
  const about = { naming, run: randomUUID(), snapshot, logger, wallClock };
  const conversation = createConversation({ ...about, credentials, exchange });
  const parts: Parts = { connector, clock, random, exchange, conversation, ledger, logger, wallClock };
  return {
    updates: (signal) => updates(parts, signal),
    snapshot() {
      const { state, from } = ledger;
      return {
        ...conversation.snapshot(),
        ...(state.revision !== undefined && from !== undefined && { revision: state.revision, documentFrom: from }),
      };
    },
  };
}

async function* updates(parts: Parts, signal: AbortSignal): AsyncGenerator<ConfigUpdate, void> {
  const { connector, clock, random, exchange, conversation, ledger } = parts;
  const inbox = createInbox(signal);
  const first = Promise.withResolvers<void>();
  const reporting = createReporting({
    clock,
    random,
    signal,
    differs: () => conversation.differs(ledger.state),
    send: () => report(parts, inbox, signal).finally(first.resolve),
  });
  signal.addEventListener('abort', () => exchange.close());
  const running = reporting.run();
  const spare = await begin(parts, first.promise, inbox);
  const take = async function* (received: Received, update: ConfigUpdate): AsyncGenerator<ConfigUpdate, void> {
    yield update;
    // Whoever asks for the next update has taken this one.
    await ledger.settle(received, update);
    reporting.hurry();
  };
  for (let received = await inbox.next(); received !== undefined; received = await inbox.next()) {
    const update = judgeDocument(received, connector);
    // What is refused must not keep out what ran before the start.
    if (update.kind === 'rejected' && ledger.state.revision === undefined && spare !== undefined) {
      const former = judgeDocument(spare, connector);
      if (former.kind === 'document') {
        tellLoaded(parts, spare);
        yield* take(spare, former);
      }
    }
    yield* take(received, update);
  }
  await running;
}

async function report({ conversation, ledger }: Parts, inbox: Inbox, signal: AbortSignal): Promise<Sent> {
  const outcome = await conversation.report(ledger.state, signal);
  const { intervalSeconds } = conversation;
  if (outcome.kind === 'failed') return { pace: outcome.pace, intervalSeconds };
  const { desired, serverTime } = outcome.answer;
  if (desired.kind === 'document') {
    const { revision, resources } = desired;
    inbox.put({ revision, resources, savedAt: serverTime, from: 'controlPlane' });
  }
  return { pace: { kind: 'answered' }, intervalSeconds };
}

/** Begins with the document on disk where the control plane brings none soon; otherwise it is a spare one. */
async function begin(parts: Parts, first: Promise<void>, inbox: Inbox): Promise<Received | undefined> {
  const { clock, ledger } = parts;
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(START_PATIENCE_MS, late.resolve);
  const [saved] = await Promise.all([ledger.load(), Promise.race([first, late.promise])]);
  cancel();
  if (saved === undefined || !inbox.putFirst(saved)) return saved;
  tellLoaded(parts, saved);
  return undefined;
}

function tellLoaded({ logger, wallClock }: Parts, { revision, savedAt }: Received): void {
  const ageSeconds = Math.round((wallClock() - Date.parse(savedAt)) / 1_000);
  logger.warn({ evt: 'DocumentLoaded', revision, savedAt, ageSeconds }, 'begins with the last good document on disk');
}
