import type { SessionPlan } from '../../shared/plan/types.ts';
import type { SessionLimits } from '../../shared/resources/connector.ts';
import { reasonOf } from '../../shared/reason-codes.ts';
import type { FlushTurn, Outlet } from '../forward/outlet.ts';
import { handleRefused } from '../forward/dead-letter.ts';
import type { Lane } from '../forward/lane.ts';
import { Receiver } from '../forward/receiver.ts';
import { publishVerdict } from '../forward/refusal.ts';
import { Sender } from '../forward/sender.ts';
import type { SlabPool } from '../forward/slab.ts';
import { NO_LIMITS, type TargetLimits } from '../forward/window.ts';
import type { SessionSnapshot } from '../observe/snapshot.ts';
import type { Logger } from '../observe/logger.ts';
import { backoffDelay } from './backoff.ts';
import { type Connection, openConnection } from './connection.ts';
import { CredentialError } from './credentials/credential-error.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { ConnectionSpec } from './credentials/spec.ts';
import { IDLE, type SessionEvent, type SessionFault, type SessionState, step } from './machine.ts';
import type { Connack, ControlOptions } from './mqtt-client.ts';
import { createSessionCounts, snapshotSession } from './session-counts.ts';
import { createSubscriptions, type Subscription } from './subscriptions.ts';
import type { Timing } from './timing.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly plan: SessionPlan;
  readonly spec: ConnectionSpec;
  readonly version: 4 | 5;
  readonly limits: SessionLimits;
  /** True when lanes only publish here: then nothing at the broker is worth resuming after a restart. */
  readonly targetOnly: boolean;
  /** True when lanes publish here: its own messages must not come back to it. */
  readonly publishes: boolean;
  readonly credentials: Credentials;
  readonly turn: FlushTurn;
  readonly pool: SlabPool;
  readonly timing: Timing;
  readonly logger: Logger;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The session or one of its subscriptions came up. */
  readonly progressed: () => void;
}

/** One MQTT session of the plan: connects, stays connected, and carries what its lanes send and receive. */
export interface Session {
  readonly plan: SessionPlan;
  readonly targetOnly: boolean;
  readonly sender: Sender;
  readonly receiver: Receiver;
  start(): void;
  /** Reads a lane's messages here. */
  addSource(subscription: Subscription): void;
  /** Puts a lane in the place of another with the same subscription, which stays granted. */
  swapSource(old: Lane, by: Subscription): void;
  /** Forgets a lane without unsubscribing, since another lane has the same subscription. */
  dropSource(lane: Lane): void;
  /** Ends a lane's subscription. Messages the broker had queued for it still go its way. */
  removeSource(lane: Lane): Promise<void>;
  connected(): boolean;
  /** To be called about once per second: ends connections whose broker no longer answers. */
  tick(): void;
  /** Connects anew, so that the source broker sends again what was not acknowledged. */
  bounce(): void;
  /** Closes; `forget` also ends the session at the broker. Resolves when the connection is gone. */
  stop(options?: { readonly forget?: boolean }): Promise<void>;
  /** Why the lane's subscription is refused, or why the session is down. */
  faultOf(lane: Lane): string | undefined;
  snapshot(): SessionSnapshot;
}

const TOPIC_ALIAS_MAXIMUM = 32;
const RETIRED_LANES = 16;
/** DISCONNECT reasons that speak of a packet of ours (MQTT5 3.14.2.1). */
const BLAMING = new Set([0x81, 0x82, 0x87, 0x90, 0x95, 0x99, 0x9a, 0x9b]);

