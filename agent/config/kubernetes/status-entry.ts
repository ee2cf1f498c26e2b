import type { InstanceStatus, StatusCondition } from '../../../shared/resources/status.ts';
import { transitionTime } from '../../../shared/resources/transition.ts';
import type { AgentSnapshot } from '../../observe/snapshot.ts';
import { acceptedFinding, type Finding, stateFindings, unreadyRoutes, wordsOf } from './status-conditions.ts';

/** What an entry says besides the state of the agent. */
export interface EntryAbout {
  readonly instance: string;
  /** Generation of the connector that runs, where it is known. */
  readonly runs: number | undefined;
  /** Generation of the newest connector that was taken or refused. */
  readonly judged: number | undefined;
  /** The process was told to end. */
  readonly stopping: boolean;
  /** The entry as it was. */
  readonly former: InstanceStatus | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

const MAX_UNREADY = 100;
const MAX_UNREADY_TEXT = 300;
/** An object of etcd has 1.5 MiB, and each instance puts an entry into the same one. */
const MAX_BYTES = 32 * 1024;
/** Backlogs below this are all the same. */
const NOTABLE_BACKLOG = 1_000;
/** By how many times a backlog has to grow or shrink to be worth a write. */
const BACKLOG_FACTOR = 4;

/** This instance's entry in the status of its connector: bounded, and redacted as /status is. */
export function instanceEntry(snapshot: AgentSnapshot, about: EntryAbout): InstanceStatus {
  const { instance, runs, former } = about;
  const { revision } = snapshot.config;
  const unready = unreadyRoutes(snapshot);
  const total = snapshot.routes.length;
  const entry: InstanceStatus = {
    instance,
    version: snapshot.version.slice(0, 64),
    ...(runs === undefined ? {} : { observedGeneration: runs }),
    ...(revision === undefined ? {} : { revision: revision.slice(0, 64) }),
    backlog: snapshot.routes.reduce((sum, { counters }) => sum + counters.inflight, 0),
    routes: { total, ready: total - unready.length },
    conditions: conditionsOf(snapshot, about, former?.conditions ?? []),
  };
  const named = unready.slice(0, MAX_UNREADY).map(({ route, why }) => ({
    topicMap: route.topicMap.slice(0, 253),
    route: route.route.slice(0, 253),
    ...wordsOf(why, MAX_UNREADY_TEXT),
  }));
  if (named.length === 0) return entry;
  // With room for any backlog: how many routes are named must not change with the messages that pass.
  const rest = byteLength({ ...entry, backlog: Number.MAX_SAFE_INTEGER, unready: [] });
  return { ...entry, unready: fitting(named, MAX_BYTES - rest) };
}

/** What of an entry is worth a write: neither sentences, in which numbers may change, nor the backlog. */
export function entryDigest({
  version,
  observedGeneration,
  revision,
  routes,
  unready,
  conditions,
}: InstanceStatus): string {
  return JSON.stringify([
    version,
    observedGeneration,
    revision,
    routes?.total,
    routes?.ready,
    unready?.map(({ topicMap, route, reason }) => [topicMap, route, reason]) ?? [],
    (conditions ?? [])
      .map(({ type, status, reason, observedGeneration: of, message }) => [
        type,
        status,
        reason,
        of,
        // Rules and paths: they change with the definition only.
        type === 'Accepted' ? message : '',
      ])
      .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  ]);
}

/** Whether a backlog is another one than was told: four times as much or as little from 1,000 messages on, or none left. */
export function hasBacklogMoved(told: number, now: number): boolean {
  if (now === 0 || told === 0) return Math.max(told, now) > 0 && (now === 0 || now >= NOTABLE_BACKLOG);
  const [less, more] = told < now ? [told, now] : [now, told];
  return more >= NOTABLE_BACKLOG && more >= BACKLOG_FACTOR * less;
}

function conditionsOf(
  snapshot: AgentSnapshot,
  { runs, judged, stopping, now }: EntryAbout,
  former: readonly StatusCondition[],
): StatusCondition[] {
  const condition = (finding: Finding, generation: number | undefined): StatusCondition => ({
    type: finding.type,
    status: finding.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: transitionTime(
      former.find(({ type }) => type === finding.type),
      finding.status,
      now,
    ),
    reason: finding.reason,
    message: finding.message,
  });
  return [
    condition(acceptedFinding(snapshot), judged),
    ...stateFindings(snapshot, stopping).map((finding) => condition(finding, runs)),
  ];
}

/** As many from the beginning as so many bytes hold. */
function fitting<T>(items: readonly T[], bytes: number): T[] {
  let left = bytes;
  const end = items.findIndex((item) => (left -= byteLength(item) + 1) < 0);
  return end < 0 ? [...items] : items.slice(0, end);
}

function byteLength(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
