import { createHash } from 'node:crypto';
import type { LanePlan, Plan, SessionPlan } from '../../shared/plan/types.ts';
import type { Connector } from '../../shared/resources/connector.ts';

/** A plan together with the settings its sessions and lanes depend on: what runs, or what should. */
export interface Deployment {
  readonly plan: Plan;
  readonly connector: Connector;
}

/** One part that goes on under the same key with other settings. */
interface Replacement<T> {
  readonly from: T;
  readonly to: T;
}

/** What to do with each part; every running and every wanted key is in exactly one list. */
interface Changes<T> {
  readonly keep: readonly T[];
  readonly start: readonly T[];
  readonly stop: readonly T[];
  readonly replace: readonly Replacement<T>[];
}

/** A replaced lane; `sessionsKept` says that both its sessions stay connected meanwhile. */
export interface LaneReplacement extends Replacement<LanePlan> {
  readonly sessionsKept: boolean;
}

/** Everything that leads from the running deployment to the wanted one. */
export interface Reconciliation {
  readonly sessions: Changes<SessionPlan>;
  readonly lanes: Omit<Changes<LanePlan>, 'replace'> & { readonly replace: readonly LaneReplacement[] };
}

/** Compares what runs with what is wanted, part by part; a part is kept exactly when nothing that matters to it differs. */
export function reconcile(running: Deployment | undefined, wanted: Deployment | undefined): Reconciliation {
  const sessions = compare(
    running?.plan.sessions ?? [],
    wanted?.plan.sessions ?? [],
    sessionHashes(running),
    sessionHashes(wanted),
  );
  const lanes = compare(running?.plan.lanes ?? [], wanted?.plan.lanes ?? [], laneHashes(running), laneHashes(wanted));
  const kept = new Set(sessions.keep.map((session) => session.key));
  return {
    sessions,
    lanes: {
      ...lanes,
      replace: lanes.replace.map((pair) => ({ ...pair, sessionsKept: keepsSessions(pair, kept) })),
    },
  };
}

// What a session depends on: its names, its broker's connection settings, the protocol and the limits. The slot is none of
// it: it says which instance runs a part, and a part that comes to another instance leaves this one's plan.
function sessionHash(session: SessionPlan, connector: Connector): string {
  const { protocol, session: limits, localBrokerConnection, remoteBrokerConnection } = connector.spec;
  const connection = session.side === 'local' ? localBrokerConnection : remoteBrokerConnection;
  return hash([withoutSlot(session), protocol, limits, connection]);
}

function keepsSessions({ from, to }: Replacement<LanePlan>, kept: ReadonlySet<string>): boolean {
  return from.source === to.source && from.target === to.target && kept.has(to.source) && kept.has(to.target);
}

function compare<T extends { readonly key: string }>(
  running: readonly T[],
  wanted: readonly T[],
  runningHashes: ReadonlyMap<string, string>,
  wantedHashes: ReadonlyMap<string, string>,
): Changes<T> {
  const before = new Map(running.map((part) => [part.key, part]));
  const after = new Set(wanted.map((part) => part.key));
  const keep: T[] = [];
  const start: T[] = [];
  const replace: Replacement<T>[] = [];
  for (const to of wanted) {
    const from = before.get(to.key);
    if (from === undefined) start.push(to);
    else if (runningHashes.get(to.key) === wantedHashes.get(to.key)) keep.push(to);
    else replace.push({ from, to });
  }
  return { keep, start, stop: running.filter((part) => !after.has(part.key)), replace };
}

function withoutSlot(part: SessionPlan | LanePlan): object {
  return { ...part, slot: undefined };
}

function sessionHashes(deployment: Deployment | undefined): Map<string, string> {
  if (deployment === undefined) return new Map();
  const { plan, connector } = deployment;
  return new Map(plan.sessions.map((session) => [session.key, sessionHash(session, connector)]));
}

// A lane lives on its sessions: when one of them is replaced, the lane is too. Default dead-letter topics hold the connector's name.
function laneHashes(deployment: Deployment | undefined): Map<string, string> {
  if (deployment === undefined) return new Map();
  const { metadata, spec } = deployment.connector;
  const sessions = sessionHashes(deployment);
  const hashOf = (lane: LanePlan): string =>
    hash([withoutSlot(lane), metadata.name, spec.maxHops, sessions.get(lane.source), sessions.get(lane.target)]);
  return new Map(deployment.plan.lanes.map((lane) => [lane.key, hashOf(lane)]));
}

function hash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

/** JSON with sorted keys and without undefined fields, so that equal settings give equal text however they were written. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
