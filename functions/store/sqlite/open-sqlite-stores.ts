import { randomUUID } from 'node:crypto';
import type { OperationObserver } from '../operation.ts';
import type { Stores } from '../store.ts';
import { createBridgeStore } from './bridges.ts';
import { openDatabase } from './database.ts';
import { createGrantStore } from './grants.ts';
import { createHealthStore } from './health.ts';
import { createReportStore } from './reports.ts';
import { createSessionStore } from './sessions.ts';

/** Where the embedded store is and what it is given. */
export interface SqliteStoreOptions {
  /** Made with its folder if it is not there; several processes may use it at once. */
  readonly file: string;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly observe?: OperationObserver;
  /** How long to wait for a lock of another process, in milliseconds; 5,000 unless told. */
  readonly busyTimeoutMs?: number;
  /** Random, so that a tag never comes back: not when a site is removed and made anew, nor after a loss of power. */
  readonly newTag?: () => string;
}

// Transactions take microseconds; who waits for longer than this waits for something that is broken.
const BUSY_TIMEOUT_MS = 5000;

/** Opens the embedded store; throws StoreError `newer-schema` or `unavailable`. */
export function openSqliteStores(options: SqliteStoreOptions): Stores {
  const { file, now, observe = () => {}, busyTimeoutMs = BUSY_TIMEOUT_MS, newTag = randomUUID } = options;
  const database = openDatabase({ file, busyTimeoutMs, observe });
  return {
    bridges: createBridgeStore({
      sites: database.area('sites'),
      bridges: database.area('bridges'),
      now,
      newTag,
    }),
    reports: createReportStore(database.area('reports'), newTag),
    health: createHealthStore(database.area('health'), database.area('events'), newTag),
    sessions: createSessionStore(database.area('sessions'), newTag),
    grants: createGrantStore(database.area('grants')),
    close: async () => database.close(),
  };
}
