import type { SessionPlan } from '../../shared/plan/types.ts';
import { handleRefused } from '../forward/dead-letter.ts';
import type { Lane } from '../forward/lane.ts';
import type { Outlet } from '../forward/outlet.ts';
import { Receiver } from '../forward/receiver.ts';
import { Sender } from '../forward/sender.ts';
import type { Logger } from '../observe/logger.ts';
import type { SessionSnapshot } from '../observe/snapshot.ts';
import { type Admission, createAdmission } from './admission.ts';
import { backoffDelay } from './backoff.ts';
import { connectOptions, limitsOf, pacingOf, TOPIC_ALIAS_MAXIMUM, windowOf } from './connect-options.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { hintOf } from './disconnect-hint.ts';
import type { ConnectionMaterial } from './credentials/credentials.ts';
import { ACK_TIMEOUT, credentialFault, forgiveHaste, TARGET_REPLACED } from './faults.ts';
import { IDLE, type SessionEvent, type SessionFault, type SessionState, step } from './machine.ts';
import type { Connack, ControlOptions } from './mqtt-client.ts';
import { noteRefusal } from './refusals.ts';
import { afterLoss, faultOf, NO_RIVALRY, type Rivalry, whileConnected } from './rivalry.ts';
import { isSessionLost } from './session-continuity.ts';
import { createSessionCounts, snapshotSession } from './session-counts.ts';
import type { SessionParts } from './session-parts.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import { subscriptionsOf } from './subscriptions-of.ts';

/** Lanes whose queued messages may still come after their subscription ended. */
const RETIRED_LANES = 16;
/** One MQTT session of the plan: connects, stays connected, and carries what its lanes send and receive. */
export class Session {
  readonly plan: SessionPlan;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly #parts: SessionParts;
  readonly #subscriptions: Subscriptions;
  readonly #counts = createSessionCounts();
  readonly #admission: Admission;
  readonly #logger: Logger;
  #state: SessionState = IDLE;
  #rivalry: Rivalry = NO_RIVALRY;
  /**
   * Somebody else may have had the session since the last connection. A packet identifier may then stand for another
   * message than the one that came with it before: taking one for the other would lose it.
   */
  #disputed = false;
  /** Monotonic milliseconds: when this state began, and when the next attempt is due. */
  #since: number;
  #retryAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #connection: Connection | undefined;
  #connack: Connack | undefined;
  /**
   * What an earlier process may have left of a publishing session at a 3.1.1 broker. MQTT 5 needs no such care: there a
   * session starts clean and stays resumable in one CONNECT.
   */
  #leftovers: 'unknown' | 'ending' | 'none';
  /** A lane has read here, or is to. */
  #reads: boolean;
  #lanes: Lane[] = [];
  #retired: Lane[] = [];

