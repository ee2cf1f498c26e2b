import { readSessionRecord, type SessionName, type SessionRecord } from '../../shared/health/session-record.ts';
import type { SessionStore } from '../store/store.ts';

const MOST_ATTEMPTS = 10;

/** A record as it was, and as it is now; the same object when nothing changed. */
export interface SessionUpdate {
  readonly before: SessionRecord;
  readonly after: SessionRecord;
}

/** Changes what is known of a session, also when others change it at the same time. */
export async function updateSession(
  sessions: SessionStore,
  { namespace, clientId }: SessionName,
  change: (record: SessionRecord) => SessionRecord,
): Promise<SessionUpdate> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const stored = await sessions.read(namespace, clientId);
    const before = readSessionRecord(stored?.state);
    const after = change(before);
    if (after === before) return { before, after };
    if (await sessions.write(namespace, clientId, after, stored?.tag)) return { before, after };
  }
  throw new Error(`what is known of session ${clientId} changes too often`);
}
