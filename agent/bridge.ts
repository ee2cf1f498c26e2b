import type { ConnectorDocument } from '../shared/plan/document.ts';
import { planConnector } from '../shared/plan/plan.ts';
import type { LanePlan, Plan, SessionPlan } from '../shared/plan/types.ts';
import { GENERIC_PROFILE, remoteProfileOf } from '../shared/remote-profile.ts';
import { deadLetterTopicOf } from '../shared/resources/topic-map.ts';
import type { MountedFiles } from './config/mounted-files.ts';
import { type Deployment, type LaneReplacement, type Reconciliation, reconcile } from './config/reconcile.ts';
import { type Patience, settleInflight, untilSubscribed } from './drain.ts';
import { type Breather, createBreather, sleepThread } from './forward/breather.ts';
import { createRouteCounters, type RouteCounters } from './forward/counters.ts';
import { createLane, type Lane } from './forward/lane.ts';
import { createFlushTurn, type FlushTurn } from './forward/outlet.ts';
import { createSlabPool } from './forward/slab.ts';
import type { IdentityOptions } from './identity-options.ts';
import type { Logger } from './observe/logger.ts';
import { type ConnectSpacing, createConnectSpacing } from './session/connect-spacing.ts';
import { connectionSpecOf } from './session/credentials/spec.ts';
import { Session } from './session/session.ts';
import type { Timing } from './session/timing.ts';
import { Retirement } from './retirement.ts';
import { createSideCredentials, type SideCredentials } from './side-credentials.ts';

