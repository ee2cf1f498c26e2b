import type { HealthReason } from '../api/health.ts';
import type { AgentReport } from '../api/report.ts';
import type { Definition, SessionSignal } from './input.ts';
import { disconnection } from './disconnections.ts';
import { fewReasons, ourReason, passedOn } from './reasons.ts';
import type { Finding } from './settle.ts';

/** What a report is judged against. */
export interface InstanceView {
  readonly instance: string;
  readonly desired: Definition | undefined;
  /** Whether the desired revision is so new that agents may not have it yet. */
  readonly desiredIsNew: boolean;
  /** Whether this run began less than a report interval ago. */
  readonly runIsNew: boolean;
  readonly signals: readonly SessionSignal[];
  /** When the report came. */
  readonly heardAt: number;
}

const SOON = 7 * 86_400;

/** How an instance is by its last report; undefined while it has just started and nothing has failed yet. */
export function judgeInstance(report: AgentReport, view: InstanceView): Finding | undefined {
  const lanes = { total: 0, ready: 0 };
  for (const route of report.routes) {
    lanes.total += route.lanes.total;
    lanes.ready += route.lanes.ready;
  }
  const reasons = reasonsOf(report, view);
  const open = lanes.ready < lanes.total || report.document.revision === undefined;
  if (open && reasons.length === 0 && view.runIsNew) return undefined;
  if (report.document.revision === undefined)
    reasons.unshift(ourReason('NoDocument', view.instance ? { instance: view.instance } : {}));
  else if (open && reasons.length === 0) reasons.push(...unready(report, view.instance));
  if (reasons.length === 0) return { verdict: 'Healthy', reasons };
  const nothing = report.document.revision === undefined || (lanes.total > 0 && lanes.ready === 0);
  return { verdict: nothing ? 'Unhealthy' : 'Degraded', reasons: fewReasons(reasons) };
}

function reasonsOf(report: AgentReport, view: InstanceView): HealthReason[] {
  return [
    ...revisionReasons(report, view),
    ...report.sessions.flatMap((session) => sessionReasons(session, view)),
    ...report.routes.flatMap((route) => routeReasons(route, view.instance)),
    ...report.credentials.flatMap((credential) => credentialReasons(credential, view)),
    ...instancesReasons(report, view.instance),
  ];
}

function revisionReasons({ document }: AgentReport, { desired, desiredIsNew, instance }: InstanceView): HealthReason[] {
  if (desired === undefined || document.revision === desired.revision) return [];
  if (document.rejected?.revision === desired.revision) {
    const [first] = document.rejected.problems;
    return [ourReason('RevisionRejected', { instance }, first && `${first.rule} ${first.path}: ${first.message}`)];
  }
  if (desiredIsNew || document.revision === undefined) return [];
  return [ourReason('RevisionPending', { instance }, `It runs ${document.revision}, not ${desired.revision}.`)];
}

function sessionReasons(
  { side, clientId, state, fault, clientIdConflict }: AgentReport['sessions'][number],
  { instance, signals }: InstanceView,
): HealthReason[] {
  const place = { instance, side };
  const conflict = clientIdConflict ? [passedOn(clientIdConflict, place)] : [];
  if (state === 'connected') return conflict;
  const signal = side === 'remote' ? signals.find(({ session }) => session === clientId) : undefined;
  return [
    // The service knows why it closed; the edge may only have seen a closed connection.
    ...(signal ? [passedOn(disconnection(signal.reason), place)] : []),
    ...(fault ? [passedOn(fault, place)] : []),
    ...conflict,
  ];
}

function routeReasons(
  { topicMap, route, fault, refusal }: AgentReport['routes'][number],
  instance: string,
): HealthReason[] {
  const place = { instance, route: `${topicMap}/${route}` };
  return [fault, refusal].flatMap((each) => (each ? [passedOn(each, place)] : []));
}

function credentialReasons(
  { side, kind, name, expiresAt, rejected }: AgentReport['credentials'][number],
  { instance, heardAt }: InstanceView,
): HealthReason[] {
  const place = { instance, side };
  // Of the moment of the report, since an agent renews what ends in between.
  const left = expiresAt - heardAt / 1_000;
  const ended = kind === 'certificate' ? 'CertificateEnded' : 'TokenExpired';
  return [
    ...(left <= 0 ? [ourReason(ended, place, `Its name: ${name}.`)] : []),
    ...(left > 0 && left < SOON && kind === 'certificate'
      ? [ourReason('CertificateEndsSoon', place, `Its name: ${name}.`)]
      : []),
    ...(rejected === undefined ? [] : [ourReason('CredentialRejected', place, `${name}: ${rejected}`)]),
  ];
}

function instancesReasons({ instances }: AgentReport, instance: string): HealthReason[] {
  if (instances === undefined || instances.standing === 'joined') return [];
  if (instances.fault) return [passedOn(instances.fault, { instance })];
  return [ourReason('InstancesUnheard', { instance })];
}

function unready(report: AgentReport, instance: string): HealthReason[] {
  const sessions = report.sessions.filter(({ state }) => state !== 'connected');
  if (sessions.length > 0) return sessions.map(({ side }) => ourReason('SessionDown', { instance, side }));
  return report.routes
    .filter(({ lanes }) => lanes.ready < lanes.total)
    .map(({ topicMap, route }) => ourReason('RouteNotReady', { instance, route: `${topicMap}/${route}` }));
}
