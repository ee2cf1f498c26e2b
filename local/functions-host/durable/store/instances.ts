import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryEvent } from '../protocol.ts';
import type { Instance, RuntimeStatus } from '../model.ts';

/** Which instances; times in milliseconds since 1970. */
export interface InstanceFilter {
  readonly createdFrom?: number | undefined;
  readonly createdTo?: number | undefined;
  /** Empty: any. */
  readonly statuses?: readonly RuntimeStatus[];
  readonly idPrefix?: string | undefined;
}

/** Where a page begins: behind the instance of this age and ID. */
export interface InstanceCursor {
  readonly createdAt: number;
  readonly id: string;
}

/** Orchestrations and their histories. */
export interface InstanceTable {
  read(id: string): Instance | undefined;
  /** Makes or replaces it; its history stays as it is. */
  write(instance: Instance): void;
  remove(id: string): void;
  /** Oldest first. */
  list(filter: InstanceFilter, after: InstanceCursor | undefined, limit: number): Instance[];
  /** JSON texts of the events, oldest first. */
  history(id: string): string[];
  append(id: string, from: number, events: readonly HistoryEvent[]): void;
  clearHistory(id: string): void;
}

/** The tables of instances and history of a database. */
export function openInstances(database: DatabaseSync): InstanceTable {
  const read = database.prepare('SELECT * FROM instances WHERE id = ?');
  const write = database.prepare(`INSERT OR REPLACE INTO instances (id, name, version, execution, parent, input, output,
    custom_status, status, created_at, updated_at, progress) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = database.prepare('DELETE FROM instances WHERE id = ?');
  const history = database.prepare('SELECT event FROM history WHERE instance = ? ORDER BY seq');
  const append = database.prepare('INSERT INTO history (instance, seq, event) VALUES (?, ?, ?)');
  const clearHistory = database.prepare('DELETE FROM history WHERE instance = ?');
  return {
    read(id) {
      const row = read.get(id);
      return row === undefined ? undefined : readRow(row);
    },
    write: (instance) => void write.run(...rowOf(instance)),
    remove: (id) => void remove.run(id),
    list: (filter, after, limit) => listInstances(database, filter, after, limit),
    history: (id) => history.all(id).map((row) => String(row['event'])),
    append: (id, from, events) => events.forEach((event, index) => append.run(id, from + index, JSON.stringify(event))),
    clearHistory: (id) => void clearHistory.run(id),
  };
}

function rowOf(instance: Instance): SQLInputValue[] {
  const { id, name, version, execution, parent, input, output, customStatus, status } = instance;
  return [
    id,
    name,
    version ?? null,
    execution,
    parent === undefined ? null : JSON.stringify(parent),
    input,
    output ?? null,
    customStatus ?? null,
    status,
    instance.createdAt,
    instance.updatedAt,
    JSON.stringify(instance.progress),
  ];
}

function readRow(row: Readonly<Record<string, unknown>>): Instance {
  const text = (column: string) => (row[column] ?? undefined) as string | undefined;
  const parent = text('parent');
  return {
    id: String(row['id']),
    name: String(row['name']),
    version: text('version'),
    execution: String(row['execution']),
    parent: parent === undefined ? undefined : (JSON.parse(parent) as Instance['parent']),
    input: String(row['input']),
    output: text('output'),
    customStatus: text('custom_status'),
    status: String(row['status']) as RuntimeStatus,
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    progress: JSON.parse(String(row['progress'])) as Instance['progress'],
  };
}

function listInstances(
  database: DatabaseSync,
  { createdFrom, createdTo, statuses = [], idPrefix }: InstanceFilter,
  after: InstanceCursor | undefined,
  limit: number,
): Instance[] {
  const conditions: [sql: string, values: readonly SQLInputValue[]][] = [];
  if (after !== undefined) conditions.push(['(created_at, id) > (?, ?)', [after.createdAt, after.id]]);
  if (createdFrom !== undefined) conditions.push(['created_at >= ?', [createdFrom]]);
  if (createdTo !== undefined) conditions.push(['created_at <= ?', [createdTo]]);
  if (idPrefix !== undefined) conditions.push(['substr(id, 1, length(?)) = ?', [idPrefix, idPrefix]]);
  if (statuses.length > 0) conditions.push([`status IN (${statuses.map(() => '?').join(', ')})`, statuses]);
  const where = ['TRUE', ...conditions.map(([sql]) => sql)].join(' AND ');
  const values = conditions.flatMap(([, value]) => value);
  const sql = `SELECT * FROM instances WHERE ${where} ORDER BY created_at, id LIMIT ?`;
  return database
    .prepare(sql)
    .all(...values, limit)
    .map(readRow);
}
