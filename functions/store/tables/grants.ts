import { randomUUID } from 'node:crypto';
import { keyPart } from '../keys.ts';
import type { Grant, GrantStore } from '../store.ts';
import { removeRange } from './bulk.ts';
import type { StoredEntity, Table } from './table.ts';

/** Grants in Azure Tables. */
export function createGrantStore(table: Table): GrantStore {
  return {
    async read(site, id) {
      const entity = await table.get(keyPart(site), keyPart(id));
      return entity && parse(entity);
    },
    async list(site) {
      return (await table.query({ partition: keyPart(site) })).map(parse);
    },
    async create(site, grant) {
      const key = { partitionKey: keyPart(site), rowKey: keyPart(grant.id) };
      const write = randomUUID();
      const etag = await table.insert({ ...key, grant: JSON.stringify(grant), write });
      if (etag !== undefined) return true;
      // The SDK may have sent it twice because the first answer was lost: then it is there, and ours.
      return (await table.get(key.partitionKey, key.rowKey, ['write']))?.['write'] === write;
    },
    remove: async (site, id) => table.remove(keyPart(site), keyPart(id)),
    async removeSite(site) {
      await removeRange(table, { partition: keyPart(site) });
    },
  };
}

function parse(entity: StoredEntity): Grant {
  return JSON.parse(String(entity['grant'])) as Grant;
}
