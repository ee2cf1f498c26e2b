import type { SessionSignal } from '../../shared/health/input.ts';
import { namespaceOf, readSessionRecord } from '../../shared/health/session-record.ts';
import type { SessionStore, StoredReport } from '../store/store.ts';

/** Most sessions that are looked up for one judgement: when a namespace fails, some of them say why. */
const MOST_LOOKUPS = 50;

/** What Event Grid says of the sessions that are down by these reports; nothing is read while all are connected. */
export async function signalsOf(sessions: SessionStore, reports: readonly StoredReport[]): Promise<SessionSignal[]> {
  const down = reports.flatMap(({ connector, report }) =>
    report.sessions.flatMap(({ side, state, clientId, endpoint }) => {
      const namespace = side === 'remote' && state !== 'connected' ? namespaceOf(endpoint) : undefined;
      return namespace === undefined ? [] : [{ connector, namespace, clientId }];
    }),
  );
  const found = await Promise.all(down.slice(0, MOST_LOOKUPS).map((session) => signalOf(sessions, session)));
  return found.flat();
}

async function signalOf(
  sessions: SessionStore,
  { connector, namespace, clientId }: { connector: string; namespace: string; clientId: string },
): Promise<SessionSignal[]> {
  const { last } = readSessionRecord((await sessions.read(namespace, clientId))?.state);
  if (last?.kind !== 'disconnected' || last.reason === undefined) return [];
  return [{ connector, session: clientId, at: Date.parse(last.at), reason: last.reason }];
}