  /** Remembers its parts; `start` connects. */
  constructor(parts: SessionParts) {
    const { plan, turn, pool, version, limits, profile, now } = parts;
    this.plan = plan;
    this.#reads = !parts.targetOnly;
    this.#parts = parts;
    this.#since = now();
    this.#admission = createAdmission(parts);
    this.#leftovers = version === 4 && parts.targetOnly && limits.expirySeconds > 0 ? 'unknown' : 'none';
    this.#logger = parts.logger.child({ side: plan.side, clientId: plan.clientId });
    const outlet: Outlet = {
      write: (bytes) => this.#connection?.write(bytes) ?? true,
      writtenThrough: () => this.#connection?.writtenThrough() ?? true,
    };
    this.sender = new Sender({
      outlet,
      turn,
      pool,
      version,
      now,
      window: windowOf(parts),
      limits: limitsOf(undefined, profile),
      pacing: pacingOf(parts),
      retryLater: (attempts, retry) => this.#retryLater(attempts, retry),
      refused: (transit, reason, reasonCode) => {
        noteRefusal(transit, { reason, reasonCode }, { ...parts, logger: this.#logger });
        handleRefused(transit, reason, version);
      },
    });
    this.receiver = new Receiver({
      outlet,
      turn,
      version,
      topicAliasMaximum: TOPIC_ALIAS_MAXIMUM,
      countHops: parts.countHops,
      zeroExpiryIsNever: profile.zeroExpiryIsNever,
      proceed: () => this.#connection?.proceed(),
      // Later, because both ends may be about to stop.
      returned: () => queueMicrotask(() => this.bounce()),
    });
    this.#subscriptions = subscriptionsOf(parts, this.#logger);
  }

  start(): void {
    this.#dispatch({ kind: 'start' });
  }

  get connected(): boolean {
    return this.#state.kind === 'connected';
  }

  /** True as long as lanes only publish here: then nothing at the broker is worth resuming. */
  get targetOnly(): boolean {
    return !this.#reads;
  }

  /** True for a lane that was added and not taken out. */
  reads(lane: Lane): boolean {
    return this.#lanes.includes(lane);
  }

  /** Reads a lane's messages here. */
  addSource(subscription: Subscription): void {
    this.#reads = true;
    this.#lanes.push(subscription.lane);
    this.#setLanes();
    this.#subscriptions.add(subscription);
  }

  /** Puts a lane in the place of another with the same subscription, which stays granted. */
  swapSource(old: Lane, by: Subscription): void {
    this.#lanes = this.#lanes.map((lane) => (lane === old ? by.lane : lane));
    this.#setLanes();
    this.#subscriptions.swap(old, by);
  }

  /** Forgets a lane without unsubscribing, since another lane has the same subscription. */
  dropSource(lane: Lane): void {
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    this.#setLanes();
    this.#subscriptions.forget(lane);
  }

  /** Ends a lane's subscription. Messages the broker had queued for it still go its way. */
  async removeSource(lane: Lane): Promise<void> {
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    this.#retired = [lane, ...this.#retired].slice(0, RETIRED_LANES);
    this.#setLanes();
    await this.#subscriptions.remove(lane);
  }

  /** To be called about once per second: ends a connection whose broker no longer acknowledges. */
  tick(): void {
    const { timing, now } = this.#parts;
    if (this.#state.kind !== 'connected') return;
    const { epoch, attempt } = this.#state;
    const lasted = now() - this.#since;
    if (attempt > 0 && lasted > timing.stableMs) this.#dispatch({ kind: 'stable', epoch });
    this.#rivalry = whileConnected(this.#rivalry, lasted, timing);
    if (this.sender.oldestUnanswered(now()) > timing.ackTimeoutMs) this.#connection?.fail(ACK_TIMEOUT);
  }

  /** Connects anew, so that the source broker sends again what was not acknowledged. */
  bounce(): void {
    this.#connection?.fail(TARGET_REPLACED);
  }

  /** Closes; `forget` also ends the session at the broker. Resolves when the connection is gone. */
  async stop({ forget = false } = {}): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#state.kind === 'connecting') this.#parts.spacing.connected(this.plan.key);
    const closed = this.#connection?.close(forget);
    this.#connection = undefined;
    this.#dispatch({ kind: 'stop' });
    this.receiver.end();
    this.sender.discard();
    this.#subscriptions.end();
    await closed;
  }

  /** Closes, and ends the session at the broker in 3.1.1 too, where only a clean connection does that. */
  async erase(): Promise<void> {
    await this.stop({ forget: true });
    if (this.#parts.version === 5) return;
    const material = await this.#parts.credentials.load().catch(() => undefined);
    if (!material) return;
    const control = connectOptions(this.#parts, material, true);
    await this.#admission.spaced();
    await new Promise<void>((resolve) => {
      const connection = this.#open(material, control, {
        up: () => void connection.close(true).then(resolve),
        down: () => resolve(),
      });
    });
  }

  /** @param wallAt the date of a time in monotonic milliseconds, ISO 8601. */
  snapshot(wallAt: (monotonic: number) => string): SessionSnapshot {
    return snapshotSession({
      wallAt,
      ...this.#parts,
      state: this.#state,
      rivalry: this.#rivalry,
      since: this.#since,
      retryAt: this.#retryAt,
      connack: this.#connack,
      limits: limitsOf(this.#connack, this.#parts.profile),
      sender: this.sender,
      counts: this.#counts,
    });
  }

  #dispatch(event: SessionEvent): void {
    const { timing, now } = this.#parts;
    const { state, effects } = step(this.#state, event, timing.reconnect);
    if (state.kind !== this.#state.kind) this.#since = now();
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === 'connect') void this.#connect(effect.epoch);
      else {
        const delayMs = Math.max(effect.delayMs, this.#admission.spacingMs);
        this.#retryAt = now() + delayMs;
        this.#timer = setTimeout(() => this.#dispatch({ kind: 'due', epoch: effect.epoch }), delayMs);
      }
    }
  }

  async #connect(epoch: number): Promise<void> {
    const { spec, credentials } = this.#parts;
    this.#logger.debug({ evt: 'Connecting', epoch, endpoint: `${spec.host}:${spec.port}` });
    const current = () => this.#state.kind === 'connecting' && this.#state.epoch === epoch;
    try {
      await this.#admission.granted(current);
      const material = await credentials.load();
      // A token may take seconds, and meanwhile another instance the session.
      await this.#admission.granted(current);
      if (!current()) return;
      this.#connection = this.#open(material, connectOptions(this.#parts, material, this.#startsClean), {
        up: (connack) => this.#up(epoch, connack),
        down: (fault) => this.#down(epoch, fault),
      });
    } catch (error) {
      this.#down(epoch, credentialFault(error));
    }
  }

