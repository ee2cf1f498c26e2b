import type { JsonObject, StoredHealth } from '../store.ts';
import { packText, unpackText } from './packed-text.ts';
import type { Table } from './table.ts';
import { isTag } from './tag.ts';

/** A JSON object under a key, replaced only over what was read. */
export interface StateRows {
  read(partition: string, row: string): Promise<StoredHealth | undefined>;
  write(
    key: readonly [partition: string, row: string],
    state: JsonObject,
    expected: string | undefined,
  ): Promise<boolean>;
}

/** Keeps JSON objects in a table. */
export function createStateRows(table: Table): StateRows {
  return {
    async read(partition, row) {
      const entity = await table.get(partition, row);
      return entity && { tag: entity.etag, state: JSON.parse(unpackText('state', entity)) as JsonObject };
    },
    async write([partitionKey, rowKey], state, expected) {
      const entity = { partitionKey, rowKey, ...packText('state', JSON.stringify(state)) };
      if (expected === undefined) return (await table.insert(entity)) !== undefined;
      return isTag(expected) && (await table.replace(entity, expected)) !== undefined;
    },
  };
}
