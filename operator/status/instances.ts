import type { InstanceStatus, StatusCondition } from '../../shared/resources/status.ts';
import { cut, type Finding, holds, unknown } from './finding.ts';
import { listing, shortened, SHOWN } from './listing.ts';
import type { StatusReason } from './reasons.ts';

/** What the wanted instances say of themselves. */
export interface InstancesView {
  readonly wanted: number;
  /** Pods that are ready. */
  readonly ready: number;
  /** What they are to run; absent where what is wanted was refused. */
  readonly revision: string | undefined;
  /** In the order of their numbers. */
  readonly entries: readonly InstanceStatus[];
  readonly missing: Few;
  /** Instances that do not run the newest configuration. */
  readonly outdated: readonly InstanceStatus[];
  /** Those of them for which the connector is another, too, and not only its routes. */
  readonly apart: readonly InstanceStatus[];
  /** More instances call themselves ready than pods are, so some entry is of a pod that is gone. */
  readonly doubtful: boolean;
}

/** Numbers of instances: how many there are, and the first of them. */
interface Few {
  readonly count: number;
  readonly first: readonly string[];
}

/** What entries are looked at for. */
interface Wanted {
  readonly wanted: number;
  readonly ready: number;
  /** Of the connector. */
  readonly generation: number;
  /** Absent where what is wanted was refused: then any will do. */
  readonly revision: string | undefined;
}

/** Looks at the entries of wanted instances only. */
export function viewInstances(all: readonly InstanceStatus[], about: Wanted): InstancesView {
  const { wanted, ready, generation, revision } = about;
  const entries = all
    .filter(({ instance }) => /^(?:0|[1-9]\d{0,4})$/.test(instance) && Number(instance) < wanted)
    .toSorted((a, b) => Number(a.instance) - Number(b.instance));
  const outdated = entries.filter((entry) =>
    revision === undefined ? entry.revision === undefined : entry.revision !== revision,
  );
  const apart = outdated.filter(({ observedGeneration }) => observedGeneration !== generation);
  const claims = entries.filter((entry) => conditionOf(entry, 'Ready')?.status === 'True').length;
  return {
    wanted,
    ready,
    revision,
    entries,
    missing: missingOf(entries, wanted),
    outdated,
    apart,
    doubtful: claims > ready,
  };
}

/** Up to 65,535 instances may be wanted, so the missing ones are counted and not listed. */
function missingOf(entries: readonly InstanceStatus[], wanted: number): Few {
  const known = new Set(entries.map(({ instance }) => instance));
  const first: string[] = [];
  for (let number = 0; number < wanted && first.length < SHOWN; number++) {
    if (!known.has(String(number))) first.push(String(number));
  }
  return { count: Math.max(0, wanted - known.size), first };
}

function fewOf(entries: readonly InstanceStatus[]): Few {
  return { count: entries.length, first: entries.slice(0, SHOWN).map(({ instance }) => instance) };
}

/** What an instance says under a type. */
export function conditionOf(entry: InstanceStatus, type: string): StatusCondition | undefined {
  return entry.conditions?.find((condition) => condition.type === type);
}

/** True only when every wanted instance says so of the connector as it is; False as soon as one says so. */
export function agreed(type: string, view: InstancesView, reason: StatusReason): Finding {
  const fault = saidBy(type, view, 'False');
  if (fault !== undefined) return fault;
  // Sessions depend on the connector; a change of routes alone leaves what is known of them.
  const still = standstill({ ...view, outdated: view.apart });
  if (still !== undefined) return unknown(still.reason, still.text);
  const doubt = saidBy(type, view, 'Unknown');
  if (doubt !== undefined) return doubt;
  const silent = view.entries.filter((entry) => conditionOf(entry, type) === undefined);
  if (silent.length > 0) return unknown('NotReported', unsaid(fewOf(silent), view.wanted).text);
  return holds(reason);
}

/** Why nothing can be said of all instances. */
export interface Standstill {
  readonly reason: StatusReason;
  /** One sentence, without what to do about it. */
  readonly text: string;
}

/** Why nothing can be said of all instances, although none says that something is wrong. */
export function standstill(view: InstancesView): Standstill | undefined {
  const { wanted, ready, revision, missing, outdated, doubtful } = view;
  if (missing.count > 0) return unsaid(missing, wanted);
  if (outdated.length > 0) {
    const newest = revision === undefined ? 'A configuration' : `The newest configuration (${revision})`;
    const text = `${newest} does not run in ${instancesText(fewOf(outdated))} yet.`;
    return { reason: 'RevisionPending', text };
  }
  const text = `More instances call themselves ready than pods are: ${podsText(ready, wanted)}`;
  return doubtful ? { reason: 'InstancesNotReady', text } : undefined;
}

function unsaid(silent: Few, wanted: number): Standstill {
  return { reason: 'NotReported', text: `Nothing is known of ${instancesText(silent)} (${wanted} wanted).` };
}

/** What instances say under a type, those together that say the same; undefined when none says it. */
export function saidBy(
  type: string,
  { entries }: Pick<InstancesView, 'entries'>,
  status: StatusCondition['status'],
): Finding | undefined {
  const said = entries.flatMap((entry) => {
    const condition = conditionOf(entry, type);
    return condition?.status === status ? [{ entry, condition }] : [];
  });
  const [first] = said;
  if (first === undefined) return undefined;
  const same = Map.groupBy(said, ({ condition: { reason, message } }) => `${reason}: ${message}`);
  const longest = same.size === 1 ? 900 : 300;
  const texts = [...same].map(
    ([text, by]) => `${instancesText(fewOf(by.map(({ entry }) => entry)))}: ${shortened(text, longest)}`,
  );
  return { status, reason: first.condition.reason, message: cut(listing(texts, '; ', 3)) };
}

/** How many pods are ready. */
export function podsText(ready: number, wanted: number): string {
  return `${ready} of ${wanted} pods ready.`;
}

/** Instances by number, such as `instances 0, 2 and 5 more`. */
function instancesText({ count, first }: Few): string {
  const more = count > first.length ? ` and ${(count - first.length).toLocaleString('en-US')} more` : '';
  return `${count === 1 ? 'instance' : 'instances'} ${first.join(', ')}${more}`;
}