  get #startsClean(): boolean {
    const { targetOnly } = this;
    const { version, limits } = this.#parts;
    if (limits.expirySeconds === 0) return true;
    return version === 5 ? targetOnly && !this.#counts.established : this.#leftovers === 'ending';
  }

  /** Ends what an earlier process left at a 3.1.1 broker: one clean connection, then the one that lasts. */
  async #startOver(epoch: number): Promise<void> {
    this.#leftovers = this.#leftovers === 'unknown' ? 'ending' : 'none';
    const ended = this.#connection?.close(false);
    this.#connection = undefined;
    await ended;
    if (this.#state.kind === 'connecting' && this.#state.epoch === epoch) await this.#connect(epoch);
  }

  #open(
    material: ConnectionMaterial,
    control: ControlOptions,
    events: Pick<ConnectionParts, 'up' | 'down'>,
  ): Connection {
    const { spec, credentials, timing, breather, now } = this.#parts;
    const { receiver, sender } = this;
    const { connectTimeoutMs } = timing;
    const renewed = () => this.#logger.info({ evt: 'Reauthenticated' }, 'the broker accepted a new token');
    const parts = { spec, material, credentials, control, connectTimeoutMs, receiver, sender, breather, now, renewed };
    return new Connection({ ...parts, ...events });
  }

  #up(epoch: number, connack: Connack): void {
    const { sessionPresent } = connack;
    this.#parts.spacing.connected(this.plan.key);
    if (this.#leftovers === 'ending' || (this.#leftovers === 'unknown' && sessionPresent)) {
      return void this.#startOver(epoch);
    }
    this.#leftovers = 'none';
    this.#connack = connack;
    this.#dispatch({ kind: 'connected', epoch });
    const { limits } = this.#parts;
    const { established } = this.#counts;
    const known = { established, reads: this.#reads, expirySeconds: limits.expirySeconds, epoch };
    if (isSessionLost(connack, known, this.#logger)) this.#counts.sessionLost++;
    this.#counts.connect('Success');
    this.#counts.established = true;
    this.#logger.info({ evt: 'Connected', epoch, sessionPresent });
    this.receiver.begin(sessionPresent && !this.#disputed);
    this.#disputed = false;
    this.sender.begin(limitsOf(connack, this.#parts.profile), sessionPresent);
    if (this.#connection?.control) this.#subscriptions.begin(this.#connection.control, sessionPresent);
    this.#parts.progressed();
  }

  #down(epoch: number, cause: SessionFault): void {
    const { kind } = this.#state;
    if (epoch !== this.#state.epoch || (kind !== 'connecting' && kind !== 'connected')) return;
    const fault = this.#judge(cause, kind === 'connected');
    const { reason, message, fix, reasonCode } = fault;
    this.#connection = undefined;
    this.#connack = undefined;
    if (kind === 'connected') {
      if (reasonCode !== undefined) this.#heed(reasonCode);
      if (fault.verdict === 'takenOver') this.#parts.takenOver();
      if (cause !== TARGET_REPLACED) this.#disputed = this.#parts.shared || cause.verdict === 'takenOver';
      this.#counts.disconnect(reason);
      this.receiver.end();
      this.sender.end();
      this.#subscriptions.end();
    } else {
      this.#parts.spacing.connected(this.plan.key);
      this.#counts.connect(reason);
    }
    this.#dispatch({ kind: 'lost', epoch, fault, random: this.#parts.random() });
    const nextDelayMs = Math.round(this.#retryAt - this.#parts.now());
    this.#logger.warn({ evt: 'Disconnected', epoch, reason, reasonCode, nextDelayMs, fix }, message);
  }

  /** What a loss counts as, in the words of this connector. */
  #judge(cause: SessionFault, wasConnected: boolean): SessionFault {
    const { timing, now, explain, profile } = this.#parts;
    const loss = { fault: cause, lastedMs: wasConnected ? now() - this.#since : undefined };
    const rivalry = afterLoss(this.#rivalry, loss, timing);
    const found = faultOf(rivalry, loss);
    const fault = wasConnected ? found : forgiveHaste(found, this.#state.attempt, profile.connectSpacingMs);
    // A broker that ends a connection over a permission or a quota speaks of what was being published.
    const hasPublished = this.sender.load.inflight.messages > 0 || hintOf(fault.reasonCode ?? 0).kind === 'tooFast';
    const told = { ...fault, ...explain(fault, { during: wasConnected && hasPublished ? 'publish' : 'connect' }) };
    this.#rivalry = rivalry.kind === 'certain' ? { kind: 'certain', fault: told } : rivalry;
    return told;
  }

  /** What the reason of a DISCONNECT says besides how soon to come back. */
  #heed(reasonCode: number): void {
    const hint = hintOf(reasonCode);
    if (hint.kind === 'tooFast') this.sender.slowDown();
    else if (hint.kind === 'blame') this.sender.blame(hint.refusal);
  }

  #retryLater(attempts: number, retry: () => void): void {
    const { random, timing } = this.#parts;
    setTimeout(retry, backoffDelay('retry', attempts, 0.5 + random() / 2, timing.retry)).unref();
  }

  #setLanes(): void {
    this.receiver.setLanes([...this.#lanes, ...this.#retired]);
  }
}
