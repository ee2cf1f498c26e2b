import { randomUUID } from 'node:crypto';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot, ControlPlaneSnapshot } from '../../observe/snapshot.ts';
import type { ConfigSource, ConfigUpdate } from '../source.ts';
import { reportUrl } from './address.ts';
import { SYSTEM_CLOCK } from '../remote/clock.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { type Conversation, createConversation } from './conversation.ts';
import type { ControlPlaneCredentials } from './credentials.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { createInbox, type Inbox } from '../remote/inbox.ts';
import { createLedger, type Ledger } from '../remote/ledger.ts';
import { createReporting, type Sent } from '../remote/reporting.ts';
import { createDocumentFile } from '../remote/saved-document.ts';
import { documentUpdates } from '../remote/stream.ts';
import { loadDocument } from './load-document.ts';

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
export interface ControlPlaneSource extends ConfigSource {
  readonly snapshot: () => { readonly controlPlane: ControlPlaneSnapshot };
}

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
  const file = dataDir === undefined ? undefined : createDocumentFile(dataDir, { ...naming, place: { site } });
  const ledger = createLedger({ file, logger, wallClock });
  const about = { naming, run: randomUUID(), snapshot, logger, wallClock };
  const conversation = createConversation({ ...about, credentials, exchange });
  const parts: Parts = { connector, clock, random, exchange, conversation, ledger, logger, wallClock };
  return {
    updates: (signal) => updates(parts, signal),
    snapshot() {
      const { state, origin } = ledger;
      const known = state.revision !== undefined && origin !== undefined;
      const document = known && { revision: state.revision, documentFrom: origin.from };
      return { controlPlane: { ...conversation.snapshot(), ...document } };
    },
  };
}

async function* updates(parts: Parts, signal: AbortSignal): AsyncGenerator<ConfigUpdate, void> {
  const { clock, random, exchange, conversation, ledger } = parts;
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
  const settled = () => reporting.hurry();
  yield* documentUpdates({ ...parts, inbox, load: loadDocument, asked: first.promise, settled });
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
