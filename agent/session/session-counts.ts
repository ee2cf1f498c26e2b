import type { SessionPlan } from '../../shared/plan/types.ts';
import type { Sender } from '../forward/sender.ts';
import type { TargetLimits } from '../forward/window.ts';
import type { FaultSnapshot, SessionSnapshot } from '../observe/snapshot.ts';
import type { ConnectionSpec } from './credentials/spec.ts';
import type { SessionFault, SessionState } from './machine.ts';
import type { Connack } from './mqtt-client.ts';
import type { Rivalry } from './rivalry.ts';

/** What happened to a session's connections since start. */
export interface SessionCounts {
  readonly connects: Record<string, number>;
  readonly disconnects: Record<string, number>;
  sessionLost: number;
  /** True once a connection was accepted by the broker in this process. */
  established: boolean;
  connect(reason: string): void;
  disconnect(reason: string): void;
}

/** Counts at zero. */
export function createSessionCounts(): SessionCounts {
  const connects: Record<string, number> = {};
  const disconnects: Record<string, number> = {};
  return {
    connects,
    disconnects,
    sessionLost: 0,
    established: false,
    connect(reason) {
      connects[reason] = (connects[reason] ?? 0) + 1;
    },
    disconnect(reason) {
      disconnects[reason] = (disconnects[reason] ?? 0) + 1;
    },
  };
}

/** What a snapshot of a session is taken from. Times are monotonic milliseconds. */
export interface SessionView {
  readonly plan: SessionPlan;
  readonly spec: ConnectionSpec;
  readonly state: SessionState;
  readonly rivalry: Rivalry;
  readonly now: () => number;
  readonly since: number;
  readonly retryAt: number;
  /** Their dates, ISO 8601. */
  readonly wallAt: (monotonic: number) => string;
  readonly connack: Connack | undefined;
  readonly limits: TargetLimits;
  readonly sender: Sender;
  readonly counts: SessionCounts;
}

/** A session as /status and the metrics show it. */
export function snapshotSession(view: SessionView): SessionSnapshot {
  const { plan, spec, state, rivalry, sender, counts, connack, wallAt } = view;
  const { inflight, waiting, oldestReceivedAt } = sender.load;
  const { rates } = sender;
  return {
    key: plan.key,
    side: plan.side,
    clientId: plan.clientId,
    endpoint: `${spec.host}:${spec.port}`,
    state: state.kind,
    since: wallAt(view.since),
    epoch: state.epoch,
    ...('fault' in state && state.fault && { fault: faultOf(state.fault) }),
    ...(state.kind === 'waiting' && { retryAt: wallAt(view.retryAt) }),
    ...(rivalry.kind === 'certain' && { clientIdConflict: faultOf(rivalry.fault) }),
    ...(connack && {
      limits: {
        ...view.limits,
        topicAliasMaximum: connack.topicAliasMaximum ?? 0,
        keepAlive: connack.serverKeepAlive ?? 0,
        ...(connack.sessionExpiry === undefined ? {} : { sessionExpiry: connack.sessionExpiry }),
      },
    }),
    inflightMessages: inflight.messages,
    inflightBytes: inflight.bytes,
    waitingMessages: waiting,
    oldestSeconds: oldestReceivedAt === undefined ? 0 : (view.now() - oldestReceivedAt) / 1_000,
    windowMessages: sender.window.messages,
    windowBytes: sender.window.bytes,
    ...(rates && { publishRate: rates }),
    connects: { ...counts.connects },
    disconnects: { ...counts.disconnects },
    sessionLost: counts.sessionLost,
    strayAcks: sender.strayAcks,
  };
}

function faultOf({ reason, message, fix, reasonCode }: SessionFault): FaultSnapshot {
  return {
    reason,
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(reasonCode === undefined ? {} : { reasonCode }),
  };
}
