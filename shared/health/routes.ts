import type { HealthReason } from '../api/health.ts';
import type { AgentReport } from '../api/report.ts';
import { fewReasons, ourReason, passedOn } from './reasons.ts';
import type { Finding } from './settle.ts';
import type { RouteState } from './state.ts';

/** A report that counts, and whose it is. */
export interface Speaker {
  readonly instance: string;
  readonly report: AgentReport;
  /** It has just started, so that what is not ready yet says nothing. */
  readonly starting: boolean;
}

/** A route as the instances that report now see it together. */
export interface RouteFinding {
  readonly direction: RouteState['direction'];
  /** Absent while those who run it have just started. */
  readonly finding: Finding | undefined;
}

interface Sum {
  readonly direction: RouteState['direction'];
  total: number;
  ready: number;
  starting: boolean;
  readonly reasons: HealthReason[];
}

/** Most routes of a connector that are judged. */
const MOST_ROUTES = 2_000;

/** A route that nobody reports: it is no more, those who ran it are silent, or it is too early to tell. */
export type Unreported = 'gone' | 'silent' | 'kept';

/** How each route is, by `topicMap/route`. */
export function judgeRoutes(
  speakers: readonly Speaker[],
  former: Readonly<Record<string, RouteState>>,
  unreported: Unreported,
): Map<string, RouteFinding> {
  const found = new Map<string, RouteFinding>();
  for (const [key, sum] of sumUp(speakers)) {
    found.set(key, { direction: sum.direction, finding: sum.starting ? undefined : findingOf(key, sum) });
  }
  if (unreported === 'gone') return found;
  for (const [key, { direction }] of Object.entries(former)) {
    if (found.has(key) || found.size >= MOST_ROUTES) continue;
    const silent: Finding = { verdict: 'Stale', reasons: [ourReason('AgentSilent', { route: key })] };
    found.set(key, { direction, finding: unreported === 'silent' ? silent : undefined });
  }
  return found;
}

function sumUp(speakers: readonly Speaker[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { instance, report, starting } of speakers) {
    const down = fewReasons(sessionFaults(report, instance), 3);
    for (const { topicMap, route, direction, lanes, fault, refusal } of report.routes) {
      const key = `${topicMap}/${route}`;
      const sum = sums.get(key) ?? { direction, total: 0, ready: 0, starting: false, reasons: [] };
      if (!sums.has(key) && sums.size >= MOST_ROUTES) continue;
      sums.set(key, sum);
      sum.total += lanes.total;
      sum.ready += lanes.ready;
      sum.starting ||= starting && lanes.ready < lanes.total;
      for (const each of [fault, refusal]) if (each) sum.reasons.push(passedOn(each, { instance, route: key }));
      if (lanes.ready < lanes.total) sum.reasons.push(...down);
    }
  }
  return sums;
}

/** Why a route's clients may not be ready: which of the sessions are theirs is not reported. */
function sessionFaults({ sessions }: AgentReport, instance: string): HealthReason[] {
  return sessions.flatMap(({ side, state, fault }) =>
    state !== 'connected' && fault ? [passedOn(fault, { instance, side })] : [],
  );
}

function findingOf(key: string, { total, ready, reasons }: Sum): Finding {
  if (ready === total && reasons.length === 0) return { verdict: 'Healthy', reasons: [] };
  const why = reasons.length > 0 ? reasons : [ourReason('RouteNotReady', { route: key })];
  return { verdict: ready === 0 ? 'Unhealthy' : 'Degraded', reasons: fewReasons(why, 3) };
}
