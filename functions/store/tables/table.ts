import type { TableClient, TableEntity, TableEntityResult, TransactionAction } from '@azure/data-tables';
import { checkedSize, type Properties } from './packed-text.ts';
import { isRefusal, isTableMissing, tableFault } from './table-fault.ts';

/** What is stored under a key. */
export type Entity = TableEntity<Properties>;

/** An entity as it is read; `etag` and `timestamp` are the service's. */
export type StoredEntity = TableEntityResult<Record<string, unknown>>;

/** A part of one partition, by row key. */
export interface Range {
  readonly partition: string;
  /** Row keys from this one on. */
  readonly from?: string;
  /** Row keys behind this one. */
  readonly after?: string;
  /** Row keys before this one. */
  readonly before?: string;
  /** Only entities with this `connector`. */
  readonly connector?: string;
}

/** Which entities, how many at most, and which of their properties; all unless told. */
export interface TableQuery extends Range {
  readonly limit?: number;
  readonly select?: readonly string[];
}

/** One table, made when it is first written to. All throw StoreError `unavailable` or `too-large`. */
export interface Table {
  get(partition: string, row: string, select?: readonly string[]): Promise<StoredEntity | undefined>;
  /** By row key. */
  query(query: TableQuery): Promise<readonly StoredEntity[]>;
  /** Its ETag; undefined when there is one of that key. */
  insert(entity: Entity): Promise<string | undefined>;
  /** Its new ETag; undefined when the stored one has another than `etag`, or is gone. */
  replace(entity: Entity, etag: string): Promise<string | undefined>;
  put(entity: Entity): Promise<void>;
  /** False when there is none, or, with an ETag, another one. */
  remove(partition: string, row: string, etag?: string): Promise<boolean>;
  /** All or nothing; false, and nothing, when an entity that is to be created exists or one to be deleted does not. */
  batch(actions: TransactionAction[]): Promise<boolean>;
}

const MOST_PER_REQUEST = 1000;

/** The text of a filter; only from the SDK's `odata`, so that no value can be more than a value. */
export type Odata = (strings: TemplateStringsArray, ...values: unknown[]) => string;

/** What an operation on a table needs. */
export interface TableAccess {
  readonly client: TableClient;
  readonly odata: Odata;
  /** Milliseconds for one operation with all its retries and pages. */
  readonly timeoutMs: number;
}

/** Wraps the SDK's client of one table. */
export function createTable(access: TableAccess): Table {
  const { client } = access;
  const options = () => ({ abortSignal: AbortSignal.timeout(access.timeoutMs) });
  const write = <T>(operation: () => Promise<T>) => writable(operation, () => client.createTable(options()));
  return {
    get: (partition, row, select) => {
      const queryOptions = select ? { queryOptions: { select: [...select] } } : {};
      return readable(() => client.getEntity(partition, row, { ...options(), ...queryOptions }), undefined);
    },
    query: (query) => readable(() => collect(access, query), []),
    insert: async (entity) => {
      checkedSize(entity);
      return write(async () => (await client.createEntity(entity, options())).etag);
    },
    replace: async (entity, etag) => {
      checkedSize(entity);
      return write(async () => (await client.updateEntity(entity, 'Replace', { ...options(), etag })).etag);
    },
    put: async (entity) => {
      checkedSize(entity);
      await write(() => client.upsertEntity(entity, 'Replace', options()));
    },
    remove: (partition, row, etag = '*') => {
      return readable(async () => {
        await client.deleteEntity(partition, row, { ...options(), etag });
        return true;
      }, false);
    },
    batch: async (actions) => {
      return (await write(() => client.submitTransaction(actions, options()))) !== undefined;
    },
  };
}

async function collect({ client, odata, timeoutMs }: TableAccess, query: TableQuery): Promise<StoredEntity[]> {
  const { limit = Infinity, select } = query;
  const queryOptions = { filter: filterOf(query, odata), ...(select ? { select: [...select] } : {}) };
  const found: StoredEntity[] = [];
  // A page may be short, or empty, long before the end: only a missing continuation token is the end.
  const pages = client
    .listEntities({ abortSignal: AbortSignal.timeout(timeoutMs), queryOptions })
    .byPage({ maxPageSize: Math.min(limit, MOST_PER_REQUEST) });
  for await (const page of pages) {
    found.push(...page);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

function filterOf({ partition, from, after, before, connector }: Range, odata: Odata): string {
  const terms = [
    odata`PartitionKey eq ${partition}`,
    from !== undefined && odata`RowKey ge ${from}`,
    after !== undefined && odata`RowKey gt ${after}`,
    before !== undefined && odata`RowKey lt ${before}`,
    connector !== undefined && odata`connector eq ${connector}`,
  ];
  return terms.filter((term) => term !== false).join(' and ');
}

/** A table that does not exist is an empty one. */
async function readable<T>(operation: () => Promise<T>, absent: T): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (isTableMissing(error) || isRefusal(error)) return absent;
    throw tableFault(error);
  }
}

async function writable<T>(operation: () => Promise<T>, makeTable: () => Promise<void>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    if (!isTableMissing(error)) throw tableFault(error);
  }
  try {
    await makeTable();
  } catch (error) {
    throw tableFault(error);
  }
  return readable(operation, undefined);
}
