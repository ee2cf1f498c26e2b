import type { ConnectorDocument } from '../shared/plan/document.ts';
import { planConnector } from '../shared/plan/plan.ts';
import type { LanePlan } from '../shared/plan/types.ts';
import type { MountedFiles } from './config/mounted-files.ts';
import { type Deployment, type Reconciliation, reconcile } from './config/reconcile.ts';
import {
  OVERLAP_MS,
  type Patience,
  settleInflight,
  settleSources,
  untilCovered,
  untilLeft,
  untilSubscribed,
} from './drain.ts';
import { createExplain, type Explain } from './explain.ts';
import type { RouteCounters } from './forward/counters.ts';
import type { IdentityOptions } from './identity-options.ts';
import { type LaneStarts, type Move, moveOf, orphansOf, ownPart } from './move.ts';
import { Retirement } from './retirement.ts';
import { Running, type RunningLane, type RunningParts } from './running.ts';
import { SYSTEM_WALL_CLOCK } from './session/credentials/wall-clock.ts';
import { forgetRefusal } from './session/refusals.ts';
import type { Session } from './session/session.ts';
import { createSideCredentials, type SideCredentials } from './side-credentials.ts';

/** What a bridge is given by its agent. */
export interface BridgeParts extends Omit<RunningParts, 'slotOf' | 'explain'> {
  readonly files: MountedFiles;
  readonly identity: IdentityOptions;
}

/** Parts of an earlier document that read on until somebody reads in their place. */
interface Leaving {
  readonly lanes: readonly RunningLane[];
  readonly sessions: readonly Session[];
  /** Monotonic milliseconds. */
  readonly since: number;
}

/** How long after a move others may die without having finished it, in milliseconds. */
const ORPHANED_MS = 600_000;

