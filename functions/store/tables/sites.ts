import { keyPart } from '../keys.ts';
import { decodePosition, encodePosition, SITE_KEY } from '../page-position.ts';
import type { BridgeStore } from '../store.ts';
import type { Table } from './table.ts';

// All sites are in one partition, so that they can be listed in order.
const PARTITION = 'sites';

/** Which sites there are, in Azure Tables. */
export interface SiteRegister extends Pick<BridgeStore, 'register' | 'isRegistered' | 'listSites'> {
  /** Tag of the registration; every `register` gives it a new one. */
  registration(site: string): Promise<string | undefined>;
  /** Undoes the registration unless it was renewed since `registration` gave this tag. */
  unregister(site: string, tag: string): Promise<void>;
}

/** Keeps the names of sites in a table. */
export function createSiteRegister(table: Table): SiteRegister {
  async function registration(site: string): Promise<string | undefined> {
    return (await table.get(PARTITION, keyPart(site), ['RowKey']))?.etag;
  }
  return {
    registration,
    register: async (site) => table.put({ partitionKey: PARTITION, rowKey: keyPart(site), site }),
    isRegistered: async (site) => (await registration(site)) !== undefined,
    async unregister(site, tag) {
      await table.remove(PARTITION, keyPart(site), tag);
    },
    async listSites({ limit, continue: token }) {
      const after = token === undefined ? {} : { after: decodePosition(token, SITE_KEY) };
      const found = await table.query({ partition: PARTITION, ...after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1)?.rowKey;
      const more = found.length > limit && last !== undefined ? { continue: encodePosition(last) } : {};
      return { items: page.map((entity) => String(entity['site'])), ...more };
    },
  };
}
