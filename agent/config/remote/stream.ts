import type { Logger } from '../../observe/logger.ts';
import type { ConfigUpdate } from '../source.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { judgeDocument, type LoadDocument } from './document.ts';
import type { Inbox, Received } from './inbox.ts';
import type { Ledger } from './ledger.ts';

/** What a stream of documents is made of. */
export interface DocumentStreamParts {
  readonly connector: string;
  readonly clock: MonotonicClock;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock: () => number;
  readonly logger: Logger;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  readonly load: LoadDocument;
  /** Resolves when it is known whether there is a document. */
  readonly asked: Promise<void>;
  /** The bridge has taken a document, or it was refused. */
  readonly settled: () => void;
}

/** How long a start waits for an answer before it begins with the document on disk, in milliseconds. */
export const START_PATIENCE_MS = 2_000;

/** What comes in as updates, judged; begins with the last good document on disk where nothing better is there. */
export async function* documentUpdates(parts: DocumentStreamParts): AsyncGenerator<ConfigUpdate, void> {
  const { inbox, ledger } = parts;
  const judge = (received: Received) => judgeDocument(received, parts.connector, parts.load);
  const spare = await begin(parts);
  for (let received = await inbox.next(); received !== undefined; received = await inbox.next()) {
    const update = judge(received);
    // What is refused must not keep out what ran before the start.
    if (update.kind === 'rejected' && ledger.state.revision === undefined && spare !== undefined) {
      const former = judge(spare);
      if (former.kind === 'document') {
        tellLoaded(parts, spare);
        yield* take(parts, spare, former);
      }
    }
    yield* take(parts, received, update);
  }
}

async function* take(
  { ledger, settled }: DocumentStreamParts,
  received: Received,
  update: ConfigUpdate,
): AsyncGenerator<ConfigUpdate, void> {
  yield update;
  // Whoever asks for the next update has taken this one.
  await ledger.settle(received, update);
  settled();
}

/** Begins with the document on disk where none comes soon; otherwise it is a spare one. */
async function begin(parts: DocumentStreamParts): Promise<Received | undefined> {
  const { clock, ledger, inbox, asked } = parts;
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(START_PATIENCE_MS, late.resolve);
  const [saved] = await Promise.all([ledger.load(), Promise.race([asked, late.promise])]);
  cancel();
  if (saved === undefined || !inbox.putFirst(saved)) return saved;
  tellLoaded(parts, saved);
  return undefined;
}

function tellLoaded({ logger, wallClock }: DocumentStreamParts, { revision, savedAt }: Received): void {
  const ageSeconds = Math.round((wallClock() - Date.parse(savedAt)) / 1_000);
  logger.warn({ evt: 'DocumentLoaded', revision, savedAt, ageSeconds }, 'begins with the last good document on disk');
}
