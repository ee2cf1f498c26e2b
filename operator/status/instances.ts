import type { InstanceStatus } from '../../shared/resources/status.ts';
import { cut, type Finding, holds, unknown } from './finding.ts';
import { listing } from './listing.ts';
import type { StatusReason } from './reasons.ts';
import type { Workload } from './workload.ts';

/** What the wanted instances say of themselves. */
export interface InstancesView {
  readonly wanted: number;
  /** In the order of their numbers. */
  readonly entries: readonly InstanceStatus[];
  /** Numbers of instances that have said nothing. */
  readonly missing: readonly string[];
  /** Numbers of instances that do not run the newest configuration. */
  readonly outdated: readonly string[];
  /** More instances call themselves ready than pods are, so some entry is of a pod that is gone. */
  readonly doubtful: boolean;
  readonly ready: number;
}

/** Looks at the wanted instances only; `revision` is absent where what is wanted was refused, and any will do. */
export function viewInstances(
  entries: readonly InstanceStatus[],
  { wanted, ready }: Pick<Workload, 'wanted' | 'ready'>,
  revision: string | undefined,
): InstancesView {
  const known = new Map(entries.map((entry) => [entry.instance, entry]));
  const present: InstanceStatus[] = [];
  const missing: string[] = [];
  for (let number = 0; number < wanted; number++) {
    const entry = known.get(String(number));
    if (entry === undefined) missing.push(String(number));
    else present.push(entry);
  }
  const outdated = present.filter((entry) => revision !== undefined && entry.revision !== revision);
  const claims = present.filter((entry) => conditionOf(entry, 'Ready')?.status === 'True').length;
  return {
    wanted,
    ready,
    entries: present,
    missing,
    outdated: outdated.map(({ instance }) => instance),
    doubtful: claims > ready,
  };
}

/** What an instance says under a type. */
export function conditionOf(entry: InstanceStatus, type: string) {
  return entry.conditions?.find((condition) => condition.type === type);
}

/** True only when every wanted instance says so of the newest configuration; False as soon as one says so. */
export function agreed(type: string, view: InstancesView, reason: StatusReason): Finding {
  const fault = refusalOf(type, view);
  if (fault !== undefined) return fault;
  const silent = view.entries.filter((entry) => conditionOf(entry, type)?.status !== 'True');
  const missing = [...view.missing, ...silent.map(({ instance }) => instance)];
  return standstill({ ...view, missing }) ?? holds(reason);
}

/** Why nothing can be said of all instances, although none says that something is wrong. */
export function standstill({ wanted, missing, outdated, doubtful, ready }: InstancesView): Finding | undefined {
  if (missing.length > 0) {
    return unknown('NotReported', `${instances(missing)} of ${wanted} said nothing of this yet.`);
  }
  if (outdated.length > 0) return unknown('RevisionPending', `${instances(outdated)} of ${wanted}: not the newest.`);
  if (doubtful) return unknown('InstancesNotReady', podsText(ready, wanted));
  return undefined;
}

/** What instances say against a condition, with those together that say the same. */
export function refusalOf(type: string, { entries }: InstancesView, status = 'False'): Finding | undefined {
  const against = entries.flatMap((entry) => {
    const condition = conditionOf(entry, type);
    return condition?.status === status ? [{ instance: entry.instance, condition }] : [];
  });
  const [first] = against;
  if (first === undefined) return undefined;
  const same = Map.groupBy(against, ({ condition: { reason, message } }) => `${reason}: ${message}`);
  const texts = [...same].map(([text, said]) => `${instances(said.map(({ instance }) => instance))}: ${text}`);
  return { status: 'False', reason: first.condition.reason, message: cut(listing(texts, '; ', 3)) };
}

/** How many pods are ready. */
export function podsText(ready: number, wanted: number): string {
  return `${ready} of ${wanted} pods ${wanted === 1 ? 'is' : 'are'} ready.`;
}

/** Instances by number, such as `instances 0 and 2`. */
export function instances(numbers: readonly string[]): string {
  return `${numbers.length === 1 ? 'instance' : 'instances'} ${listing(numbers)}`;
}
