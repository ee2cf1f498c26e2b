import { KEEP_UNNAMED_MS } from '../keep-unnamed.ts';
import { decodePosition, encodePosition, SITE_KEY } from '../page-position.ts';
import { checkedName, keyPart } from '../keys.ts';
import type { BridgeStore, DesiredRevision, JsonObject, SiteChange, SiteHead } from '../store.ts';
import type { Database } from './database.ts';

/** What the store of definitions needs. */
export interface BridgeStoreOptions {
  readonly sites: Database;
  readonly bridges: Database;
  readonly now: () => number;
  readonly newTag: () => string;
}

/** Definitions in SQLite. */
export function createBridgeStore(options: BridgeStoreOptions): BridgeStore {
  const { bridges, now } = options;
  return {
    async readHead(site) {
      const row = bridges.get(SELECT_HEAD, checkedName(site)) as HeadRow | undefined;
      return row && { site, ...parseHead(row) };
    },
    async readDesired(site, connector) {
      const row = bridges.get(SELECT_DESIRED, checkedName(site), checkedName(connector)) as DesiredRevision | undefined;
      return row && { revision: row.revision, instances: row.instances };
    },
    async readDocuments(site, hashes) {
      const sql = 'SELECT hash, body FROM documents WHERE site = ? AND hash IN (SELECT value FROM json_each(?))';
      const rows = bridges.all(sql, checkedName(site), JSON.stringify(hashes)) as DocumentRow[];
      return new Map(rows.map(({ hash, body }) => [hash, JSON.parse(body) as JsonObject]));
    },
    async commit(site, change, expected) {
      return bridges.transaction('durable', () => {
        const current = bridges.get('SELECT tag FROM heads WHERE site = ?', checkedName(site)) as
          | { tag: string }
          | undefined;
        if (current?.tag !== expected) return { kind: 'conflict' };
        return { kind: 'committed', tag: replaceHead(site, change, options) };
      });
    },
    async collectGarbage(site) {
      const sql = 'DELETE FROM documents WHERE site = ? AND unnamed_since <= ?';
      return bridges.run(sql, checkedName(site), now() - KEEP_UNNAMED_MS);
    },
    async removeSite(site) {
      bridges.transaction('durable', () => {
        for (const table of ['heads', 'desired', 'documents', 'sites']) {
          bridges.run(`DELETE FROM ${table} WHERE site = ?`, checkedName(site));
        }
      });
    },
    ...createRegister(options.sites),
  };
}

function createRegister(sites: Database): Pick<BridgeStore, 'register' | 'isRegistered' | 'listSites'> {
  return {
    async register(site) {
      sites.run(REGISTER, keyPart(site), site);
    },
    async isRegistered(site) {
      return sites.get('SELECT 1 FROM sites WHERE key = ?', keyPart(site)) !== undefined;
    },
    async listSites({ limit, continue: token }) {
      const after = token === undefined ? '' : decodePosition(token, SITE_KEY);
      const rows = sites.all(
        'SELECT key, site FROM sites WHERE key > ? ORDER BY key LIMIT ?',
        after,
        limit + 1,
      ) as SiteRow[];
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const more = rows.length > limit && last ? { continue: encodePosition(last.key) } : {};
      return { items: items.map(({ site }) => site), ...more };
    },
  };
}

const REGISTER = 'INSERT INTO sites (key, site) VALUES (?, ?) ON CONFLICT DO NOTHING';

const SELECT_DESIRED = 'SELECT revision, instances FROM desired WHERE site = ? AND connector = ?';

const SELECT_HEAD = `
  SELECT tag, generation, entries, (
    SELECT json_group_object(connector, json_object('revision', revision, 'instances', instances))
    FROM desired WHERE desired.site = heads.site
  ) AS desired FROM heads WHERE site = ?`;

interface HeadRow {
  readonly tag: string;
  readonly generation: number;
  readonly entries: string;
  readonly desired: string;
}

interface DocumentRow {
  readonly hash: string;
  readonly body: string;
}

interface SiteRow {
  readonly key: string;
  readonly site: string;
}

function parseHead({ tag, generation, entries, desired }: HeadRow): Omit<SiteHead, 'site'> {
  return {
    tag,
    generation,
    entries: JSON.parse(entries) as SiteHead['entries'],
    desired: JSON.parse(desired) as SiteHead['desired'],
  };
}

function replaceHead(site: string, change: SiteChange, { bridges, now, newTag }: BridgeStoreOptions): string {
  const tag = newTag();
  const entries = JSON.stringify(change.entries);
  bridges.run(REGISTER, keyPart(site), site);
  bridges.run('INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)', site, tag, change.generation, entries);
  bridges.run('DELETE FROM desired WHERE site = ?', site);
  for (const [connector, { revision, instances }] of Object.entries(change.desired)) {
    bridges.run('INSERT INTO desired VALUES (?, ?, ?, ?)', site, checkedName(connector), revision, instances);
  }
  for (const [hash, document] of change.documents) {
    const sql = 'INSERT INTO documents (site, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
    bridges.run(sql, site, hash, JSON.stringify(document));
  }
  const named = `(SELECT value ->> 'hash' FROM json_each(?))`;
  bridges.run(`UPDATE documents SET unnamed_since = NULL WHERE site = ? AND hash IN ${named}`, site, entries);
  const unnamed = `UPDATE documents SET unnamed_since = ? WHERE site = ? AND unnamed_since IS NULL AND hash NOT IN ${named}`;
  bridges.run(unnamed, now(), site, entries);
  return tag;
}