/** Remembers everything, does nothing until `start`. */
export function createSession(parts: SessionParts): Session {
  const { plan, timing, now, logger } = parts;
  let state: SessionState = IDLE;
  let since = now();
  let connection: Connection | undefined;
  let connack: Connack | undefined;
  let timer: NodeJS.Timeout | undefined;
  let active: Lane[] = [];
  let retired: Lane[] = [];
  const counts = createSessionCounts();

  const outlet: Outlet = {
    write: (bytes) => connection?.write(bytes) ?? true,
    writtenThrough: () => connection?.writtenThrough() ?? true,
  };
  const sender = new Sender({
    outlet,
    turn: parts.turn,
    pool: parts.pool,
    version: parts.version,
    window: { messages: parts.limits.maxInflightMessages, bytes: parts.limits.maxInflightBytes },
    now,
    retryLater: (attempts, retry) =>
      void setTimeout(retry, backoffDelay('retry', attempts, 0.5 + parts.random() / 2, timing.retry)).unref(),
    refused: (transit, reason) => handleRefused(transit, reason, parts.version),
  });
  const receiver = new Receiver({
    outlet,
    turn: parts.turn,
    version: parts.version,
    topicAliasMaximum: TOPIC_ALIAS_MAXIMUM,
    proceed: () => connection?.proceed(),
  });
  const subscriptions = createSubscriptions({
    publishes: parts.publishes,
    granted({ filter, lane }) {
      logger.info({ evt: 'Subscribed', side: plan.side, route: lane.route.name, filter });
      parts.progressed();
    },
    refused: ({ lane }, code) =>
      logger.warn({ evt: 'SubscribeRefused', side: plan.side, route: lane.route.name, reason: reasonOf(code).name }),
    later: (run) => void setTimeout(run, timing.resubscribeMs).unref(),
  });

  const dispatch = (event: SessionEvent) => {
    const result = step(state, event, timing.reconnect);
    if (result.state.kind !== state.kind) since = now();
    state = result.state;
    for (const effect of result.effects) {
      if (effect.kind === 'connect') void connect(effect.epoch);
      else if (effect.kind === 'wait') {
        retryAt = now() + effect.delayMs;
        timer = setTimeout(() => dispatch({ kind: 'due', epoch: effect.epoch }), effect.delayMs);
      }
    }
  };
  let retryAt = 0;

  const connect = async (epoch: number) => {
    try {
      const material = await parts.credentials.load();
      if (state.kind !== 'connecting' || state.epoch !== epoch) return;
      connection = openConnection({
        spec: parts.spec,
        material,
        control: { ...controlOptions(parts, counts.established), ...material },
        connectTimeoutMs: timing.connectTimeoutMs,
        receiver,
        sender,
        now,
        up: (answer) => up(epoch, answer),
        down: (fault) => down(epoch, fault),
      });
    } catch (error) {
      down(epoch, credentialFault(error));
    }
  };

  const up = (epoch: number, answer: Connack) => {
    connack = answer;
    dispatch({ kind: 'connected', epoch });
    counts.connect('Success');
    const { sessionPresent } = answer;
    if (!sessionPresent && counts.established && parts.limits.expirySeconds > 0) {
      counts.sessionLost++;
      logger.warn({ evt: 'SessionLost', side: plan.side, clientId: plan.clientId, epoch });
    }
    counts.established = true;
    logger.info({ evt: 'Connected', side: plan.side, clientId: plan.clientId, epoch, sessionPresent });
    receiver.begin(sessionPresent);
    sender.begin(limitsOf(answer), sessionPresent);
    if (connection?.control) subscriptions.begin(connection.control, sessionPresent);
    parts.progressed();
  };

  const down = (epoch: number, fault: SessionFault) => {
    if (epoch !== state.epoch || (state.kind !== 'connecting' && state.kind !== 'connected')) return;
    const wasConnected = state.kind === 'connected';
    connection = undefined;
    connack = undefined;
    if (wasConnected) {
      if (fault.reasonCode !== undefined && BLAMING.has(fault.reasonCode)) blame(fault.reasonCode);
      counts.disconnect(fault.reason);
      receiver.end();
      sender.end();
      subscriptions.end();
    } else counts.connect(fault.reason);
    dispatch({ kind: 'lost', epoch, fault, random: parts.random() });
    const { reason, message, reasonCode } = fault;
    const nextDelayMs = Math.round(retryAt - now());
    logger.warn(
      { evt: 'Disconnected', side: plan.side, clientId: plan.clientId, epoch, reason, reasonCode, nextDelayMs },
      message,
    );
  };

  const blame = (code: number) => {
    const verdict = publishVerdict(code);
    sender.blame(verdict.kind === 'refused' ? verdict.reason : 'refused');
  };

  const setLanes = () => receiver.setLanes([...active, ...retired]);

  return {
    plan,
    targetOnly: parts.targetOnly,
    sender,
    receiver,
    start: () => dispatch({ kind: 'start' }),
    addSource(subscription) {
      active.push(subscription.lane);
      setLanes();
      subscriptions.add(subscription);
    },
    swapSource(old, by) {
      active = active.map((lane) => (lane === old ? by.lane : lane));
      setLanes();
      subscriptions.swap(old, by);
    },
    dropSource(lane) {
      active = active.filter((other) => other !== lane);
      setLanes();
      subscriptions.forget(lane);
    },
    async removeSource(lane) {
      active = active.filter((other) => other !== lane);
      retired = [lane, ...retired].slice(0, RETIRED_LANES);
      setLanes();
      await subscriptions.remove(lane);
    },
    connected: () => state.kind === 'connected',
    tick() {
      const { epoch } = state;
      if (state.kind !== 'connected') return;
      if (state.attempt > 0 && now() - since > timing.stableMs) dispatch({ kind: 'stable', epoch });
      if (sender.oldestUnanswered(now()) > timing.ackTimeoutMs) {
        connection?.fail({ reason: 'AckTimeout', message: ACK_TIMEOUT, verdict: 'retry' });
      }
    },
    bounce: () => connection?.fail({ reason: 'TargetReplaced', message: TARGET_REPLACED, verdict: 'retry' }),
    async stop({ forget = false } = {}) {
      clearTimeout(timer);
      const closed = connection?.close({ forget });
      connection = undefined;
      dispatch({ kind: 'stop' });
      receiver.end();
      sender.discard();
      subscriptions.end();
      await closed;
    },
    faultOf: (lane) => subscriptions.faultOf(lane) ?? (state.kind === 'waiting' ? state.fault.message : undefined),
    snapshot: () =>
      snapshotSession({
        ...parts,
        state,
        since,
        retryAt,
        connack,
        sender,
        receiver,
        counts,
        limits: limitsOf(connack),
      }),
  };
}

