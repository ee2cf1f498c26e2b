import type { LanePlan, SessionPlan } from '../shared/plan/types.ts';
import { GENERIC_PROFILE, remoteProfileOf } from '../shared/remote-profile.ts';
import { deadLetterTopicOf } from '../shared/resources/topic-map.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Deployment, LaneReplacement } from './config/reconcile.ts';
import { type Patience, untilSubscribed } from './drain.ts';
import type { Parts } from './move.ts';
import type { Explain } from './explain.ts';
import { type Breather, createBreather, sleepThread } from './forward/breather.ts';
import { createRouteCounters, type RouteCounters } from './forward/counters.ts';
import { createLane, type Lane } from './forward/lane.ts';
import { createFlushTurn, type FlushTurn } from './forward/outlet.ts';
import { createSlabPool } from './forward/slab.ts';
import type { Logger } from './observe/logger.ts';
import { type ConnectSpacing, createConnectSpacing } from './session/connect-spacing.ts';
import { connectionSpecOf } from './session/credentials/spec.ts';
import { Session } from './session/session.ts';
import type { Timing } from './session/timing.ts';
import type { SideCredentials } from './side-credentials.ts';

/** What sessions and lanes are given by their bridge. */
export interface RunningParts {
  readonly cluster: Cluster;
  readonly timing: Timing;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** A session or subscription came up. */
  readonly progressed: () => void;
  /** The slot of a session by the plan in force; undefined when that does not hold it. */
  readonly slotOf: (key: string) => number | undefined;
  /** Adds to a fault of a session why it is likely and what mends it. */
  readonly explain: Explain;
}

/** A lane of the plan at work. */
export interface RunningLane {
  readonly plan: LanePlan;
  readonly lane: Lane;
}

/** Sessions beside those of the plan, and the lanes that read from them. */
export interface SessionsApart {
  readonly sessions: readonly Session[];
  readonly lanes: readonly { readonly lane: Lane; readonly source: Session }[];
}

