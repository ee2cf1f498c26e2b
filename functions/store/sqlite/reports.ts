import { checkedName } from '../keys.ts';
import type { AgentReport } from '../../../shared/api/report.ts';
import type { ReportOutcome, ReportStore, StoredReport } from '../store.ts';
import { isSuperseded } from '../superseded.ts';
import type { Database } from './database.ts';

const AGENT = 'site = ? AND connector = ? AND instance = ?';

/** Reports in SQLite. */
export function createReportStore(reports: Database, newTag: () => string): ReportStore {
  function replaceTagged(site: string, stored: StoredReport): string | undefined {
    const { connector, instance, receivedAt, report } = stored;
    const tag = newTag();
    const sql = `UPDATE reports SET tag = ?, received_at = ?, body = ? WHERE ${AGENT} AND tag = ?`;
    const body = JSON.stringify(report);
    const changed = reports.run(sql, tag, receivedAt, body, site, connector, instance, report.tag ?? '');
    return changed === 1 ? tag : undefined;
  }
  function judgeAndReplace(site: string, incoming: StoredReport): ReportOutcome {
    const { connector, instance, receivedAt, report } = incoming;
    const row = reports.get(`SELECT * FROM reports WHERE ${AGENT}`, site, connector, instance) as ReportRow | undefined;
    if (row && isSuperseded(incoming, parse(row))) return { kind: 'superseded', tag: row.tag };
    const tag = newTag();
    const sql = 'INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?)';
    reports.run(sql, site, connector, instance, tag, receivedAt, JSON.stringify(report));
    return { kind: 'stored', tag, first: row === undefined };
  }
  return {
    async put(site, incoming) {
      for (const name of [site, incoming.connector, incoming.instance]) checkedName(name);
      const tag = incoming.report.tag === undefined ? undefined : replaceTagged(site, incoming);
      if (tag !== undefined) return { kind: 'stored', tag, first: false };
      return reports.transaction('quick', () => judgeAndReplace(site, incoming));
    },
    async list(site) {
      const sql = 'SELECT * FROM reports WHERE site = ? ORDER BY connector, instance';
      return (reports.all(sql, checkedName(site)) as ReportRow[]).map(parse);
    },
    async remove(site, connector, instance) {
      if (instance === undefined) reports.run('DELETE FROM reports WHERE site = ? AND connector = ?', site, connector);
      else reports.run(`DELETE FROM reports WHERE ${AGENT}`, site, connector, instance);
    },
    async removeSite(site) {
      reports.run('DELETE FROM reports WHERE site = ?', checkedName(site));
    },
  };
}

interface ReportRow {
  readonly connector: string;
  readonly instance: string;
  readonly tag: string;
  readonly received_at: string;
  readonly body: string;
}

function parse({ connector, instance, received_at: receivedAt, body }: ReportRow): StoredReport {
  return { connector, instance, receivedAt, report: JSON.parse(body) as AgentReport };
}
