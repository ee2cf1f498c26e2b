import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { OperationObserver, StoreArea } from '../operation.ts';
import { StoreError } from '../store-error.ts';
import { MIGRATIONS } from './migrations.ts';

/** The file, for one part of the store. Everything here happens at once, and throws StoreError `unavailable`. */
export interface Database {
  /** Every table is STRICT, so that the caller knows what a row consists of. */
  get(sql: string, ...values: SQLInputValue[]): unknown;
  all(sql: string, ...values: SQLInputValue[]): readonly unknown[];
  /** How many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** All or nothing. `durable`: on the disk when it returns; `quick`: may be lost, whole, when the machine loses its power. */
  transaction<T>(kind: 'durable' | 'quick', body: () => T): T;
}

/** An open file. */
export interface OpenDatabase {
  area(area: StoreArea): Database;
  close(): void;
}

/** Which file, and what it is given. */
export interface DatabaseOptions {
  readonly file: string;
  /** How long to wait for a lock of another process, in milliseconds; nothing else runs in this one meanwhile. */
  readonly busyTimeoutMs: number;
  readonly observe: OperationObserver;
}

/** Opens or creates the file (0600) and brings its schema up to date; throws `newer-schema` or `unavailable`. */
export function openDatabase({ file, busyTimeoutMs, observe }: DatabaseOptions): OpenDatabase {
  const connection = translated(() => connect(file, busyTimeoutMs));
  const statements = new Map<string, StatementSync>();
  function prepared(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known) return known;
    const statement = connection.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }
  function area(area: StoreArea): Database {
    const once = <T>(kind: 'read' | 'query' | 'write', body: () => T): T => {
      if (!connection.isTransaction) observe({ area, kind });
      return translated(body);
    };
    return {
      get: (sql, ...values) => once('read', () => prepared(sql).get(...values)),
      all: (sql, ...values) => once('query', () => prepared(sql).all(...values)),
      run: (sql, ...values) => once('write', () => Number(prepared(sql).run(...values).changes)),
      transaction(kind, body) {
        observe({ area, kind: 'transaction' });
        return translated(() => transact(connection, kind, body));
      },
    };
  }
  return { area, close: () => connection.close() };
}

function connect(file: string, timeout: number): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its -wal and -shm files the mode of the file itself.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const connection = new DatabaseSync(file, { timeout, enableForeignKeyConstraints: false });
  try {
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    transact(connection, 'durable', () => migrate(connection, file));
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function migrate(connection: DatabaseSync, file: string): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY) STRICT');
  const applied = Number(connection.prepare('SELECT coalesce(max(number), 0) AS n FROM migrations').get()?.['n']);
  if (applied > MIGRATIONS.length) {
    throw new StoreError(
      'newer-schema',
      `${file} has schema ${applied}, this version knows ${MIGRATIONS.length}: use the version that wrote it, or a newer one`,
    );
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    connection.exec(migration);
    connection.prepare('INSERT INTO migrations (number) VALUES (?)').run(index + 1);
  }
}

function transact<T>(connection: DatabaseSync, kind: 'durable' | 'quick', body: () => T): T {
  if (kind === 'durable') connection.exec('PRAGMA synchronous = FULL');
  try {
    // IMMEDIATE: a transaction that reads first and then has to wait to write could not go on.
    connection.exec('BEGIN IMMEDIATE');
    const result = body();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  } finally {
    if (kind === 'durable') connection.exec('PRAGMA synchronous = NORMAL');
  }
}

function translated<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    const ofFile = error instanceof Error && ('syscall' in error || 'errcode' in error);
    if (!ofFile) throw error;
    throw new StoreError('unavailable', `the store's file cannot be used: ${error.message}`, { cause: error });
  }
}
