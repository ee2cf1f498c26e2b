import type { HealthReason } from '../api/health.ts';
import type { AgentReport } from '../api/report.ts';
import type { Definition, SessionSignal } from './input.ts';
import { disconnection } from './disconnections.ts';
import { isOpen } from './evidence.ts';
import { fewReasons, ourReason, passedOn } from './reasons.ts';
import type { Finding } from './settle.ts';

/** What a report is judged against. */
export interface InstanceView {
  readonly instance: string;
  readonly desired: Definition | undefined;
  /** Whether the desired revision is so new that agents may not have it yet. */
  readonly desiredIsNew: boolean;
  /** Whether what is not ready yet may take some more time: it is so for less than a report interval. */
  readonly opensStill: boolean;
  readonly signals: readonly SessionSignal[];
  /** When the report came. */
  readonly heardAt: number;
}

const SOON = 7 * 86_400;

/** How an instance is by its last report; undefined while something is not ready yet and nothing has failed. */
export function judgeInstance(report: AgentReport, view: InstanceView): Finding | undefined {
  const { instance } = view;
  const failed = reasonsOf(report, view);
  const open = isOpen(report);
  if (open && failed.length === 0 && view.opensStill) return undefined;
  const hasNoDocument = report.document.revision === undefined;
  const reasons = [
    ...(hasNoDocument ? [ourReason('NoDocument', { instance })] : []),
    ...failed,
    ...(open && !view.opensStill ? unheard(report, instance) : []),
  ];
  if (open && reasons.length === 0) reasons.push(...unready(report, instance));
  if (reasons.length === 0) return { verdict: 'Healthy', reasons };
  return { verdict: hasNoDocument || passesNothing(report) ? 'Unhealthy' : 'Degraded', reasons: fewReasons(reasons) };
}

function passesNothing({ routes }: AgentReport): boolean {
  return routes.some(({ lanes }) => lanes.total > 0) && routes.every(({ lanes }) => lanes.ready === 0);
}

function reasonsOf(report: AgentReport, view: InstanceView): HealthReason[] {
  return [
    ...revisionReasons(report, view),
    ...report.sessions.flatMap((session) => sessionReasons(session, view)),
    ...report.routes.flatMap((route) => routeReasons(route, view.instance)),
    ...report.credentials.flatMap((credential) => credentialReasons(credential, view)),
    ...(report.instances?.fault ? [passedOn(report.instances.fault, { instance: view.instance })] : []),
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

function unheard({ instances }: AgentReport, instance: string): HealthReason[] {
  if (instances === undefined || instances.standing === 'joined' || instances.fault) return [];
  return [ourReason('InstancesUnheard', { instance })];
}

function unready(report: AgentReport, instance: string): HealthReason[] {
  const sessions = report.sessions.filter(({ state }) => state !== 'connected');
  if (sessions.length > 0) return sessions.map(({ side }) => ourReason('SessionDown', { instance, side }));
  return report.routes
    .filter(({ lanes }) => lanes.ready < lanes.total)
    .map(({ topicMap, route }) => ourReason('RouteNotReady', { instance, route: `${topicMap}/${route}` }));
}
