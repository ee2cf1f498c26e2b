import { createHash } from 'node:crypto';
import type { AgentReport } from '../../../shared/api/report.ts';
import type { Problem } from '../../../shared/problem.ts';
import { judgeReadiness } from '../../observe/readiness.ts';
import { redactText } from '../../observe/redact.ts';
import type { AgentSnapshot, FaultSnapshot, RouteSnapshot, SessionSnapshot } from '../../observe/snapshot.ts';
import type { DocumentState } from '../remote/ledger.ts';

/** What a report says besides the state of the agent. */
export interface ReportHead {
  readonly run: string;
  readonly sequence: number;
  readonly tag: string | undefined;
  readonly intervalSeconds: number;
  /** Digest of the last report that was answered. */
  readonly answered: string | undefined;
  readonly document: DocumentState;
}

/** A report ready to be sent. */
export interface BuiltReport {
  readonly text: string;
  /** `stateDigest` of it. */
  readonly digest: string;
}

type Session = AgentReport['sessions'][number];
type Route = AgentReport['routes'][number];
type State = Pick<
  AgentReport,
  'version' | 'startedAt' | 'ready' | 'sessions' | 'routes' | 'credentials' | 'instances' | 'document' | 'omitted'
>;

// The limits of the schema, written out: a report is made every second, and the schema is for those who read it.
const MAX_SESSIONS = 500;
const MAX_ROUTES = 1_000;
const MAX_PROBLEMS = 50;
const MAX_CREDENTIALS = 100;
const MAX_SLOTS = 1_000;
const MAX_TEXT = 1_000;
/** The control plane takes 1 MiB; the rest is for what is beside the lists. */
const MAX_BYTES = 900 * 1024;

/** Puts a report together: bounded as the control plane wants it, redacted as /status is. */
export function buildReport(snapshot: AgentSnapshot, head: ReportHead): BuiltReport {
  const { run, sequence, tag, intervalSeconds, answered, document } = head;
  const digest = stateDigest(snapshot, document);
  for (let share = 1; ; share /= 2) {
    const report: AgentReport = {
      apiVersion: 'mqttbridge/v1',
      kind: 'AgentReport',
      run,
      sequence,
      ...(tag === undefined ? {} : { tag }),
      intervalSeconds,
      changed: digest !== answered,
      ...stateOf(snapshot, document, share),
    };
    const text = JSON.stringify(report);
    // Long texts in every entry of long lists: fewer entries then, and their number.
    if (Buffer.byteLength(text) <= MAX_BYTES || share < 0.01) return { text, digest };
  }
}

/**
 * What of the state is worth a report of its own: neither counters nor each attempt of a session that stays down, and
 * reasons without their sentences, in which numbers may change.
 */
export function stateDigest(snapshot: AgentSnapshot, document: DocumentState): string {
  const { sessions, routes, certificates, tokens, instances } = snapshot;
  const state = [
    document.revision,
    document.rejected?.revision,
    judgeReadiness(snapshot).ready,
    sessions.map(({ key, clientId, endpoint, state, since, fault, clientIdConflict }) => [
      [key, clientId, endpoint, state === 'connected' ? since : '', fault?.reason, clientIdConflict?.reason],
    ]),
    routes.map(({ topicMap, route, lanes, fault, refusal }) => [
      topicMap,
      route,
      lanes,
      fault?.reason,
      refusal?.reason,
    ]),
    certificates.map(({ side, notAfter, rejected }) => [side, notAfter, rejected !== undefined]),
    tokens.map(({ side, expiresAt, rejected }) => [side, expiresAt, rejected !== undefined]),
    instances && [instances.standing, instances.slots, instances.total, instances.fault?.reason],
    // Whoever has another document may have a newer one: the next answer brings it, a whole interval sooner.
    instances?.peers.some(({ alive, agrees }) => alive && !agrees),
  ];
  return createHash('sha256').update(JSON.stringify(state)).digest('base64');
}

