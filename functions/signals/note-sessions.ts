import { bindSession, namespaceOf, type SessionName, signalEvent } from '../../shared/health/session-record.ts';
import type { StoredReport, Stores } from '../store/store.ts';
import { updateSession } from './update-session.ts';

type SessionStores = Pick<Stores, 'health' | 'sessions'>;

/** Whose each session is, as far as this process has written it itself; spares what would say nothing new. */
const bound = new WeakMap<SessionStores, Map<string, string>>();
const MOST_BOUND = 50_000;
const AT_ONCE = 10;

/**
 * Remembers which connector has the sessions at Event Grid that a report names, so that Event Grid's events find it, and
 * writes the events that came before to its time line. To be called with reports that changed only.
 */
export async function noteSessions(stores: SessionStores, site: string, report: StoredReport): Promise<void> {
  const known = bound.get(stores) ?? new Map<string, string>();
  bound.set(stores, known);
  const owner = `${site}/${report.connector}`;
  const fresh = sessionsOf(report).filter((session) => known.get(keyOf(session)) !== owner);
  for (let next = 0; next < fresh.length; next += AT_ONCE) {
    await Promise.all(fresh.slice(next, next + AT_ONCE).map((session) => bind(stores, { site, report, session })));
  }
  if (known.size + fresh.length > MOST_BOUND) known.clear();
  for (const session of fresh) known.set(keyOf(session), owner);
}

/** The sessions of a report that Event Grid has events of. */
export function sessionsOf({ report }: Pick<StoredReport, 'report'>): SessionName[] {
  return report.sessions.flatMap(({ side, clientId, endpoint }) => {
    const namespace = side === 'remote' ? namespaceOf(endpoint) : undefined;
    return namespace === undefined ? [] : [{ namespace, clientId }];
  });
}

async function bind(
  stores: SessionStores,
  { site, report: { connector }, session }: { site: string; report: StoredReport; session: SessionName },
): Promise<void> {
  const { before, after } = await updateSession(stores.sessions, session, (record) =>
    bindSession(record, { site, connector }),
  );
  if (after === before || before.early.length === 0) return;
  await stores.health.addEvents(
    site,
    before.early.map((signal) => signalEvent(session, connector, signal)),
  );
}

function keyOf({ namespace, clientId }: SessionName): string {
  return `${namespace}/${clientId}`;
}
