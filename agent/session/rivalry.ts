import { CLIENT_ID_CONFLICT } from './faults.ts';
import type { SessionFault } from './machine.ts';
import type { Timing } from './timing.ts';

/**
 * Whether another client seems to use the same client ID. Some brokers say so when they end a connection; others, such as
 * Mosquitto 2.0 and all in MQTT 3.1.1, just close it, and two clients would take the session from each other without end.
 */
export type Rivalry =
  | { readonly kind: 'none' }
  /** Connections that were closed without a word soon after they were accepted, one after the other. */
  | { readonly kind: 'suspected'; readonly closes: number }
  | { readonly kind: 'certain'; readonly fault: SessionFault };

/** How a connection, or an attempt at one, ended. */
export interface Loss {
  readonly fault: SessionFault;
  /** Milliseconds from CONNACK; undefined when there was none. */
  readonly lastedMs: number | undefined;
}

export const NO_RIVALRY: Rivalry = { kind: 'none' };

/** Closes in a row after which nobody doubts it: a network that fails does not let every CONNECT pass. */
const CLOSES_FOR_CERTAIN = 4;
/** From here on a close counts although the other client, slowed down as well, took its time. */
const CLOSES_FOR_PATIENCE = 2;
const WITHOUT_A_WORD: ReadonlySet<string> = new Set(['ConnectionClosed', 'ConnectionReset']);

/** What a loss says about it. */
export function afterLoss(rivalry: Rivalry, loss: Loss, timing: Timing): Rivalry {
  const { fault, lastedMs } = loss;
  if (fault.verdict === 'takenOver') return { kind: 'certain', fault };
  if (lastedMs === undefined || !WITHOUT_A_WORD.has(fault.reason)) return NO_RIVALRY;
  if (rivalry.kind === 'certain') {
    return lastedMs < undisputedMs(timing) ? { kind: 'certain', fault: CLIENT_ID_CONFLICT } : NO_RIVALRY;
  }
  const closes = rivalry.kind === 'suspected' ? rivalry.closes : 0;
  const patience = closes >= CLOSES_FOR_PATIENCE ? undisputedMs(timing) : timing.stableMs;
  if (lastedMs >= patience) return NO_RIVALRY;
  return closes + 1 < CLOSES_FOR_CERTAIN
    ? { kind: 'suspected', closes: closes + 1 }
    : { kind: 'certain', fault: CLIENT_ID_CONFLICT };
}

/** The fault that a loss counts as: a rival's, once there is no doubt of one. */
export function faultOf(rivalry: Rivalry, { fault }: Loss): SessionFault {
  return rivalry.kind === 'certain' ? rivalry.fault : fault;
}

/** What a connection says about it that has lasted so many milliseconds. */
export function whileConnected(rivalry: Rivalry, lastedMs: number, timing: Timing): Rivalry {
  return lastedMs < undisputedMs(timing) ? rivalry : NO_RIVALRY;
}

/** A rival of our kind is away for twice the least pause at most. */
function undisputedMs({ reconnect, stableMs }: Timing): number {
  return Math.max(3 * reconnect.takenOverMs, stableMs);
}
