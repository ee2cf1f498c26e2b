import { checkedName } from '../keys.ts';
import type { JsonObject, SessionStore } from '../store.ts';
import type { Database } from './database.ts';

const SESSION = 'namespace = ? AND client_id = ?';

/** Sessions at Event Grid in SQLite. */
export function createSessionStore(sessions: Database, newTag: () => string): SessionStore {
  return {
    async read(namespace, clientId) {
      const sql = `SELECT tag, state FROM sessions WHERE ${SESSION}`;
      const row = sessions.get(sql, checkedName(namespace), checkedName(clientId)) as StateRow | undefined;
      return row && { tag: row.tag, state: JSON.parse(row.state) as JsonObject };
    },
    async write(namespace, clientId, state, expected) {
      const keys = [checkedName(namespace), checkedName(clientId)];
      const text = JSON.stringify(state);
      if (expected === undefined) {
        const sql =
          'INSERT INTO sessions (namespace, client_id, tag, state) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
        return sessions.run(sql, ...keys, newTag(), text) === 1;
      }
      const sql = `UPDATE sessions SET tag = ?, state = ? WHERE ${SESSION} AND tag = ?`;
      return sessions.run(sql, newTag(), text, ...keys, expected) === 1;
    },
  };
}

interface StateRow {
  readonly tag: string;
  readonly state: string;
}