/** What a bridge is given by its agent. */
export interface BridgeParts {
  readonly files: MountedFiles;
  /** The only slot this instance runs; all when absent. */
  readonly instance?: number | undefined;
  readonly identity: IdentityOptions;
  readonly timing: Timing;
  readonly logger: Logger;
  /** In [0, 1). */
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

/** A document on its way to be applied. */
interface Move {
  readonly wanted: Deployment;
  readonly changes: Reconciliation;
  /** Sessions that were stopped to start again with other settings. */
  readonly replaced: readonly Session[];
}

/** The running sessions and lanes of one connector. Nothing runs before the first `apply`. */
export class Bridge {
  readonly #parts: BridgeParts;
  readonly #breather: Breather;
  readonly #turn: FlushTurn;
  readonly #pool = createSlabPool();
  readonly #spacing: ConnectSpacing;
  readonly #sessions = new Map<string, Session>();
  readonly #lanes = new Map<string, RunningLane>();
  readonly #counters = new Map<string, RouteCounters>();
  readonly #ending = new AbortController();
  readonly #patience: Patience;
  readonly #retirement: Retirement;
  #running: Deployment | undefined;
  #credentials: SideCredentials | undefined;
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.#spacing = createConnectSpacing(parts.now);
    this.#breather = createBreather({ now: parts.now, sleep: sleepThread });
    this.#turn = createFlushTurn(
      (run) => void setImmediate(run),
      () => this.#breather.rest(),
    );
    this.#patience = { now: parts.now, signal: this.#ending.signal };
    this.#retirement = new Retirement(parts);
  }

  get lanes(): readonly RunningLane[] {
    return [...this.#lanes.values()];
  }

  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  get credentials(): SideCredentials | undefined {
    return this.#credentials;
  }

  /** The counts of a route, kept while its lanes come and go. */
  countersOf(topicMap: string, route: string): RouteCounters {
    const key = `${topicMap}/${route}`;
    const counters = this.#counters.get(key) ?? createRouteCounters();
    this.#counters.set(key, counters);
    return counters;
  }

  /** True when messages of the lane can get across now. */
  isReady({ plan, lane }: RunningLane): boolean {
    return lane.subscribed && this.#session(plan.target).connected;
  }

  /**
   * Moves from what runs to what the document wants. Parts that stay the same are not touched; what is new reads
   * before what is old stops. One document at a time.
   */
  apply(document: ConnectorDocument): Promise<void> {
    this.#applying = this.#apply(document);
    return this.#applying;
  }

  /** To be called about once per second. */
  tick(): void {
    for (const session of this.#sessions.values()) session.tick();
    for (const session of this.#retirement.sessions) session.tick();
  }

  /** Finishes what is in flight, then disconnects; gives up after `deadlineMs`, in the middle of a move too. */
  async stop(deadlineMs: number): Promise<void> {
    const start = this.#parts.now();
    this.#ending.abort();
    this.#retirement.cancel();
    await this.#applying.catch(() => undefined);
    const sessions = [...this.sessions, ...this.#retirement.sessions];
    const patience: Patience = { now: this.#parts.now, signal: NEVER };
    await settleInflight(sessions, patience, deadlineMs - (this.#parts.now() - start));
    await Promise.all(sessions.map((session) => session.stop({ forget: session.targetOnly })));
    for (const side of ['local', 'remote'] as const) this.#credentials?.[side].close();
  }

  async #apply(document: ConnectorDocument): Promise<void> {
    const { identity, instance } = this.#parts;
    const plan = ownPart(planConnector(document, identity), instance);
    const wanted: Deployment = { connector: document.connector, plan };
    const changes = reconcile(this.#running, wanted);
    const credentials = createSideCredentials(wanted.connector, this.#parts, this.#credentials);
    this.#credentials = credentials;
    const replaced = await this.#stopReplaced(changes);
    await Promise.all(changes.sessions.start.map(({ key }) => this.#retirement.recall(key)));
    for (const { to } of changes.sessions.replace) this.#openSession(to, wanted, credentials);
    for (const session of changes.sessions.start) this.#openSession(session, wanted, credentials);
    this.#running = wanted;
    await this.#moveLanes({ wanted, changes, replaced });
    await this.#leave(changes);
  }

  /**
   * One client ID cannot be connected twice, so replaced sessions stop before they start again. Those that read for
   * them wait meanwhile.
   */
  async #stopReplaced({ sessions, lanes }: Reconciliation): Promise<readonly Session[]> {
    const replaced = sessions.replace.map(({ from }) => this.#session(from.key));
    if (replaced.length === 0) return replaced;
    const sources = lanes.replace
      .filter(({ sessionsKept }) => !sessionsKept)
      .map(({ from }) => this.#session(from.source));
    await settleInflight([...new Set([...replaced, ...sources])], this.#patience);
    await Promise.all(replaced.map((session) => session.stop()));
    return replaced;
  }

  async #moveLanes({ wanted, changes, replaced }: Move): Promise<void> {
    const moved = changes.lanes.replace.map((change) =>
      change.sessionsKept ? this.#replaceLane(change, wanted) : this.#restartLane(change, wanted, replaced),
    );
    const started = changes.lanes.start.map((plan) => this.#startLane(plan, wanted));
    await Promise.all(moved);
    // Only a lane that leaves makes it worth waiting: its messages may have a new lane to go through.
    if (changes.lanes.stop.length > 0) await untilSubscribed(started, this.#patience);
  }

  async #leave({ lanes, sessions }: Reconciliation): Promise<void> {
    const leaving = lanes.stop.flatMap(({ key }) => this.#lanes.get(key) ?? []);
    for (const { key } of lanes.stop) this.#lanes.delete(key);
    await Promise.all(leaving.map(async ({ plan, lane }) => this.#sessions.get(plan.source)?.removeSource(lane)));
    this.#retirement.add(sessions.stop.map(({ key }) => this.#session(key)));
    for (const { key } of sessions.stop) this.#sessions.delete(key);
  }

  #session(key: string): Session {
    const session = this.#sessions.get(key);
    if (!session) throw new Error(`the plan names session ${key} but does not hold it`);
    return session;
  }

  #openSession(plan: SessionPlan, { connector, plan: { lanes } }: Deployment, credentials: SideCredentials): void {
    const { timing, logger, random, now, progressed } = this.#parts;
    const session = new Session({
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
    });
    this.#sessions.set(plan.key, session);
    session.start();
  }

  #makeLane(plan: LanePlan, { connector }: Deployment): Lane {
    const lane = createLane({
      key: plan.key,
      route: plan.route,
      sourceSide: plan.route.direction === 'local-to-remote' ? 'local' : 'remote',
      counters: this.countersOf(plan.topicMap, plan.route.name),
      target: this.#session(plan.target).sender,
      deadLetters: this.#session(plan.source).sender,
      deadLetterTopic: deadLetterTopicOf(connector.metadata.name, plan.route),
      maxHops: connector.spec.maxHops,
    });
    this.#lanes.set(plan.key, { plan, lane });
    return lane;
  }

  #startLane(plan: LanePlan, wanted: Deployment): Lane {
    const lane = this.#makeLane(plan, wanted);
    this.#session(plan.source).addSource({ filter: plan.subscription, lane });
    return lane;
  }

  /** Same sessions, other route fields: the new lane takes over in one step, or reads before the old one leaves. */
  async #replaceLane({ from, to }: LaneReplacement, wanted: Deployment): Promise<void> {
    const old = this.#lanes.get(from.key);
    const source = this.#session(to.source);
    if (old && from.subscription === to.subscription && from.route.qos === to.route.qos) {
      source.swapSource(old.lane, { filter: to.subscription, lane: this.#makeLane(to, wanted) });
      return;
    }
    const lane = this.#startLane(to, wanted);
    await untilSubscribed([lane], this.#patience);
    if (!old) return;
    if (from.subscription === to.subscription) source.dropSource(old.lane);
    else await source.removeSource(old.lane);
  }

  /** At least one of the lane's sessions is new; a source that stayed reads again what the old target left undone. */
  async #restartLane({ from, to }: LaneReplacement, wanted: Deployment, replaced: readonly Session[]): Promise<void> {
    const old = this.#lanes.get(from.key);
    const source = this.#sessions.get(from.source);
    this.#startLane(to, wanted);
    if (!old || !source || replaced.some(({ plan }) => plan.key === from.source)) return;
    if (from.source === to.source && from.subscription === to.subscription) source.dropSource(old.lane);
    else await source.removeSource(old.lane);
    source.bounce();
    old.lane.target.discard();
  }
}

function ownPart(plan: Plan, instance: number | undefined): Plan {
  if (instance === undefined) return plan;
  return {
    ...plan,
    sessions: plan.sessions.filter(({ slot }) => slot === instance),
    lanes: plan.lanes.filter(({ slot }) => slot === instance),
  };
}

const NEVER = new AbortController().signal;
