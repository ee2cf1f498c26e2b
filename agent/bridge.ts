import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorDocument } from '../shared/plan/document.ts';
import { planConnector } from '../shared/plan/plan.ts';
import type { LanePlan, Plan, SessionPlan } from '../shared/plan/types.ts';
import { deadLetterTopicOf } from '../shared/resources/topic-map.ts';
import type { MountedFiles } from './config/mounted-files.ts';
import { type Deployment, type LaneReplacement, reconcile } from './config/reconcile.ts';
import { createRouteCounters, type RouteCounters } from './forward/counters.ts';
import { createLane, type Lane } from './forward/lane.ts';
import { createFlushTurn } from './forward/outlet.ts';
import { createSlabPool } from './forward/slab.ts';
import type { Logger } from './observe/logger.ts';
import { createSideCredentials, type SideCredentials } from './side-credentials.ts';
import { createSession, type Session } from './session/session.ts';
import { connectionSpecOf } from './session/credentials/spec.ts';
import type { Timing } from './session/timing.ts';

/** What a bridge is given by its agent. */
export interface BridgeParts {
  readonly files: MountedFiles;
  /** The only slot this instance runs; all when absent. */
  readonly instance?: number | undefined;
  readonly timing: Timing;
  readonly logger: Logger;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** A session or subscription came up. */
  readonly progressed: () => void;
}

/** A lane of the plan at work. */
export interface RunningLane {
  readonly plan: LanePlan;
  readonly lane: Lane;
}

