import { judgeReadiness, readinessText } from '../../agent/observe/readiness.ts';
import { statusOf } from '../../agent/observe/status.ts';
import type { AgentStatus } from '../../agent/observe/status-schema.ts';
import type { Bridge } from './bridge-harness.ts';

/** What an operator can read of a fault, wherever it shows. */
export interface Explanations {
  /** Log lines of one event, as objects. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly status: AgentStatus;
  /** `/readyz?verbose`. */
  readonly readyz: string;
}

/** Reads them all at one moment. */
export function explanationsOf(bridge: Bridge, evt: string): Explanations {
  const snapshot = bridge.snapshot();
  return { log: bridge.events(evt), status: statusOf(snapshot), readyz: readinessText(judgeReadiness(snapshot)) };
}
