import type { HealthReason, Verdict } from '../api/health.ts';
import { type Evidence, gatherEvidence } from './evidence.ts';
import type { Definition, HealthSettings, ReceivedReport, SessionSignal } from './input.ts';
import { judgeInstance } from './instances.ts';
import { ourReason } from './reasons.ts';
import { judgeRoutes, type RouteFinding, type Speaker, type Unreported } from './routes.ts';
import type { Finding } from './settle.ts';
import type { ConnectorState } from './state.ts';

/** What one connector is judged by. */
export interface ConnectorInput {
  readonly desired: Definition | undefined;
  /** When its desired revision was first seen. */
  readonly desiredSince: number;
  readonly reports: readonly ReceivedReport[];
  readonly signals: readonly SessionSignal[];
  readonly now: number;
  readonly settings: HealthSettings;
}

/** How a connector and its parts are now, whatever they were. */
export interface ConnectorFinding {
  readonly finding: Finding | undefined;
  readonly wanted: readonly string[];
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly instances: ReadonlyMap<string, Finding | undefined>;
  readonly routes: ReadonlyMap<string, RouteFinding>;
  /** Until when a new definition excuses what is missing; undefined when that is over. */
  readonly graceUntil: number | undefined;
}

/** An agent has this many report intervals to come up, and to take over a new revision. */
const GRACE_INTERVALS = 2;

/** The name of an instance that runs all slots. */
const ALL = 'all';

/** How a connector is by its definition, what was reported, and what was known before. */
export function judgeConnector(input: ConnectorInput, former: ConnectorState | undefined): ConnectorFinding {
  const { desired, desiredSince, now, settings } = input;
  const intervalMs = settings.intervalSeconds * 1_000;
  const graceUntil = desiredSince + GRACE_INTERVALS * intervalMs;
  const inGrace = now < graceUntil;
  const evidence = gatherEvidence(input.reports, former, input);
  const wanted = wantedInstances(desired, evidence);
  forgetUnwanted(evidence, wanted);
  const instances = new Map<string, Finding | undefined>();
  for (const name of new Set([...wanted, ...evidence.keys()])) {
    const known = evidence.get(name);
    instances.set(name, instanceFinding(name, known, { ...input, inGrace, intervalMs }));
  }
  const speakers = speakersOf(evidence, instances);
  const uncovered = uncoveredSlots(desired, evidence, wanted);
  const unreported = unreportedRoutes({ speakers, uncovered, inGrace });
  const routes = judgeRoutes(speakers, former?.routes ?? {}, unreported);
  const parts = { desired, wanted, evidence, instances, routes, uncovered, inGrace };
  return {
    finding: judgeParts(parts),
    wanted,
    evidence,
    instances,
    routes,
    graceUntil: inGrace ? graceUntil : undefined,
  };
}

interface InstanceContext extends ConnectorInput {
  readonly inGrace: boolean;
  readonly intervalMs: number;
}

function instanceFinding(instance: string, known: Evidence | undefined, context: InstanceContext): Finding | undefined {
  const { desired, signals, now, inGrace, intervalMs } = context;
  if (known === undefined) return { verdict: 'Unknown', reasons: [ourReason('NeverReported', { instance })] };
  if (!known.fresh) {
    const detail = `Last heard ${new Date(known.heardAt).toISOString()}.`;
    return { verdict: 'Stale', reasons: [ourReason('AgentSilent', { instance }, detail)] };
  }
  const { report, openSince = now, heardAt } = known;
  if (report === undefined) return undefined;
  const opensStill = now - openSince < intervalMs;
  return judgeInstance(report, { instance, desired, desiredIsNew: inGrace, opensStill, signals, heardAt });
}

/** One process that runs all slots is all that is wanted, as long as it is heard or nobody else is. */
function wantedInstances(desired: Definition | undefined, evidence: ReadonlyMap<string, Evidence>): string[] {
  if (desired === undefined || desired.instances === 0) return [];
  const all = evidence.get(ALL);
  const others = [...evidence.values()].some(({ instance, fresh }) => instance !== ALL && fresh);
  if (all !== undefined && (all.fresh || !others)) return [ALL];
  return numbered(desired.instances);
}

/** Instances beyond this number are judged only when they report. */
const MOST_NUMBERED = 1_000;

function numbered(count: number): string[] {
  return Array.from({ length: Math.min(count, MOST_NUMBERED) }, (_, number) => String(number));
}

