import { countEntry, type SessionRecord, signalEvent, takeSignal } from '../../shared/health/session-record.ts';
import type { HealthTrigger, Log } from '../http/contract.ts';
import type { Stores } from '../store/store.ts';
import { readSessionEvent, type SessionEvent } from './session-event.ts';
import { updateSession } from './update-session.ts';

/** What is needed to take an event. */
export interface SignalDeps {
  readonly stores: Pick<Stores, 'bridges' | 'health' | 'sessions'>;
  readonly trigger: HealthTrigger;
  readonly now: () => number;
  readonly log?: Log;
}

/**
 * Takes one event that Event Grid delivered: remembers it with its session and, where it is known whose that is, writes it to
 * the time line. Repeated and disordered events do no harm; when this throws, Event Grid delivers the event again.
 */
export async function takeSessionEvent(event: unknown, deps: SignalDeps): Promise<void> {
  const read = readSessionEvent(event);
  if (read === undefined) {
    deps.log?.('EventIgnored', { type: typeOf(event) });
    return;
  }
  const { stores } = deps;
  let fits = true;
  const { before, after } = await updateSession(stores.sessions, read.session, (record) => {
    const taken = takeSignal(record, read.signal);
    if (taken === record || record.binding === undefined) return taken;
    const counted = countEntry(taken, deps.now());
    fits = counted !== undefined;
    return counted ?? taken;
  });
  if (after.binding && fits) await tell(after.binding, read, { isNew: after !== before }, deps);
}

async function tell(
  { site, connector }: NonNullable<SessionRecord['binding']>,
  { session, signal }: SessionEvent,
  { isNew }: { readonly isNew: boolean },
  { stores, trigger, log }: SignalDeps,
): Promise<void> {
  if (!(await stores.bridges.isRegistered(site))) return;
  // Also when it is not new: the process that took it first may have died before it wrote this.
  await stores.health.addEvents(site, [signalEvent(session, connector, signal)]);
  if (!isNew) return;
  await trigger.hint(site).catch((error: unknown) => log?.('HealthHintFailed', { site, error: String(error) }));
}

function typeOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'type' in event
    ? String(event.type).slice(0, 100)
    : typeof event;
}
