import { randomUUID } from 'node:crypto';
import { KEEP_UNNAMED_MS } from '../keep-unnamed.ts';
import { checkedName, keyPart } from '../keys.ts';
import { StoreError } from '../store-error.ts';
import type { BridgeStore, CommitOutcome, SiteChange, SiteHead } from '../store.ts';
import { forEachAtOnce } from './bulk.ts';
import { desiredPartsOf, packDesired, unpackDesired, unpackDesiredOf } from './desired-parts.ts';
import { documentEntities, readDocuments, removeDocuments, rowOf } from './documents.ts';
import { checkedSize, packText, partsOf, unpackText } from './packed-text.ts';
import type { SiteRegister } from './sites.ts';
import type { Entity, StoredEntity, Table } from './table.ts';
import { isTag } from './tag.ts';

/** What the store of definitions needs. */
export interface BridgeStoreOptions {
  readonly table: Table;
  readonly sites: SiteRegister;
  readonly now: () => number;
}

// A commit that takes longer gives up before it writes the head: its documents might be collected by then.
const COMMIT_WITHIN_MS = KEEP_UNNAMED_MS / 2;
const ROW = 'head';
const MOST_ATTEMPTS = 10;

/**
 * Definitions in Azure Tables. The head of a site is the one entity that says what the site is, so that replacing it is the
 * commit; documents are written before it and mean nothing until a head names them. ADR 11 has the argument for
 * every race. A removed site keeps an empty head, marked `removed`, so that no commit begun before its end goes through.
 */
export function createBridgeStore({ table, sites, now }: BridgeStoreOptions): BridgeStore {
  return {
    register: sites.register,
    isRegistered: sites.isRegistered,
    listSites: sites.listSites,
    async readHead(site) {
      const entity = await table.get(keyPart(site), ROW);
      return entity && !entity['removed'] ? parseHead(site, entity) : undefined;
    },
    async readDesired(site, connector) {
      const entity = await table.get(keyPart(site), ROW, desiredPartsOf(checkedName(connector)));
      return entity && unpackDesiredOf(connector, entity);
    },
    readDocuments: async (site, hashes) => readDocuments(table, site, hashes),
    async commit(site, change, expected) {
      const end = now() + COMMIT_WITHIN_MS;
      const head = headEntity(site, change);
      const documents = documentEntities(site, change.documents);
      const base = expected === undefined ? await baseOfNewSite(table, site) : isTag(expected) && expected;
      if (base === false) return { kind: 'conflict' };
      if (expected === undefined) await sites.register(site);
      await forEachAtOnce(documents, (document) => table.put(document));
      if (now() > end) throw new StoreError('unavailable', 'writing the documents took too long; nothing was changed');
      return writeHead(table, head, base);
    },
    async collectGarbage(site) {
      const head = await table.get(keyPart(site), ROW, ['Timestamp', ...partsOf('entries')]);
      const before = now() - KEEP_UNNAMED_MS;
      // What a head does not name that has been there for an hour was not named for an hour.
      if (!head || Date.parse(head.timestamp ?? '') > before) return 0;
      const named = new Set(parseEntries(head).map(({ hash }) => rowOf(hash)));
      return removeDocuments(table, site, ({ row, writtenAt }) => !named.has(row) && Date.parse(writtenAt) < before);
    },
    removeSite: async (site) => removeSite(table, sites, site),
  };
}

/** ETag of the head that a removed site left, undefined where there never was one, false where there is a site. */
async function baseOfNewSite(table: Table, site: string): Promise<string | undefined | false> {
  const entity = await table.get(keyPart(site), ROW, ['removed']);
  return entity && (entity['removed'] === true ? entity.etag : false);
}

async function writeHead(table: Table, head: Entity, base: string | undefined): Promise<CommitOutcome> {
  const tag = base === undefined ? await table.insert(head) : await table.replace(head, base);
  if (tag !== undefined) return { kind: 'committed', tag };
  // The SDK may have sent it twice because the first answer was lost: then the head is ours.
  const current = await table.get(head.partitionKey, head.rowKey, ['write']);
  return current && current['write'] === head['write']
    ? { kind: 'committed', tag: current.etag }
    : { kind: 'conflict' };
}

async function removeSite(table: Table, sites: SiteRegister, site: string): Promise<void> {
  // Read first: a registration that is newer than the end of the site belongs to its next life.
  const registration = await sites.registration(site);
  const end = await writeEnd(table, site);
  if (registration !== undefined) await sites.unregister(site, registration);
  // Documents that are newer than the end belong to the next life as well; both times are the service's.
  if (end !== undefined) await removeDocuments(table, site, ({ writtenAt }) => writtenAt < end);
}

/** Marks the site as removed, and says when by the service's clock; undefined where there is nothing to be removed. */
async function writeEnd(table: Table, site: string): Promise<string | undefined> {
  const end: Entity = { ...headEntity(site, { generation: 0, entries: [], desired: {} }), removed: true };
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const head = await table.get(keyPart(site), ROW, ['removed']);
    if (!head) return undefined;
    if ((await table.replace(end, head.etag)) === undefined) continue;
    const written = await table.get(keyPart(site), ROW, ['write', 'Timestamp']);
    return written?.['write'] === end['write'] ? written?.timestamp : undefined;
  }
  throw new StoreError('unavailable', 'the site is being changed all the time');
}

function headEntity(site: string, { generation, entries, desired }: Omit<SiteChange, 'documents'>): Entity {
  return checkedSize({
    partitionKey: keyPart(site),
    rowKey: ROW,
    write: randomUUID(),
    generation,
    ...packText('entries', JSON.stringify(entries)),
    ...packDesired(desired),
  });
}

function parseHead(site: string, entity: StoredEntity): SiteHead {
  return {
    site,
    tag: entity.etag,
    generation: Number(entity['generation']),
    entries: parseEntries(entity),
    desired: unpackDesired(entity),
  };
}

function parseEntries(entity: StoredEntity): SiteHead['entries'] {
  return JSON.parse(unpackText('entries', entity)) as SiteHead['entries'];
}
