import type { StatusCondition } from '../../shared/resources/status.ts';
import { TROUBLE_CONDITIONS } from './condition-types.ts';
import { isIdle, isPassing } from './reasons.ts';

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

const TROUBLES = Object.keys(TROUBLE_CONDITIONS);
/** Ready says the same in the same moment. */
const SILENT = ['Programmed'];
/** Topic maps alone have it. Pods are their connector's, which tells of them. */
const OF_TOPIC_MAPS = 'Programmed';

/** Events for what is otherwise than before; none for what nobody can tell, or what ends by itself. */
export function transitionsOf(former: Conditions | undefined, now: Conditions): readonly StatusEvent[] {
  const before = new Map((former?.conditions ?? []).map((condition) => [condition.type, condition]));
  const current = now.conditions ?? [];
  const present = new Set(current.map(({ type }) => type));
  const ended = TROUBLES.filter((type) => before.has(type) && !present.has(type));
  return [
    ...current
      .filter(({ reason }) => reason !== 'InstancesNotReady' || !present.has(OF_TOPIC_MAPS))
      .flatMap((condition) => eventOf(before.get(condition.type), condition)),
    ...ended.map((type) => ({ type: 'Normal' as const, reason: `${type}Ended`, message: `${type} is over.` })),
  ].filter(isFirstOfReason);
}

function eventOf(before: StatusCondition | undefined, now: StatusCondition): StatusEvent[] {
  const { type, reason, message } = now;
  const status = tellable(now);
  if (status === 'Unknown' || status === tellable(before) || SILENT.includes(type)) return [];
  if (TROUBLES.includes(type)) return [{ type: 'Warning', reason, message }];
  if (reason === 'InstancesNotReady' && !isLoss(before, now)) return [];
  // What nothing is wanted of is as somebody wanted it.
  if (status === 'False') return [{ type: isIdle(reason) ? 'Normal' : 'Warning', reason, message }];
  // That all is well is news when it was not, and of the sum of all even when it is so for the first time.
  if (type !== 'Ready' && before?.status !== 'False') return [];
  return [{ type: 'Normal', reason: type, message }];
}

/** That pods start is no news, be they the first or more than before; that they are gone is. */
function isLoss(before: StatusCondition | undefined, now: StatusCondition): boolean {
  return before?.status === 'True' && before.observedGeneration === now.observedGeneration;
}

/** What ends by itself counts as not known, so that what follows it is a transition of its own. */
function tellable(condition: StatusCondition | undefined): StatusCondition['status'] {
  if (condition === undefined) return 'Unknown';
  return condition.status === 'False' && isPassing(condition.reason) ? 'Unknown' : condition.status;
}

/** One fault may turn several conditions, of which the summary comes last. */
function isFirstOfReason({ reason, message }: StatusEvent, index: number, all: readonly StatusEvent[]): boolean {
  return all.findIndex((other) => other.reason === reason && other.message === message) === index;
}
