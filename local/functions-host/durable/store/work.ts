import type { DatabaseSync } from 'node:sqlite';
import type { Activity, Timer } from '../model.ts';

/** Activities that are to run or run now. */
interface ActivityTable {
  /** Its number, under which it is removed when its result is known. */
  add(activity: Omit<Activity, 'seq'>): number;
  read(seq: number): Activity | undefined;
  /** False when it was there no more: its orchestration ended, or its result was recorded before. */
  remove(seq: number): boolean;
  clear(instance: string): void;
  seqs(): number[];
}

/** Timers that have not fired. */
interface TimerTable {
  add(timer: Timer): void;
  remove(instance: string, task: number): void;
  clear(instance: string): void;
  /** When the next one is due, in milliseconds since 1970. */
  earliest(): number | undefined;
  /** Those due at `now`, in the order in which they were due. */
  due(now: number): Timer[];
}

/** What is under way apart from turns. */
export interface WorkTables {
  readonly activities: ActivityTable;
  readonly timers: TimerTable;
}

/** The tables of activities and timers of a database. */
export function openWork(database: DatabaseSync): WorkTables {
  return { activities: openActivities(database), timers: openTimers(database) };
}

function openActivities(database: DatabaseSync): ActivityTable {
  const add = database.prepare(
    'INSERT INTO activities (instance, execution, task, name, input) VALUES (?, ?, ?, ?, ?)',
  );
  const read = database.prepare('SELECT * FROM activities WHERE seq = ?');
  const remove = database.prepare('DELETE FROM activities WHERE seq = ?');
  const clear = database.prepare('DELETE FROM activities WHERE instance = ?');
  const seqs = database.prepare('SELECT seq FROM activities ORDER BY seq');
  return {
    add: ({ instance, execution, task, name, input }) =>
      Number(add.run(instance, execution, task, name, input).lastInsertRowid),
    read: (seq) => read.get(seq) as unknown as Activity | undefined,
    remove: (seq) => Number(remove.run(seq).changes) > 0,
    clear: (instance) => void clear.run(instance),
    seqs: () => seqs.all().map((row) => Number(row['seq'])),
  };
}

function openTimers(database: DatabaseSync): TimerTable {
  const add = database.prepare('INSERT INTO timers (instance, execution, task, fire_at) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM timers WHERE instance = ? AND task = ?');
  const clear = database.prepare('DELETE FROM timers WHERE instance = ?');
  const earliest = database.prepare('SELECT min(fire_at) AS at FROM timers');
  const due = database.prepare(
    'SELECT instance, execution, task, fire_at AS fireAt FROM timers WHERE fire_at <= ? ORDER BY fire_at, instance, task',
  );
  return {
    add: ({ instance, execution, task, fireAt }) => void add.run(instance, execution, task, fireAt),
    remove: (instance, task) => void remove.run(instance, task),
    clear: (instance) => void clear.run(instance),
    earliest: () => (earliest.get()?.['at'] ?? undefined) as number | undefined,
    due: (now) => due.all(now) as unknown as Timer[],
  };
}