/** An instance that nobody expects any more is forgotten once it is silent. */
function forgetUnwanted(evidence: Map<string, Evidence>, wanted: readonly string[]): void {
  const expected = new Set(wanted);
  for (const { instance, fresh } of evidence.values()) {
    if (!fresh && !expected.has(instance)) evidence.delete(instance);
  }
}

function speakersOf(
  evidence: ReadonlyMap<string, Evidence>,
  instances: ReadonlyMap<string, Finding | undefined>,
): Speaker[] {
  return [...evidence.values()].flatMap(({ instance, fresh, report }) =>
    fresh && report ? [{ instance, report, starting: instances.get(instance) === undefined }] : [],
  );
}

/** What to think of a route that was there and that nobody reports. */
function unreportedRoutes(of: { speakers: readonly Speaker[]; uncovered: number; inGrace: boolean }): Unreported {
  const { speakers, uncovered, inGrace } = of;
  if (speakers.length === 0) return 'silent';
  if (speakers.some(({ starting, report }) => starting || report.document.revision === undefined)) return 'kept';
  if (uncovered === 0) return 'gone';
  return inGrace ? 'kept' : 'silent';
}

function uncoveredSlots(
  desired: Definition | undefined,
  evidence: ReadonlyMap<string, Evidence>,
  wanted: readonly string[],
): number {
  if (desired === undefined || wanted.length === 0 || wanted[0] === ALL) return 0;
  const covered = new Set<number>();
  for (const { instance, fresh, report } of evidence.values()) {
    if (!fresh) continue;
    for (const slot of report?.instances?.slots ?? [Number(instance)]) if (slot < desired.instances) covered.add(slot);
  }
  return Math.max(0, Math.min(desired.instances, MOST_NUMBERED) - covered.size);
}

interface Parts extends Omit<ConnectorFinding, 'finding' | 'graceUntil'> {
  readonly desired: Definition | undefined;
  readonly uncovered: number;
  readonly inGrace: boolean;
}

function judgeParts(parts: Parts): Finding | undefined {
  const { desired, wanted, evidence, instances } = parts;
  if (desired === undefined) return { verdict: 'Unknown', reasons: [ourReason('NotDefined')] };
  const heard = [...evidence.values()].filter(({ fresh }) => fresh);
  if (wanted.length > 0 && heard.length === 0) return unheard(parts);
  if (heard.length > 0 && heard.every(({ instance }) => instances.get(instance) === undefined)) return undefined;
  return judgeHeard(parts);
}

function unheard({ wanted, evidence, instances }: Parts): Finding {
  if (evidence.size === 0) return { verdict: 'Unknown', reasons: [ourReason('NeverReported')] };
  return { verdict: 'Stale', reasons: wanted.flatMap((name) => instances.get(name)?.reasons ?? []) };
}

function judgeHeard({ wanted, evidence, instances, routes, uncovered, inGrace }: Parts): Finding {
  const findings = [...routes.values()].flatMap(({ finding }) => finding ?? []);
  const excused = (name: string) => inGrace && !evidence.has(name);
  const missing = wanted.filter((name) => !evidence.get(name)?.fresh && !excused(name));
  const reasons: HealthReason[] = [
    ...missing.flatMap((name) => instances.get(name)?.reasons ?? []),
    ...(uncovered > 0 && !inGrace ? [ourReason('SlotsUncovered', {}, `${uncovered} of them.`)] : []),
    ...[...evidence.values()].flatMap(({ instance, fresh }) => (fresh ? (instances.get(instance)?.reasons ?? []) : [])),
    ...findings.flatMap((finding) => finding.reasons),
  ];
  const passing = findings.some(({ verdict }) => verdict === 'Healthy' || verdict === 'Degraded');
  if (findings.length > 0 && !passing) return { verdict: 'Unhealthy', reasons };
  if (routes.size === 0 && wanted.length > 0 && reasons.length === 0) {
    return { verdict: 'Unknown', reasons: [ourReason('NoRoutes')] };
  }
  return { verdict: verdictOf(reasons, instances, evidence), reasons };
}

function verdictOf(
  reasons: readonly HealthReason[],
  instances: ReadonlyMap<string, Finding | undefined>,
  evidence: ReadonlyMap<string, Evidence>,
): Verdict {
  if (reasons.length === 0) return 'Healthy';
  const heard = [...evidence.values()].filter(({ fresh }) => fresh).map(({ instance }) => instances.get(instance));
  // Without routes an agent that has no document is all there is to go by.
  const none = heard.length > 0 && heard.every((finding) => finding?.verdict === 'Unhealthy');
  return none ? 'Unhealthy' : 'Degraded';
}
