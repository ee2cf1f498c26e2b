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
  /** Random, so that a tag never comes back: not when a site is removed and made anew, nor after a loss of power. */
  readonly newTag?: () => string;
}

/** Opens the embedded store; throws StoreError `newer-schema` or `unavailable`. */
export function openSqliteStores({ file, now, observe, newTag = randomUUID }: SqliteStoreOptions): Stores {
  const database = openDatabase(file, observe);
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
