import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import { MOST_SESSIONS, setting } from '../../shared/advice/commands.ts';
import { eventGridHost } from '../../shared/event-grid.ts';
import type { Plan } from '../../shared/plan/types.ts';
import type { NamespaceReading } from './namespace.ts';
import { ended, type Outcome, type Statement } from './outcome.ts';

/** What Event Grid sets unless told. */
const DEFAULT_SESSIONS = 1;
const SETTING = '"Maximum client sessions per authentication name"';

/** How many sessions of one authentication name the bridge has at the remote broker. */
export function sessionsNeeded({ sessions }: Pick<Plan, 'sessions'>): number {
  return sessions.filter(({ side }) => side === 'remote').length;
}

/** Whether the namespace allows as many client sessions as the plan has. */
export function judgeSessions(spec: ConnectionSpec, plan: Plan, reading: NamespaceReading): Outcome {
  const subject = { check: 'sessions', side: 'remote' } as const;
  const needed = sessionsNeeded(plan);
  const need = `The bridge needs ${needed} client session${needed === 1 ? '' : 's'} of one authentication name`;
  const known = reading.kind === 'read';
  const allowed = known ? allowedBy(reading) : DEFAULT_SESSIONS;
  const owner = known ? `namespace ${reading.namespace.name}` : 'every namespace';
  const details = { needed, ...(known && { allowed }) };
  if (needed <= allowed) return ended(subject, 'ok', { message: `${need}, and ${owner} allows ${allowed}`, details });
  if (known) {
    const message = `${need}, and ${owner} allows ${allowed}: the others are refused with 0x97`;
    return ended(subject, 'error', { message, details, ...quotaAdvice(needed, spec, reading.namespace.id) });
  }
  const message = `${need}, and a namespace allows ${DEFAULT_SESSIONS} unless ${SETTING} is raised; what this one allows is not known`;
  return ended(subject, 'warning', { message, details, ...quotaAdvice(needed, spec) });
}

function allowedBy({ namespace }: NamespaceReading & { kind: 'read' }): number {
  const settings = namespace.properties.topicSpacesConfiguration;
  return settings?.maximumClientSessionsPerAuthenticationName ?? DEFAULT_SESSIONS;
}

/** No client session is left: what the bridge needs, and that this check needs one as well. */
export function sessionsFull(needed: number, spec: Pick<ConnectionSpec, 'host'>, id?: string): Statement {
  const message = `Event Grid has no client session left for this identity (0x97): the bridge needs ${needed}, this check one more while it runs, and ${SETTING} of the namespace allows fewer; sessions without a connection count until they expire`;
  return { message, ...quotaAdvice(needed + 1, spec, id) };
}

/** What to do about too few client sessions: the command, and the portal's setting. */
function quotaAdvice(
  needed: number,
  { host }: Pick<ConnectionSpec, 'host'>,
  id?: string,
): Pick<Statement, 'reason' | 'advice'> {
  if (needed > MOST_SESSIONS) {
    const advice = `${setting('spec.remoteSessions', 'perInstance')}, since a namespace allows ${MOST_SESSIONS} at most`;
    return { reason: 'QuotaExceeded', advice };
  }
  const name = eventGridHost(host) === undefined ? 'NAMESPACE' : host.split('.')[0];
  const which = id === undefined ? `--resource-group GROUP --name ${name}` : `--ids ${id}`;
  const change = `"{maximumClientSessionsPerAuthenticationName:${needed}}"`;
  const command = `az eventgrid namespace update ${which} --topic-spaces-configuration ${change}`;
  return {
    reason: 'QuotaExceeded',
    advice: `${command}, or in the portal: the namespace, Configuration, ${SETTING} of ${needed} or more`,
  };
}
