import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Each brings the file from the version of its index to the next. */
const MIGRATIONS = [
  `CREATE TABLE instances (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT, execution TEXT NOT NULL, parent TEXT, input TEXT NOT NULL,
     output TEXT, custom_status TEXT, status TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
     progress TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX instances_by_age ON instances (created_at, id);
   CREATE TABLE history (
     instance TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (instance, seq)) STRICT, WITHOUT ROWID;
   CREATE TABLE inbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, message TEXT NOT NULL) STRICT;
   CREATE INDEX inbox_by_recipient ON inbox (recipient, seq);
   CREATE TABLE activities (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, execution TEXT NOT NULL, task INTEGER NOT NULL,
     name TEXT NOT NULL, input TEXT NOT NULL) STRICT;
   CREATE INDEX activities_by_instance ON activities (instance);
   CREATE TABLE timers (
     instance TEXT NOT NULL, execution TEXT NOT NULL, task INTEGER NOT NULL, fire_at INTEGER NOT NULL,
     PRIMARY KEY (instance, task)) STRICT, WITHOUT ROWID;
   CREATE INDEX timers_by_time ON timers (fire_at);
   CREATE TABLE entities (
     id TEXT PRIMARY KEY, state TEXT, lock TEXT, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
];

/** Opens (and makes, mode 0600) the file of a task hub; throws when another process has it open. */
export function openDatabase(file: string): DatabaseSync {
  if (file !== ':memory:') makePrivate(file);
  const database = new DatabaseSync(file);
  try {
    // One host only: two would run each orchestration twice. A killed host's lock goes with its process.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database);
  } catch (error) {
    database.close();
    throw new Error(`the durable task hub ${file} cannot be opened; is another host running on it?`, { cause: error });
  }
  return database;
}

function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) throw new Error(`its schema ${version} is newer than this program`);
  database.exec('BEGIN IMMEDIATE');
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
}