/** The running sessions and lanes of one connector. Nothing runs before the first `apply`. */
export class Bridge {
  readonly #parts: BridgeParts;
  readonly #running: Running;
  readonly #ending = new AbortController();
  readonly #patience: Patience;
  readonly #retirement: Retirement;
  /** What runs here, and what runs in all instances together by this document and the one before. */
  #deployed: Deployment | undefined;
  #whole: Deployment | undefined;
  #former: Deployment | undefined;
  #revision = '';
  /** Monotonic milliseconds. */
  #movedAt = 0;
  #slots: ReadonlySet<number> = new Set();
  #credentials: SideCredentials | undefined;
  #leaving: Leaving | undefined;
  #explain: Explain | undefined;
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.#running = new Running({
      ...parts,
      slotOf: (key) => this.#deployed?.plan.sessions.find((plan) => plan.key === key)?.slot,
      explain: (session, fault, context) => this.#explain?.(session, fault, context) ?? fault,
    });
    this.#patience = { now: parts.now, signal: this.#ending.signal };
    this.#retirement = new Retirement(parts);
  }

  get lanes(): readonly RunningLane[] {
    return [...this.#running.lanes.values()];
  }

  get sessions(): readonly Session[] {
    return [...this.#running.sessions.values()];
  }

  /** Slots of which anything is at work here, what is about to end included. */
  get occupied(): ReadonlySet<number> {
    const ending = [...(this.#leaving?.sessions ?? []), ...this.#retirement.sessions].map(({ plan }) => plan);
    return new Set([...(this.#deployed?.plan.sessions ?? []), ...ending].map(({ slot }) => slot));
  }

  /** Slots of which nothing remains to be subscribed; what a broker refuses is answered too. */
  get reading(): ReadonlySet<number> {
    const lanes = this.#deployed?.plan.lanes ?? [];
    const isOpen = ({ key }: LanePlan) => {
      const lane = this.#running.lanes.get(key)?.lane;
      return !lane?.subscribed && !lane?.fault;
    };
    const missing = new Set(lanes.filter(isOpen).map(({ slot }) => slot));
    return new Set([...this.#slots].filter((slot) => !missing.has(slot)));
  }

  get credentials(): SideCredentials | undefined {
    return this.#credentials;
  }

  countersOf(topicMap: string, route: string): RouteCounters {
    return this.#running.countersOf(topicMap, route);
  }

  /** True when messages of the lane can get across now. */
  isReady({ plan, lane }: RunningLane): boolean {
    return lane.subscribed && this.#running.session(plan.target).connected;
  }

  /**
   * Moves from what runs to what the document wants of these slots. Parts that stay the same are not touched; what is new
   * reads before what is old stops. One move at a time.
   */
  apply(document: ConnectorDocument, slots: ReadonlySet<number>): Promise<void> {
    this.#applying = this.#apply(document, slots);
    return this.#applying;
  }

  /** To be called about once per second. */
  tick(): void {
    for (const session of [...this.sessions, ...this.#retirement.sessions]) session.tick();
    for (const { lane } of this.lanes) forgetRefusal(lane, this.#parts.now());
  }

  /** Lets go what left, once all slots are run by somebody with the same document. To be called between moves. */
  async leave(): Promise<void> {
    const { cluster, now } = this.#parts;
    const leaving = this.#leaving;
    if (!leaving || (!cluster.covered && now() - leaving.since < OVERLAP_MS)) return;
    this.#applying = this.#finishLeaving();
    await this.#applying;
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

  #explainBy({ connector, plan }: Deployment): Explain {
    const { clock = SYSTEM_WALL_CLOCK, federation } = this.#parts.identity;
    return createExplain({
      connector,
      plan,
      credentials: (side) => this.#credentials?.[side],
      admitted: (one) =>
        this.sessions.some((other) => other.plan.side === one.side && other.plan.key !== one.key && other.connected),
      federated: federation !== undefined,
      now: () => clock.now(),
    });
  }

  async #apply(document: ConnectorDocument, slots: ReadonlySet<number>): Promise<void> {
    const { identity, cluster } = this.#parts;
    const { connector } = document;
    const whole: Deployment = { connector, plan: planConnector(document, identity) };
    const wanted: Deployment = { connector, plan: ownPart(whole.plan, slots) };
    const gained = new Set([...slots].filter((slot) => !this.#slots.has(slot)));
    const renewed = document.revision !== this.#revision;
    if (renewed) await this.#finishLeaving();
    const changes = reconcile(this.#deployed, wanted);
    const move = moveOf(changes, whole.plan, this.#whole?.plan);
    const credentials = createSideCredentials(connector, this.#parts, this.#credentials);
    this.#credentials = credentials;
    this.#explain = this.#explainBy(whole);
    await this.#release(move);
    await this.#stopReplaced(changes);
    await Promise.all(changes.sessions.start.map(({ key }) => this.#retirement.recall(key)));
    this.#remember(document.revision, whole, slots);
    this.#deployed = wanted;
    for (const { to } of changes.sessions.replace) this.#running.openSession(to, wanted, credentials);
    for (const session of move.fresh) this.#running.openSession(session, wanted, credentials);
    // A lane that leaves, here or elsewhere, makes it worth waiting: its messages may have a new lane to go through.
    const patient = move.leaving.lanes.length > 0 || (renewed && cluster.shared);
    await this.#startLanes(move.early, wanted, patient);
    cluster.applied(document, slots);
    if (move.awaited.length > 0) await cluster.agreed(this.#ending.signal);
    if (this.#ending.signal.aborted) return;
    for (const session of move.awaited) this.#running.openSession(session, wanted, credentials);
    await this.#startLanes(move.late, wanted, patient);
    this.#setLeaving(move);
    if (cluster.covered) await this.#finishLeaving();
    this.#adoptOrphans(gained, credentials);
  }

  #remember(revision: string, whole: Deployment, slots: ReadonlySet<number>): void {
    const { now } = this.#parts;
    if (revision !== this.#revision) {
      this.#former = this.#whole;
      this.#movedAt = now();
    } else if (now() - this.#movedAt > ORPHANED_MS) this.#former = undefined;
    this.#revision = revision;
    this.#whole = whole;
    this.#slots = slots;
  }

  /** Sessions that go to another instance finish what is in flight; what waits at their brokers goes along. */
  async #release({ released }: Move): Promise<void> {
    if (released.sessions.length === 0) return;
    const { sessions, lanes } = this.#running;
    const going = released.sessions.map(({ key }) => this.#running.session(key));
    await settleSources(going, this.#patience);
    for (const { key } of released.lanes) lanes.delete(key);
    for (const { key } of released.sessions) sessions.delete(key);
    await Promise.all(going.map((session) => session.stop({ forget: session.targetOnly })));
  }

  /**
   * One client ID cannot be connected twice, so replaced sessions stop before they start again. Those that read for
   * them wait meanwhile.
   */
  async #stopReplaced({ sessions, lanes }: Reconciliation): Promise<void> {
    const replaced = sessions.replace.map(({ from }) => this.#running.session(from.key));
    if (replaced.length === 0) return;
    const sources = lanes.replace
      .filter(({ sessionsKept }) => !sessionsKept)
      .flatMap(({ from }) => this.#running.sessions.get(from.source) ?? []);
    await settleInflight([...new Set([...replaced, ...sources])], this.#patience);
    await Promise.all(replaced.map((session) => session.stop()));
  }

  async #startLanes({ start, replace }: LaneStarts, wanted: Deployment, patient: boolean): Promise<void> {
    const moved = replace.map((change) =>
      change.sessionsKept
        ? this.#running.replaceLane(change, wanted, this.#patience)
        : this.#running.restartLane(change, wanted, this.#patience),
    );
    const started = start.map((plan) => this.#running.startLane(plan, wanted));
    await Promise.all(moved);
    if (patient) await untilSubscribed(started, this.#patience);
  }

  #setLeaving({ leaving }: Move): void {
    const lanes = leaving.lanes.flatMap(({ key }) => this.#running.lanes.get(key) ?? []);
    for (const { key } of leaving.lanes) this.#running.lanes.delete(key);
    const sessions = leaving.sessions.map(({ key }) => this.#running.session(key));
    if (lanes.length + sessions.length > 0) this.#leaving = { lanes, sessions, since: this.#parts.now() };
  }

  async #finishLeaving(): Promise<void> {
    const leaving = this.#leaving;
    if (!leaving) return;
    this.#leaving = undefined;
    const { sessions } = this.#running;
    await Promise.all(leaving.lanes.map(async ({ plan, lane }) => sessions.get(plan.source)?.removeSource(lane)));
    const left = leaving.lanes.flatMap(({ plan, lane }) => {
      const source = sessions.get(plan.source);
      return source && !leaving.sessions.includes(source) ? [{ lane, source }] : [];
    });
    this.#retirement.add(leaving.sessions, (patience) =>
      Promise.all(left.map(({ lane, source }) => untilLeft(lane, source, patience))),
    );
    for (const { plan } of leaving.sessions) sessions.delete(plan.key);
  }

  /** What an instance that died had not finished of the document before ends here. */
  #adoptOrphans(gained: ReadonlySet<number>, credentials: SideCredentials): void {
    if (!this.#former || !this.#whole) return;
    const former = this.#former;
    const here = new Set([...this.sessions, ...this.#retirement.sessions].map(({ plan }) => plan.key));
    const orphans = orphansOf(former, this.#whole.plan, { slots: gained, here });
    if (orphans.sessions.length === 0) return;
    const { sessions, lanes } = this.#running.openApart(orphans, former, credentials);
    this.#retirement.add(sessions, async (patience) => {
      await untilSubscribed(
        lanes.map(({ lane }) => lane),
        patience,
      );
      await untilCovered(this.#parts.cluster, patience);
      await Promise.all(lanes.map(({ lane, source }) => source.removeSource(lane)));
    });
  }
}

const NEVER = new AbortController().signal;
