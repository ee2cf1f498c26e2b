import type { StatusCondition } from '../../shared/resources/status.ts';
import { STATUS_REASONS } from './reasons.ts';

/** What is worth an Event of Kubernetes. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** At most 1,000 characters. */
  readonly message: string;
}

interface Conditions {
  readonly conditions?: readonly StatusCondition[] | undefined;
}

/** Conditions that are bad news while they are true. */
const TROUBLES = ['Degraded', 'BackPressured', 'SpoolFull', 'ClientIdConflict'];
/** Passing states, which end by themselves. */
const PASSING: readonly string[] = ['RevisionPending', 'RollingOut', 'WorkloadPending', 'NotReported'];

/** Events for what is otherwise than before; none for what nobody can tell, or what only passes. */
export function transitionsOf(former: Conditions | undefined, now: Conditions): readonly StatusEvent[] {
  const before = new Map((former?.conditions ?? []).map((condition) => [condition.type, condition]));
  const events = (now.conditions ?? []).flatMap((condition) => eventOf(before.get(condition.type), condition));
  const present = new Set((now.conditions ?? []).map(({ type }) => type));
  const ended = [...before.values()].filter(({ type }) => TROUBLES.includes(type) && !present.has(type));
  const all = [
    ...events,
    ...ended.map(({ type }): StatusEvent => ({ type: 'Normal', reason: `${type}Ended`, message: `${type} is over.` })),
  ];
  return distinct(all);
}

function eventOf(before: StatusCondition | undefined, now: StatusCondition): StatusEvent[] {
  const { type, status, reason, message } = now;
  if (before?.status === status || status === 'Unknown') return [];
  if (TROUBLES.includes(type)) return [{ type: 'Warning', reason, message }];
  if (status === 'False') return PASSING.includes(reason) ? [] : [{ type: 'Warning', reason, message }];
  if (type !== 'Ready' && before?.status !== 'False') return [];
  return [{ type: 'Normal', reason: type, message: message || STATUS_REASONS.Ready.meaning }];
}

/** One fault may turn several conditions. */
function distinct(events: readonly StatusEvent[]): readonly StatusEvent[] {
  const seen = new Set<string>();
  return events.filter(({ type, reason, message }) => {
    const key = `${type} ${reason} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}