/** The running sessions and lanes of one connector. */
export interface Bridge {
  /** Moves from what runs to what the document wants; parts that stay the same are not touched. */
  apply(document: ConnectorDocument): Promise<void>;
  lanes(): readonly RunningLane[];
  sessions(): readonly Session[];
  countersOf(topicMap: string, route: string): RouteCounters;
  credentials(): SideCredentials | undefined;
  /** True when messages of the lane can get across now. */
  isReady(lane: RunningLane): boolean;
  /** Finishes what is in flight, then disconnects; gives up after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

/** How long a removed route may take to hand on what its broker had queued for it. */
const RETIRE_MS = 10_000;
/** A removed route without a message for this long is empty. */
const QUIET_MS = 500;
const POLL_MS = 10;

/** Remembers its parts; nothing runs before the first `apply`. */
export function createBridge(parts: BridgeParts): Bridge {
  const turn = createFlushTurn((run) => void setImmediate(run));
  const pool = createSlabPool();
  const sessions = new Map<string, Session>();
  const lanes = new Map<string, RunningLane>();
  const counters = new Map<string, RouteCounters>();
  let running: Deployment | undefined;
  let credentials: SideCredentials | undefined;

  const countersOf = (topicMap: string, route: string): RouteCounters => {
    const key = `${topicMap}/${route}`;
    const known = counters.get(key) ?? createRouteCounters();
    counters.set(key, known);
    return known;
  };

  const sessionOf = (key: string): Session => {
    const session = sessions.get(key);
    if (!session) throw new Error(`the plan names session ${key} but does not hold it`);
    return session;
  };

  const openSession = (plan: SessionPlan, wanted: Deployment, shared: SideCredentials): void => {
    const { connector } = wanted;
    const session = createSession({
      plan,
      spec: connectionSpecOf(connector, plan.side),
      version: connector.spec.protocol === 'v5' ? 5 : 4,
      limits: connector.spec.session,
      targetOnly: !wanted.plan.lanes.some((lane) => lane.source === plan.key),
      publishes: wanted.plan.lanes.some((lane) => lane.target === plan.key),
      credentials: shared[plan.side],
      turn,
      pool,
      timing: parts.timing,
      logger: parts.logger,
      random: parts.random,
      now: parts.now,
      progressed: parts.progressed,
    });
    sessions.set(plan.key, session);
    session.start();
  };

  const makeLane = (plan: LanePlan, wanted: Deployment): Lane =>
    createLane({
      key: plan.key,
      route: plan.route,
      sourceSide: plan.route.direction === 'local-to-remote' ? 'local' : 'remote',
      counters: countersOf(plan.topicMap, plan.route.name),
      target: sessionOf(plan.target).sender,
      deadLetters: sessionOf(plan.source).sender,
      deadLetterTopic: deadLetterTopicOf(wanted.connector.metadata.name, plan.route),
      maxHops: wanted.connector.spec.maxHops,
    });

  const startLane = (plan: LanePlan, wanted: Deployment): void => {
    const lane = makeLane(plan, wanted);
    lanes.set(plan.key, { plan, lane });
    sessionOf(plan.source).addSource({ filter: plan.subscription, lane });
  };

  /** Same sessions, other route fields: the new lane takes over in one step, or subscribes before the old one leaves. */
  const replaceLane = async ({ from, to }: LaneReplacement, wanted: Deployment): Promise<void> => {
    const old = lanes.get(from.key);
    if (!old) return;
    const source = sessionOf(to.source);
    if (from.subscription === to.subscription && from.route.qos === to.route.qos) {
      const lane = makeLane(to, wanted);
      lanes.set(to.key, { plan: to, lane });
      source.swapSource(old.lane, { filter: to.subscription, lane });
      return;
    }
    startLane(to, wanted);
    await source.removeSource(old.lane);
  };

  const retire = async (session: Session): Promise<void> => {
    const deadline = parts.now() + RETIRE_MS;
    let quietSince = parts.now();
    let taken = session.receiver.taken;
    while (parts.now() < deadline && session.connected()) {
      if (session.receiver.taken !== taken || session.receiver.unacknowledged > 0 || session.sender.pending > 0) {
        taken = session.receiver.taken;
        quietSince = parts.now();
      } else if (parts.now() - quietSince > QUIET_MS) break;
      await delay(POLL_MS);
    }
    await session.stop({ forget: true });
  };

  const settleInflight = async (of: readonly Session[], deadlineMs: number): Promise<void> => {
    const deadline = parts.now() + deadlineMs;
    for (const session of of) session.receiver.drain();
    const busy = () => of.some((session) => session.connected() && session.sender.pending > 0);
    while (busy() && parts.now() < deadline) await delay(POLL_MS);
    // Acknowledgements for the source leave at the end of the turn in which the last target answered.
    await delay(POLL_MS);
  };

  const apply = async (document: ConnectorDocument): Promise<void> => {
    const wanted: Deployment = {
      connector: document.connector,
      plan: ownPart(planConnector(document), parts.instance),
    };
    const changes = reconcile(running, wanted);
    const shared = createSideCredentials(wanted.connector, parts);
    credentials = shared;

    // The same client ID cannot be connected twice, so replaced sessions stop before they start again.
    const replaced = changes.sessions.replace.map(({ from }) => sessionOf(from.key));
    await settleInflight(replaced, RETIRE_MS);
    await Promise.all(replaced.map((session) => session.stop()));
    for (const { to } of changes.sessions.replace) openSession(to, wanted, shared);
    for (const plan of changes.sessions.start) openSession(plan, wanted, shared);

    const moving: Promise<void>[] = [];
    for (const change of changes.lanes.replace) {
      if (change.sessionsKept) moving.push(replaceLane(change, wanted));
      else await restartLane(change, wanted, replaced);
    }
    for (const plan of changes.lanes.start) startLane(plan, wanted);
    running = wanted;
    await Promise.all(moving);

    const started = changes.lanes.start.map(({ key }) => lanes.get(key));
    await untilSubscribed(started, parts);
    const leaving = changes.lanes.stop.map(({ key }) => lanes.get(key));
    for (const { key } of changes.lanes.stop) lanes.delete(key);
    for (const old of leaving) if (old) await sessions.get(old.plan.source)?.removeSource(old.lane);
    await Promise.all(
      changes.sessions.stop.map(({ key }) => {
        const session = sessions.get(key);
        sessions.delete(key);
        return session ? retire(session) : undefined;
      }),
    );
  };

  /** At least one of the lane's sessions is new; a source that stayed reads again what the old target left undone. */
  const restartLane = async (
    { from, to }: LaneReplacement,
    wanted: Deployment,
    replaced: readonly Session[],
  ): Promise<void> => {
    const old = lanes.get(from.key);
    const source = sessions.get(from.source);
    startLane(to, wanted);
    if (!old || !source || replaced.includes(source)) return;
    if (from.source !== to.source || from.subscription !== to.subscription) await source.removeSource(old.lane);
    else source.dropSource(old.lane);
    source.bounce();
  };

  return {
    apply,
    lanes: () => [...lanes.values()],
    sessions: () => [...sessions.values()],
    countersOf,
    credentials: () => credentials,
    isReady: ({ plan, lane }) => lane.subscribed && sessionOf(plan.target).connected(),
    async stop(deadlineMs) {
      const all = [...sessions.values()];
      await settleInflight(all, deadlineMs);
      await Promise.all(all.map((session) => session.stop({ forget: session.targetOnly })));
    },
  };
}

function ownPart(plan: Plan, instance: number | undefined): Plan {
  if (instance === undefined) return plan;
  return {
    ...plan,
    sessions: plan.sessions.filter(({ slot }) => slot === instance),
    lanes: plan.lanes.filter(({ slot }) => slot === instance),
  };
}

/** Waits until new lanes read, so that no message falls between an old lane and the one that follows it. */
async function untilSubscribed(started: readonly (RunningLane | undefined)[], parts: BridgeParts): Promise<void> {
  const deadline = parts.now() + RETIRE_MS;
  while (started.some((one) => one && !one.lane.subscribed) && parts.now() < deadline) await delay(POLL_MS);
}