const TARGET_REPLACED = 'The other side of a route got new settings; its messages are read again.';
const ACK_TIMEOUT = 'The broker did not acknowledge a message in time; connecting anew and sending it again.';

function controlOptions({ plan, limits, version, timing, targetOnly }: SessionParts, resumes: boolean): ControlOptions {
  return {
    clientId: plan.clientId,
    version,
    keepAlive: limits.keepAliveSeconds,
    // A publisher that has forgotten its packet identifiers must not meet them again at the broker: it would take a
    // new QoS 2 message for the old one under the same identifier and drop it (MQTT5 4.3.3).
    // Without expiry a session of 3.1.1 must be clean to end with its connection (MQTT 3.1.1 3.1.2.4).
    cleanStart: limits.expirySeconds === 0 || (targetOnly && !resumes),
    sessionExpiry: limits.expirySeconds,
    receiveMaximum: limits.maxInflightMessages,
    maximumPacketSize: limits.maxPacketBytes,
    topicAliasMaximum: TOPIC_ALIAS_MAXIMUM,
    connackTimeoutMs: timing.connectTimeoutMs,
  };
}

function limitsOf(connack: Connack | undefined): TargetLimits {
  return {
    receiveMaximum: connack?.receiveMaximum ?? NO_LIMITS.receiveMaximum,
    maximumPacketSize: connack?.maximumPacketSize ?? NO_LIMITS.maximumPacketSize,
    maximumQos: connack?.maximumQos ?? NO_LIMITS.maximumQos,
    retainAvailable: connack?.retainAvailable ?? NO_LIMITS.retainAvailable,
  };
}

function credentialFault(error: unknown): SessionFault {
  if (error instanceof CredentialError) return { reason: error.reason, message: error.message, verdict: 'slow' };
  const message = error instanceof Error ? error.message : String(error);
  return { reason: 'CredentialsFailed', message: `The credentials cannot be read: ${message}`, verdict: 'slow' };
}
