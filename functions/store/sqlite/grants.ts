import { checkedName } from '../keys.ts';
import type { Grant, GrantStore } from '../store.ts';
import type { Database } from './database.ts';

/** Grants in SQLite. */
export function createGrantStore(grants: Database): GrantStore {
  return {
    async read(site, id) {
      const row = grants.get('SELECT body FROM grants WHERE site = ? AND id = ?', checkedName(site), checkedName(id)) as
        | BodyRow
        | undefined;
      return row && (JSON.parse(row.body) as Grant);
    },
    async list(site) {
      const rows = grants.all('SELECT body FROM grants WHERE site = ? ORDER BY id', checkedName(site)) as BodyRow[];
      return rows.map((row) => JSON.parse(row.body) as Grant);
    },
    async create(site, grant) {
      const sql = 'INSERT INTO grants (site, id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
      const values = [checkedName(site), checkedName(grant.id), JSON.stringify(grant)];
      return grants.transaction('durable', () => grants.run(sql, ...values) === 1);
    },
    async remove(site, id) {
      const sql = 'DELETE FROM grants WHERE site = ? AND id = ?';
      return grants.transaction('durable', () => grants.run(sql, checkedName(site), checkedName(id)) === 1);
    },
    async removeSite(site) {
      grants.transaction('durable', () => grants.run('DELETE FROM grants WHERE site = ?', checkedName(site)));
    },
  };
}

interface BodyRow {
  readonly body: string;
}
