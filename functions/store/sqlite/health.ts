import { eventKey, keyAfterEventsSince } from '../keys.ts';
import { decodePosition, encodePosition, EVENT_KEY } from '../page-position.ts';
import { checkedName } from '../keys.ts';
import type { HealthEvent } from '../../../shared/api/health.ts';
import type { HealthStore, JsonObject } from '../store.ts';
import type { Database } from './database.ts';

// Above every key of an event.
const END_OF_KEYS = '~';

/** Judgements and time lines in SQLite. */
export function createHealthStore(health: Database, events: Database, newTag: () => string): HealthStore {
  return {
    async read(site) {
      const row = health.get('SELECT tag, state FROM health WHERE site = ?', checkedName(site)) as StateRow | undefined;
      return row && { tag: row.tag, state: JSON.parse(row.state) as JsonObject };
    },
    async write(site, state, expected) {
      const text = JSON.stringify(state);
      if (expected === undefined) {
        const sql = 'INSERT INTO health (site, tag, state) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
        return health.run(sql, checkedName(site), newTag(), text) === 1;
      }
      const sql = 'UPDATE health SET tag = ?, state = ? WHERE site = ? AND tag = ?';
      return health.run(sql, newTag(), text, checkedName(site), expected) === 1;
    },
    async removeSite(site) {
      health.transaction('durable', () => {
        health.run('DELETE FROM health WHERE site = ?', checkedName(site));
        health.run('DELETE FROM events WHERE site = ?', site);
      });
    },
    ...createEventLog(events),
  };
}

function createEventLog(events: Database): Pick<HealthStore, 'addEvents' | 'listEvents' | 'pruneEvents'> {
  return {
    async addEvents(site, added) {
      if (added.length === 0) return;
      const sql = 'INSERT INTO events (site, key, connector, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
      events.transaction('quick', () => {
        for (const event of added) {
          events.run(sql, checkedName(site), eventKey(event), event.connector ?? null, JSON.stringify(event));
        }
      });
    },
    async listEvents(site, { connector, since, limit, continue: token }) {
      const after = token === undefined ? '' : decodePosition(token, EVENT_KEY);
      const before = since === undefined ? END_OF_KEYS : keyAfterEventsSince(since);
      const ofConnector = connector === undefined ? '' : 'AND connector = ?';
      const sql = `SELECT key, body FROM events WHERE site = ? ${ofConnector} AND key > ? AND key < ? ORDER BY key LIMIT ?`;
      const rows = events.all(
        sql,
        checkedName(site),
        ...(connector === undefined ? [] : [connector]),
        after,
        before,
        limit + 1,
      ) as EventRow[];
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const more = rows.length > limit && last ? { continue: encodePosition(last.key) } : {};
      return { items: page.map((row) => JSON.parse(row.body) as HealthEvent), ...more };
    },
    async pruneEvents(site, before) {
      return events.run(
        'DELETE FROM events WHERE site = ? AND key >= ?',
        checkedName(site),
        keyAfterEventsSince(before),
      );
    },
  };
}

interface StateRow {
  readonly tag: string;
  readonly state: string;
}

interface EventRow {
  readonly key: string;
  readonly body: string;
}
