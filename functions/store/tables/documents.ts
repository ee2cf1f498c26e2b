import { keyPart } from '../keys.ts';
import type { JsonObject, SiteChange } from '../store.ts';
import { forEachAtOnce } from './bulk.ts';
import { checkedSize, packText, partsOf, unpackText } from './packed-text.ts';
import type { Entity, StoredEntity, Table } from './table.ts';

const PREFIX = 'doc~';
const ALL = { from: PREFIX, before: `${PREFIX}~` };
// More than these are faster found by reading the whole partition, a thousand per request.
const MOST_BY_NAME = 20;

/** Documents as entities; throws `too-large`. */
export function documentEntities(site: string, documents: SiteChange['documents']): readonly Entity[] {
  return Array.from(documents, ([hash, document]) =>
    checkedSize({
      partitionKey: keyPart(site),
      rowKey: rowOf(hash),
      ...packText('document', JSON.stringify(document)),
    }),
  );
}

/** Reads documents by hash. */
export async function readDocuments(
  table: Table,
  site: string,
  hashes: readonly string[],
): Promise<Map<string, JsonObject>> {
  const wanted = new Map(hashes.map((hash) => [rowOf(hash), hash]));
  const found = new Map<string, JsonObject>();
  const keep = (entity: StoredEntity) => {
    const hash = wanted.get(entity.rowKey ?? '');
    if (hash !== undefined) found.set(hash, JSON.parse(unpackText('document', entity)) as JsonObject);
  };
  const select = ['RowKey', ...partsOf('document')];
  if (wanted.size > MOST_BY_NAME) {
    for (const entity of await table.query({ partition: keyPart(site), ...ALL, select })) keep(entity);
  } else {
    await forEachAtOnce([...wanted.keys()], async (row) => {
      const entity = await table.get(keyPart(site), row);
      if (entity) keep(entity);
    });
  }
  return found;
}

/** Deletes documents that are chosen and were not written again since they were looked at; how many. */
export async function removeDocuments(
  table: Table,
  site: string,
  chosen: (document: { readonly row: string; readonly writtenAt: string }) => boolean,
): Promise<number> {
  const partition = keyPart(site);
  const all = await table.query({ partition, ...ALL, select: ['RowKey', 'Timestamp'] });
  let removed = 0;
  await forEachAtOnce(
    all.filter(({ rowKey = '', timestamp = '' }) => chosen({ row: rowKey, writtenAt: timestamp })),
    async ({ rowKey = '', etag }) => {
      if (await table.remove(partition, rowKey, etag)) removed++;
    },
  );
  return removed;
}

/** Row key of a document. */
export function rowOf(hash: string): string {
  return PREFIX + keyPart(hash);
}
