import type { Entity, Range, StoredEntity, Table } from './table.ts';
import type { Properties } from './packed-text.ts';

// Limits of a transaction of Azure Tables: 100 operations, 4 MiB.
const MOST_PER_BATCH = 100;
const MOST_BYTES = 2_000_000;
const AT_ONCE = 8;

/** Runs an operation for every item, eight at a time. After one that fails no more begin; nothing runs on when it throws. */
export async function forEachAtOnce<T>(items: readonly T[], operation: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const item of rest) {
      if (failures.length > 0) return;
      await operation(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** Deletes the entities of a range, a hundred per request; how many. */
export async function removeRange(table: Table, range: Range): Promise<number> {
  const found = await table.query({ ...range, select: ['PartitionKey', 'RowKey'] });
  for (const part of chunks(found, () => 0)) await removeAll(table, range.partition, part);
  return found.length;
}

async function removeAll(table: Table, partition: string, entities: readonly StoredEntity[]): Promise<void> {
  const rows = entities.map(({ rowKey = '' }) => rowKey);
  const together = await table.batch(rows.map((rowKey) => ['delete', { partitionKey: partition, rowKey }]));
  // Somebody else deletes as well.
  if (!together) await forEachAtOnce(rows, (row) => table.remove(partition, row));
}

/** Inserts entities of one partition, a hundred per request; those that exist stay as they are. */
export async function insertMissing(table: Table, entities: readonly Entity[]): Promise<void> {
  for (const part of chunks(entities, sizeOf)) {
    const together = part.length > 1 && (await table.batch(part.map((entity) => ['create', entity])));
    if (!together) await forEachAtOnce(part, (entity) => table.insert(entity));
  }
}

function* chunks<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<readonly T[]> {
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length === MOST_PER_BATCH || (chunk.length > 0 && bytes + size > MOST_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

function sizeOf(entity: Properties): number {
  // UTF-8 has at most three bytes per character, base64 four per three.
  const sizes = Object.values(entity).map((value) =>
    typeof value === 'object' || typeof value === 'string' ? 3 * value.length : 8,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
