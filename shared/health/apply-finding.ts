import type { Chronicle } from './changes.ts';
import type { ConnectorFinding } from './connector.ts';
import { fewReasons } from './reasons.ts';
import { type Calm, settle } from './settle.ts';
import type { ConnectorState, HealthAlert, InstanceState, RouteState, Track } from './state.ts';

/** A connector, how it was, and how it is found now. */
export interface Found {
  readonly name: string;
  readonly known: ConnectorState | undefined;
  readonly finding: ConnectorFinding;
  readonly desired: ConnectorState['desired'];
}

/** The connector's next state; what changed goes to the chronicle. */
export function applyFinding(found: Found, calm: Calm, chronicle: Chronicle): ConnectorState {
  const { name, known, finding, desired } = found;
  const raw = finding.finding && { ...finding.finding, reasons: fewReasons(finding.finding.reasons) };
  const next: ConnectorState = {
    ...settle(known && trackOf(known), raw, calm),
    ...(desired && { desired }),
    told: known?.told ?? 'Unknown',
    wanted: [...finding.wanted],
    instances: instancesOf(found, calm),
    routes: routesOf(found, calm),
    ...(known?.alertedRejection !== undefined && { alertedRejection: known.alertedRejection }),
    ...(known?.written && { written: { ...known.written } }),
  };
  const step = { name, known, next };
  for (const note of [noteDefinition, noteVerdict, noteInstances, noteRoutes]) note(step, chronicle);
  return next;
}

/** A connector as it was and as it is now. */
interface Step {
  readonly name: string;
  readonly known: ConnectorState | undefined;
  readonly next: ConnectorState;
}

function trackOf({ verdict, since, reasons, better, setbacks }: Track): Track {
  return { verdict, since, reasons, ...(better && { better }), ...(setbacks && { setbacks }) };
}

function instancesOf({ known, finding, desired }: Found, calm: Calm): Record<string, InstanceState> {
  const next: Record<string, InstanceState> = {};
  for (const [name, { heardAt, run, sequence, openSince, patienceMs, report }] of finding.evidence) {
    const former = known?.instances[name];
    const track = settle(former && trackOf(former), finding.instances.get(name), calm);
    const document = report?.document;
    const revision = document ? document.revision : former?.revision;
    const refused = document?.rejected?.revision;
    const rejected = refused !== undefined && refused === desired?.revision ? refused : undefined;
    const version = report?.version ?? former?.version ?? '';
    next[name] = {
      ...track,
      heardAt,
      run,
      sequence,
      ...(openSince !== undefined && { openSince }),
      patienceMs,
      version,
      ...(revision !== undefined && { revision }),
      ...(rejected !== undefined && { rejected }),
    };
  }
  return next;
}

function routesOf({ known, finding }: Found, calm: Calm): Record<string, RouteState> {
  const next: Record<string, RouteState> = {};
  for (const [key, { direction, finding: raw }] of finding.routes) {
    const former = known?.routes[key];
    next[key] = { ...settle(former && trackOf(former), raw, calm), direction };
  }
  return next;
}

function noteDefinition({ name, known, next }: Step, chronicle: Chronicle): void {
  const [from, to] = [known?.desired?.revision, next.desired?.revision];
  if (from === to) return;
  chronicle.note(name, next, {
    type: 'DefinitionChanged',
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  });
}

function noteVerdict({ name, next }: Step, chronicle: Chronicle): void {
  const { told: from, verdict: to, reasons } = next;
  if (from === to || !chronicle.note(name, next, { type: 'VerdictChanged', from, to, reasons })) return;
  next.told = to;
  const type = alertType(from, to);
  if (type) chronicle.warn({ type, connector: name, from, verdict: to, reasons });
}

function alertType(from: string, to: string): HealthAlert['type'] | undefined {
  if (to === 'Unknown') return undefined;
  if (to === 'Stale') return 'MqttBridge.Connector.Stale';
  if (to !== 'Healthy') return 'MqttBridge.Connector.Degraded';
  return from === 'Unknown' ? undefined : 'MqttBridge.Connector.Recovered';
}

function noteInstances({ name, known, next }: Step, chronicle: Chronicle): void {
  for (const [instance, now] of Object.entries(next.instances)) {
    const was = known?.instances[instance];
    if (was?.verdict !== now.verdict) {
      const from = was && { from: was.verdict };
      chronicle.note(name, next, { type: 'InstanceChanged', instance, ...from, to: now.verdict, reasons: now.reasons });
    }
    if (now.revision !== undefined && now.revision !== was?.revision) {
      const from = was?.revision === undefined ? {} : { from: was.revision };
      chronicle.note(name, next, { type: 'RevisionApplied', instance, ...from, to: now.revision });
    }
    if (now.rejected !== was?.rejected) noteRejection({ name, known, next }, instance, chronicle);
  }
}

function noteRejection({ name, next }: Step, instance: string, chronicle: Chronicle): void {
  const { rejected, reasons = [] } = next.instances[instance] ?? {};
  if (rejected === undefined) return;
  const why = reasons.filter(({ reason }) => reason === 'RevisionRejected');
  chronicle.note(name, next, { type: 'RevisionRejected', instance, to: rejected, reasons: why });
  if (next.alertedRejection === rejected) return;
  next.alertedRejection = rejected;
  chronicle.warn({
    type: 'MqttBridge.Revision.Rejected',
    connector: name,
    verdict: next.verdict,
    revision: rejected,
    reasons: why,
  });
}

/** Routes that fall silent with their agent are not told of one by one: the instance says it. */
function noteRoutes({ name, known, next }: Step, chronicle: Chronicle): void {
  for (const [route, now] of Object.entries(next.routes)) {
    const was = known?.routes[route];
    if (!was || was.verdict === now.verdict || [was.verdict, now.verdict].includes('Stale')) continue;
    chronicle.note(name, next, {
      type: 'RouteChanged',
      route,
      from: was.verdict,
      to: now.verdict,
      reasons: now.reasons,
    });
  }
}
