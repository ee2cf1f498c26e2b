import type { AgentReport } from '../api/report.ts';
import type { HealthSettings, ReceivedReport } from './input.ts';
import type { ConnectorState, InstanceState } from './state.ts';

/** An agent that is silent for this many of its report intervals is stale. */
export const PATIENCE_INTERVALS = 1.25;

/** What is known of one instance now. */
export interface Evidence {
  readonly instance: string;
  /** When it was last heard, by our clock. */
  readonly heardAt: number;
  readonly run: string;
  readonly sequence: number;
  /** Since when something is not ready yet; absent while all is. */
  readonly openSince?: number | undefined;
  readonly patienceMs: number;
  readonly fresh: boolean;
  /** Absent where the newest thing known of it is the former state. */
  readonly report?: AgentReport;
}

/** Joins what came in now with what is remembered; a report older than one judged before changes nothing. */
export function gatherEvidence(
  received: readonly ReceivedReport[],
  former: ConnectorState | undefined,
  { now, settings }: { readonly now: number; readonly settings: HealthSettings },
): Map<string, Evidence> {
  const evidence = new Map<string, Evidence>();
  for (const [instance, known] of Object.entries(former?.instances ?? {})) {
    evidence.set(instance, remembered(instance, known, now));
  }
  for (const { instance, receivedAt, report } of received) {
    const known = evidence.get(instance);
    // Our own clock may have been ahead when it was received.
    const heardAt = Math.min(Date.parse(receivedAt), now);
    const again = known?.run === report.run && known.sequence === report.sequence;
    if (known && !again && isOlder(report, heardAt, known)) continue;
    const patienceMs = PATIENCE_INTERVALS * 1_000 * Math.max(report.intervalSeconds, settings.intervalSeconds);
    const since = again ? known.heardAt : heardAt;
    evidence.set(instance, {
      instance,
      heardAt: since,
      run: report.run,
      sequence: report.sequence,
      // A new run does not count anew: an agent that restarts again and again must not look as if it were starting.
      openSince: isOpen(report) ? (known?.openSince ?? now) : undefined,
      patienceMs,
      fresh: now - since < patienceMs,
      report,
    });
  }
  return evidence;
}

function remembered(instance: string, known: InstanceState, now: number): Evidence {
  const { heardAt, run, sequence, openSince, patienceMs } = known;
  return { instance, heardAt, run, sequence, openSince, patienceMs, fresh: now - heardAt < patienceMs };
}

/** Whether something is on its way: connections are made, a document is awaited, other instances are not heard yet. */
export function isOpen({ document, routes, instances }: AgentReport): boolean {
  const isApart = instances !== undefined && instances.standing !== 'joined';
  return document.revision === undefined || isApart || routes.some(({ lanes }) => lanes.ready < lanes.total);
}

/** Runs of one instance are ordered by our clock, as agents' clocks may be wrong. */
function isOlder(report: AgentReport, heardAt: number, known: Evidence): boolean {
  return known.run === report.run ? report.sequence < known.sequence : heardAt < known.heardAt;
}