function stateOf(snapshot: AgentSnapshot, document: DocumentState, share: number): State {
  const { version, startedAt, sessions, routes, instances } = snapshot;
  const shownSessions = sessions.slice(0, Math.ceil(MAX_SESSIONS * share));
  const shownRoutes = routes.slice(0, Math.ceil(MAX_ROUTES * share));
  const omitted = { sessions: sessions.length - shownSessions.length, routes: routes.length - shownRoutes.length };
  return {
    version: version.slice(0, 64),
    startedAt,
    document: documentOf(document),
    ready: judgeReadiness(snapshot).ready,
    sessions: shownSessions.map(sessionOf),
    routes: shownRoutes.map(routeOf),
    credentials: credentialsOf(snapshot),
    ...(instances && { instances: instancesOf(instances) }),
    ...(omitted.sessions + omitted.routes > 0 ? { omitted } : {}),
  };
}

function documentOf({ rejected, ...document }: DocumentState): AgentReport['document'] {
  if (rejected === undefined) return document;
  return { ...document, rejected: { ...rejected, problems: rejected.problems.slice(0, MAX_PROBLEMS).map(problemOf) } };
}

function problemOf({ rule, severity, file, line, column, path, message, advice }: Problem) {
  return {
    rule: rule.slice(0, 16),
    severity,
    file: shown(file, 500),
    line,
    column,
    path: shown(path, 500),
    message: shown(message),
    advice: shown(advice),
  };
}

function sessionOf({ key, side, clientId, endpoint, state, since, fault, clientIdConflict }: SessionSnapshot): Session {
  return {
    key: key.slice(0, 500),
    side,
    clientId: clientId.slice(0, 256),
    endpoint: endpoint.slice(0, 300),
    state,
    since,
    ...(fault && { fault: faultOf(fault) }),
    ...(clientIdConflict && { clientIdConflict: faultOf(clientIdConflict) }),
  };
}

function routeOf({ topicMap, route, direction, lanes, fault, refusal, counters }: RouteSnapshot): Route {
  const { received, forwarded, dropped, inflight } = counters;
  return {
    topicMap,
    route: route.slice(0, 253),
    direction,
    lanes: { ...lanes },
    ...(fault && { fault: faultOf(fault) }),
    ...(refusal && { refusal: faultOf(refusal) }),
    received,
    forwarded,
    dropped: { ...dropped },
    inflight,
  };
}

function faultOf({ reason, message, fix, reasonCode }: FaultSnapshot) {
  return {
    reason: reason.slice(0, 64),
    message: shown(message),
    ...(fix === undefined ? {} : { fix: shown(fix) }),
    ...(reasonCode === undefined ? {} : { reasonCode }),
  };
}

function credentialsOf({ certificates, tokens }: AgentSnapshot): AgentReport['credentials'] {
  const rest = (rejected: string | undefined) => (rejected === undefined ? {} : { rejected: shown(rejected) });
  return [
    ...certificates.map(({ side, secret, notAfter, rejected }) => ({
      side,
      kind: 'certificate' as const,
      name: secret.slice(0, 253),
      expiresAt: notAfter,
      ...rest(rejected),
    })),
    ...tokens.map(({ side, method, expiresAt, rejected }) => ({
      side,
      kind: 'token' as const,
      name: method.slice(0, 253),
      expiresAt,
      ...rest(rejected),
    })),
  ].slice(0, MAX_CREDENTIALS);
}

function instancesOf({ standing, slots, total, fault }: NonNullable<AgentSnapshot['instances']>) {
  return { standing, slots: slots.slice(0, MAX_SLOTS), total, ...(fault && { fault: faultOf(fault) }) };
}

/** Redaction lets a text grow by a mark of its own. */
function shown(text: string, longest = MAX_TEXT): string {
  return redactText(text).slice(0, longest);
}