/** The sessions and lanes that are at work in this process, and how to add to them; what leaves is taken out by the bridge. */
export class Running {
  readonly sessions = new Map<string, Session>();
  readonly lanes = new Map<string, RunningLane>();
  readonly #parts: RunningParts;
  readonly #counters = new Map<string, RouteCounters>();
  readonly #breather: Breather;
  readonly #turn: FlushTurn;
  readonly #pool = createSlabPool();
  readonly #spacing: ConnectSpacing;

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.#spacing = createConnectSpacing(parts.now);
    this.#breather = createBreather({ now: parts.now, sleep: sleepThread });
    this.#turn = createFlushTurn(
      (run) => void setImmediate(run),
      () => this.#breather.rest(),
    );
  }

  /** The counts of a route, kept while its lanes come and go. */
  countersOf(topicMap: string, route: string): RouteCounters {
    const key = `${topicMap}/${route}`;
    const counters = this.#counters.get(key) ?? createRouteCounters();
    this.#counters.set(key, counters);
    return counters;
  }

  session(key: string): Session {
    const session = this.sessions.get(key);
    if (!session) throw new Error(`the plan names session ${key} but does not hold it`);
    return session;
  }

  openSession(plan: SessionPlan, deployment: Deployment, credentials: SideCredentials): Session {
    const session = this.#makeSession(plan, deployment, credentials);
    this.sessions.set(plan.key, session);
    session.start();
    return session;
  }

  #makeSession(plan: SessionPlan, deployment: Deployment, credentials: SideCredentials): Session {
    const { connector } = deployment;
    const { lanes } = deployment.plan;
    const { cluster, timing, logger, random, now, progressed, slotOf, explain } = this.#parts;
    return new Session({
      plan,
      spec: connectionSpecOf(connector, plan.side),
      version: connector.spec.protocol === 'v5' ? 5 : 4,
      limits: connector.spec.session,
      profile: plan.side === 'remote' ? remoteProfileOf(connector) : GENERIC_PROFILE,
      spacing: this.#spacing,
      targetOnly: !lanes.some((lane) => lane.source === plan.key),
      publishes: lanes.some((lane) => lane.target === plan.key),
      countHops: connector.spec.maxHops > 0,
      credentials: credentials[plan.side],
      turn: this.#turn,
      pool: this.#pool,
      breather: this.#breather,
      timing,
      logger,
      random,
      now,
      progressed,
      shared: cluster.shared,
      // A new document may have moved a session that stays to another slot.
      cleared: () => cluster.cleared(slotOf(plan.key) ?? plan.slot),
      takenOver: () => {
        const slot = slotOf(plan.key);
        if (slot !== undefined) cluster.takenOver(slot);
      },
      explain: (fault, context) => explain(plan, fault, context),
    });
  }

  /** Opens parts of another deployment beside those that run, which they may publish to; they are the caller's to end. */
  openApart(parts: Parts, deployment: Deployment, credentials: SideCredentials): SessionsApart {
    const sessions = new Map(
      parts.sessions.map((plan) => [plan.key, this.#makeSession(plan, deployment, credentials)]),
    );
    const lanes = parts.lanes.flatMap((plan) => {
      const source = sessions.get(plan.source);
      const target = sessions.get(plan.target) ?? this.sessions.get(plan.target);
      if (!source || !target) return [];
      const lane = this.#makeLane(plan, deployment, { source, target });
      source.addSource({ filter: plan.subscription, lane });
      return [{ lane, source }];
    });
    for (const session of sessions.values()) session.start();
    return { sessions: [...sessions.values()], lanes };
  }

  /** Starts a lane on sessions that are open. */
  startLane(plan: LanePlan, deployment: Deployment): Lane {
    const source = this.session(plan.source);
    const lane = this.#addLane(plan, deployment);
    source.addSource({ filter: plan.subscription, lane });
    return lane;
  }

  #addLane(plan: LanePlan, deployment: Deployment): Lane {
    const ends = { source: this.session(plan.source), target: this.session(plan.target) };
    const lane = this.#makeLane(plan, deployment, ends);
    this.lanes.set(plan.key, { plan, lane });
    return lane;
  }

  #makeLane(
    { key, topicMap, route }: LanePlan,
    { connector }: Deployment,
    { source, target }: Readonly<Record<'source' | 'target', Session>>,
  ): Lane {
    return createLane({
      key,
      route,
      sourceSide: route.direction === 'local-to-remote' ? 'local' : 'remote',
      counters: this.countersOf(topicMap, route.name),
      target: target.sender,
      deadLetters: source.sender,
      deadLetterTopic: deadLetterTopicOf(connector.metadata.name, route),
      maxHops: connector.spec.maxHops,
    });
  }

  /** Same sessions, other route fields: the new lane takes over in one step, or reads before the old one leaves. */
  async replaceLane({ from, to }: LaneReplacement, wanted: Deployment, patience: Patience): Promise<void> {
    const old = this.lanes.get(from.key);
    const source = this.session(to.source);
    if (old && from.subscription === to.subscription && from.route.qos === to.route.qos) {
      source.swapSource(old.lane, { filter: to.subscription, lane: this.#addLane(to, wanted) });
      return;
    }
    const lane = this.startLane(to, wanted);
    await untilSubscribed([lane], patience);
    if (!old) return;
    if (from.subscription === to.subscription) source.dropSource(old.lane);
    else await source.removeSource(old.lane);
  }

  /**
   * At least one of the lane's sessions is new. An old target that stays finishes what it has; when it is gone, the
   * source reads again what it left undone.
   */
  async restartLane({ from, to }: LaneReplacement, wanted: Deployment, patience: Patience): Promise<void> {
    const old = this.lanes.get(from.key);
    const source = old && this.sessions.get(from.source);
    const lane = this.startLane(to, wanted);
    if (!old || !source?.reads(old.lane)) return;
    if (from.source === to.source && from.subscription === to.subscription) source.dropSource(old.lane);
    else {
      await untilSubscribed([lane], patience);
      await source.removeSource(old.lane);
    }
    if (this.sessions.get(from.target)?.sender === old.lane.target) return;
    source.bounce();
    old.lane.target.discard();
  }
}
