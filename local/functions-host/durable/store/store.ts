import type { DatabaseSync } from 'node:sqlite';
import type { Message, Received } from '../model.ts';
import { type EntityTable, openEntities } from './entities.ts';
import { type InstanceTable, openInstances } from './instances.ts';
import { openDatabase } from './schema.ts';
import { openWork, type WorkTables } from './work.ts';

/** Messages that their recipients have not dealt with; entities' IDs begin with `@`. */
export interface InboxTable {
  add(recipient: string, message: Message): void;
  /** In order of arrival. */
  read<M extends Message>(recipient: string): Received<M>[];
  remove(seqs: readonly number[]): void;
  clear(recipient: string): void;
  recipients(): string[];
}

/** All that a task hub keeps. Reads see the last commit; writes belong inside `commit`. */
export interface DurableStore extends WorkTables {
  readonly instances: InstanceTable;
  readonly inbox: InboxTable;
  readonly entities: EntityTable;
  /** Does all that `work` does, or nothing when it throws. */
  commit<T>(work: () => T): T;
  close(): void;
}

/** Opens the store in a file, or in `:memory:`. */
export function openDurableStore(file: string): DurableStore {
  const database = openDatabase(file);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const end = database.prepare('COMMIT');
  return {
    ...openWork(database),
    instances: openInstances(database),
    inbox: openInbox(database),
    entities: openEntities(database),
    commit(work) {
      begin.run();
      try {
        const value = work();
        end.run();
        return value;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function openInbox(database: DatabaseSync): InboxTable {
  const add = database.prepare('INSERT INTO inbox (recipient, message) VALUES (?, ?)');
  const read = database.prepare('SELECT seq, message FROM inbox WHERE recipient = ? ORDER BY seq');
  const remove = database.prepare('DELETE FROM inbox WHERE seq = ?');
  const clear = database.prepare('DELETE FROM inbox WHERE recipient = ?');
  const recipients = database.prepare('SELECT recipient FROM inbox GROUP BY recipient ORDER BY min(seq)');
  return {
    add: (recipient, message) => void add.run(recipient, JSON.stringify(message)),
    read: ((recipient) =>
      read.all(recipient).map((row) => ({
        seq: Number(row['seq']),
        message: JSON.parse(String(row['message'])) as Message,
      }))) as InboxTable['read'],
    remove: (seqs) => seqs.forEach((seq) => remove.run(seq)),
    clear: (recipient) => void clear.run(recipient),
    recipients: () => recipients.all().map((row) => String(row['recipient'])),
  };
}
