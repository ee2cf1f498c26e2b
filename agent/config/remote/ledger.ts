import type { Problem } from '../../../shared/problem.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ConfigUpdate } from '../source.ts';
import type { Received } from './inbox.ts';
import type { DocumentFile } from './saved-document.ts';

/** What has become of documents; revisions are labels of whoever sent them. */
export interface DocumentState {
  readonly revision?: string;
  /** RFC 3339, UTC. */
  readonly appliedAt?: string;
  readonly rejected?: { readonly revision: string; readonly at: string; readonly problems: readonly Problem[] };
}

/** What the ledger is made of. */
export interface LedgerParts {
  /** None is kept when absent. */
  readonly file: DocumentFile | undefined;
  readonly logger: Logger;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock: () => number;
}

/** What became of the documents, and the last good one on disk. */
export interface Ledger {
  readonly state: DocumentState;
  /** Where the document in force came from, and the object that it was. */
  readonly origin: Origin | undefined;
  /** The document on disk, if there is one fit for use. */
  load(): Promise<Received | undefined>;
  /** The bridge has taken the document, or it was refused. */
  settle(received: Received, update: ConfigUpdate): Promise<void>;
}

type Origin = Pick<Received, 'from' | 'object'>;

/** Begins without a document. */
export function createLedger({ file, logger, wallClock }: LedgerParts): Ledger {
  let state: DocumentState = {};
  let origin: Origin | undefined;

  async function save({ from, ...document }: Received): Promise<void> {
    if (from === 'disk') return;
    await file?.save(document).catch((error: unknown) => {
      const message = 'the last good document is not on disk, so the next start needs an answer; see --data';
      logger.warn({ evt: 'DocumentNotSaved', file: file.path, error }, message);
    });
  }

  return {
    get state() {
      return state;
    },
    get origin() {
      return origin;
    },
    async load() {
      const loaded = await file?.load();
      if (loaded?.kind === 'saved') return { ...loaded.saved, from: 'disk' };
      if (loaded?.kind === 'ignored') {
        logger.warn({ evt: 'DocumentIgnored', file: file?.path }, `the document on disk is not used: ${loaded.why}`);
      }
      return undefined;
    },
    async settle(received, update) {
      const { revision } = received;
      const at = new Date(wallClock()).toISOString();
      if (update.kind === 'rejected') {
        state = { ...state, rejected: { revision, at, problems: update.problems } };
        return;
      }
      state = { revision, appliedAt: at };
      origin = { from: received.from, object: received.object };
      await save(received);
    },
  };
}
