import type { Definition, ReceivedReport, SiteInput } from './input.ts';
import { type Change, type Chronicle, createChronicle } from './changes.ts';
import { type ConnectorFinding, judgeConnector } from './connector.ts';
import { applyFinding } from './apply-finding.ts';
import { recall } from './recall.ts';
import type { ConnectorState, HealthAlert, HealthState } from './state.ts';
import type { HealthEvent } from '../api/health.ts';
import { worstOf } from './verdicts.ts';
import { nextWake, SIGNAL_PATIENCE_MS } from './wake.ts';

/** What a judgement finds out. */
export interface Judgement {
  /** To be kept for the next judgement. Its `outbox` has the events and all alerts that nobody has taken over yet. */
  readonly state: HealthState;
  /** New since the last judgement. */
  readonly events: readonly HealthEvent[];
  readonly alerts: readonly HealthAlert[];
  /** Milliseconds since 1970: when to judge again if nothing hints at a change before. */
  readonly wakeAt: number;
}

/** Alerts that nobody delivers are forgotten beyond this number, the oldest first. */
const MOST_ALERTS = 1_000;

/**
 * Judges a site: each connector, its instances and routes. Pure, and calm: worse counts at once, better once it has lasted,
 * and what is older than something judged before changes nothing.
 */
export function judgeSite(input: SiteInput, previous: HealthState | undefined): Judgement {
  const { now, definitions, settings } = input;
  const former = recall(previous, now, settings.intervalSeconds * 1_000);
  const chronicle = createChronicle(former, now);
  const reports = groupReports(input.reports);
  const connectors: HealthState['connectors'] = {};
  const findings: ConnectorFinding[] = [];
  const inForce = (input.signals ?? []).filter(({ at }) => at + SIGNAL_PATIENCE_MS <= now);
  const names = new Set([...Object.keys(definitions), ...Object.keys(former.connectors), ...reports.keys()]);
  for (const name of [...names].sort()) {
    const desired = own(definitions, name);
    const known = own(former.connectors, name);
    const desiredSince = sinceWhen(known?.desired, desired) ?? now;
    const signals = inForce.filter(({ connector }) => connector === name);
    const of = { desired, desiredSince, reports: reports.get(name) ?? [], signals, now, settings };
    const finding = judgeConnector(of, known);
    if (desired === undefined && finding.evidence.size === 0) continue;
    findings.push(finding);
    const calm = { now, recoverAfterMs: settings.recoverAfterSeconds * 1_000 };
    connectors[name] = applyFinding(
      { name, known, finding, desired: desired && { ...desired, since: desiredSince } },
      calm,
      chronicle,
    );
  }
  noteRemoved(former, connectors, chronicle);
  const state = close(input, former, connectors, chronicle);
  return { state, events: chronicle.events, alerts: chronicle.alerts, wakeAt: nextWake(state, findings, input) };
}

/** When the desired revision was first seen; undefined when it is new. */
function sinceWhen(known: ConnectorState['desired'], desired: Definition | undefined): number | undefined {
  const same = known?.revision === desired?.revision && known?.instances === desired?.instances;
  return same ? known?.since : undefined;
}

function close(
  { now, alertsThrough }: SiteInput,
  former: HealthState,
  connectors: HealthState['connectors'],
  { events, alerts }: Chronicle,
): HealthState {
  const verdict = worstOf(Object.values(connectors).map((connector) => connector.verdict));
  const site = Object.keys(connectors).length === 0 ? 'Unknown' : verdict;
  const waiting = former.outbox.alerts.filter(({ number }) => number > (alertsThrough ?? 0));
  return {
    version: 1,
    epoch: former.epoch,
    judgedAt: now,
    events: former.events + events.length,
    alerts: former.alerts + alerts.length,
    verdict: site,
    since: site === former.verdict ? former.since : now,
    connectors,
    outbox: { events: [...events], alerts: [...waiting, ...alerts].slice(-MOST_ALERTS) },
  };
}

function noteRemoved(former: HealthState, connectors: HealthState['connectors'], chronicle: Chronicle): void {
  for (const [name, known] of Object.entries(former.connectors)) {
    if (own(connectors, name) !== undefined || known.desired === undefined) continue;
    const change: Change = { type: 'DefinitionChanged', from: known.desired.revision };
    chronicle.note(name, known, change);
  }
}

function groupReports(reports: readonly ReceivedReport[]): Map<string, ReceivedReport[]> {
  const groups = new Map<string, ReceivedReport[]>();
  for (const report of reports) {
    const same = groups.get(report.connector);
    if (same) same.push(report);
    else groups.set(report.connector, [report]);
  }
  return groups;
}

/** A name that comes from outside may be that of a property that all objects have. */
function own<T extends Definition | HealthState['connectors'][string]>(
  of: Readonly<Record<string, T>>,
  name: string,
): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}
