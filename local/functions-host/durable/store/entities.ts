import type { DatabaseSync } from 'node:sqlite';
import type { Entity } from '../model.ts';

/** Which entities; times in milliseconds since 1970. */
export interface EntityFilter {
  /** Beginning of the ID, such as `@counter@`. */
  readonly idPrefix: string;
  readonly updatedFrom?: number | undefined;
  readonly updatedTo?: number | undefined;
}

/** Entities that have a state or are locked. */
export interface EntityTable {
  read(id: string): Entity | undefined;
  write(entity: Entity): void;
  remove(id: string): void;
  /** Those with a state, by ID, behind `after`. */
  list(filter: EntityFilter, after: string, limit: number): Entity[];
}

/** The table of entities of a database. */
export function openEntities(database: DatabaseSync): EntityTable {
  const read = database.prepare('SELECT * FROM entities WHERE id = ?');
  const write = database.prepare('INSERT OR REPLACE INTO entities (id, state, lock, updated_at) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM entities WHERE id = ?');
  const list =
    database.prepare(`SELECT * FROM entities WHERE state IS NOT NULL AND id > ? AND substr(id, 1, length(?)) = ?
    AND updated_at BETWEEN ? AND ? ORDER BY id LIMIT ?`);
  return {
    read(id) {
      const row = read.get(id);
      return row === undefined ? undefined : readRow(row);
    },
    write({ id, state, lock, updatedAt }) {
      write.run(id, state ?? null, lock === undefined ? null : JSON.stringify(lock), updatedAt);
    },
    remove: (id) => void remove.run(id),
    list({ idPrefix, updatedFrom = 0, updatedTo = Number.MAX_SAFE_INTEGER }, after, limit) {
      return list.all(after, idPrefix, idPrefix, updatedFrom, updatedTo, limit).map(readRow);
    },
  };
}

function readRow(row: Readonly<Record<string, unknown>>): Entity {
  const lock = row['lock'];
  return {
    id: String(row['id']),
    state: (row['state'] ?? undefined) as string | undefined,
    lock: typeof lock === 'string' ? (JSON.parse(lock) as Entity['lock']) : undefined,
    updatedAt: Number(row['updated_at']),
  };
}
