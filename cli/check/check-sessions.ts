import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import { eventGridHost } from '../../shared/event-grid.ts';
import type { Plan } from '../../shared/plan/types.ts';
import type { NamespaceReading } from './namespace.ts';
import { ended, finding, type Outcome, type Statement } from './outcome.ts';

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
  if (reading.kind !== 'read') {
    const unread = reading.kind === 'failed' ? [finding(subject, 'warning', unreadable(reading))] : [];
    return { findings: [...unread, judgeUnread(needed, need, spec)] };
  }
  const { name, id, properties } = reading.namespace;
  const settings = properties.topicSpacesConfiguration;
  if (settings?.state !== 'Enabled') {
    const message = `The MQTT broker of namespace ${name} is switched off`;
    return ended(subject, 'error', { message, reason: 'MqttDisabled', advice: updateCommand(id, 'state:Enabled') });
  }
  const allowed = settings.maximumClientSessionsPerAuthenticationName ?? DEFAULT_SESSIONS;
  const details = { needed, allowed };
  if (allowed >= needed) {
    const message = `${need}, and namespace ${name} allows ${allowed}`;
    return { findings: [finding(subject, 'ok', { message, details })] };
  }
  const message = `${need}, and namespace ${name} allows ${allowed}: the others are refused with 0x97`;
  return ended(subject, 'error', { message, details, ...quotaAdvice(needed, spec, id) });
}

function unreadable({ message, advice }: NamespaceReading & { kind: 'failed' }): Statement {
  return { message, advice, reason: 'NamespaceUnreadable' };
}

function judgeUnread(needed: number, need: string, spec: ConnectionSpec) {
  const subject = { check: 'sessions', side: 'remote' } as const;
  const details = { needed };
  if (needed <= DEFAULT_SESSIONS) {
    const message = `${need}, and every namespace allows ${DEFAULT_SESSIONS}`;
    return finding(subject, 'ok', { message, details });
  }
  const message = `${need}, and a namespace allows ${DEFAULT_SESSIONS} unless ${SETTING} is raised; what this one allows is not known`;
  return finding(subject, 'warning', { message, details, ...quotaAdvice(needed, spec) });
}

/** No client session is left: what the bridge needs, and that this check needs one as well. */
export function sessionsFull(needed: number, spec: Pick<ConnectionSpec, 'host'>, id?: string): Statement {
  const message = `Event Grid has no client session left for this identity (0x97): the bridge needs ${needed}, this check one more while it runs, and ${SETTING} of the namespace allows fewer; sessions without a connection count until they expire`;
  return { message, ...quotaAdvice(needed + 1, spec, id) };
}

/** What to do about too few client sessions: the portal's setting and the command. */
function quotaAdvice(
  needed: number,
  { host }: Pick<ConnectionSpec, 'host'>,
  id?: string,
): Pick<Statement, 'reason' | 'advice'> {
  const name = eventGridHost(host) === undefined ? 'NAME' : host.split('.')[0];
  const change = `state:Enabled,maximumClientSessionsPerAuthenticationName:${needed}`;
  const command = updateCommand(id ?? `--resource-group GROUP --name ${name}`, change);
  return {
    reason: 'QuotaExceeded',
    advice: `${command}, or in the portal: the namespace, Configuration, ${SETTING} of ${needed} or more`,
  };
}

function updateCommand(which: string, change: string): string {
  const chosen = which.startsWith('/') ? `--ids ${which}` : which;
  return `az eventgrid namespace update ${chosen} --topic-spaces-configuration "{${change}}"`;
}
