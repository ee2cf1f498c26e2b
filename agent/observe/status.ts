import type { Problem } from '../../shared/problem.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import { judgeReadiness } from './readiness.ts';
import { redactText } from './redact.ts';
import type {
  AgentSnapshot,
  ApiServerSnapshot,
  ControlPlaneSnapshot,
  FaultSnapshot,
  InstancesSnapshot,
  RouteSnapshot,
  SessionSnapshot,
} from './snapshot.ts';
import type { AgentStatus } from './status-schema.ts';

const MAX_SESSIONS = 2_000;
const MAX_ROUTES = 2_000;
const MAX_PROBLEMS = 50;
const MAX_PEERS = 100;

/** The document at `/status`; lists and texts are bounded, and texts that a broker or a file wrote are redacted. */
export function statusOf(snapshot: AgentSnapshot): AgentStatus {
  const readiness = judgeReadiness(snapshot);
  const problems = snapshot.config.rejected?.problems ?? [];
  return {
    // Written out and not imported: the schema would bring zod into a process that only writes this document.
    apiVersion: 'mqttbridge/v1',
    kind: 'AgentStatus',
    connector: snapshot.connector,
    version: snapshot.version,
    startedAt: snapshot.startedAt,
    ready: readiness.ready,
    checks: readiness.checks.map((check) => ({ ...check })),
    conditions: conditionsOf(snapshot).map(conditionOf),
    config: configOf(snapshot.config),
    sessions: snapshot.sessions.slice(0, MAX_SESSIONS).map(sessionOf),
    routes: snapshot.routes.slice(0, MAX_ROUTES).map(routeOf),
    certificates: snapshot.certificates.map(withRedactedText),
    tokens: snapshot.tokens.map(withRedactedText),
    ...(snapshot.instances && { instances: instancesOf(snapshot.instances) }),
    ...(snapshot.controlPlane && { controlPlane: controlPlaneOf(snapshot.controlPlane) }),
    ...(snapshot.apiServer && { apiServer: apiServerOf(snapshot.apiServer) }),
    omitted: {
      sessions: excess(snapshot.sessions, MAX_SESSIONS),
      routes: excess(snapshot.routes, MAX_ROUTES),
      problems: excess(problems, MAX_PROBLEMS),
    },
  };
}

function instancesOf({ fault, slots, peers, ...rest }: InstancesSnapshot): AgentStatus['instances'] {
  return {
    ...rest,
    slots: [...slots],
    peers: peers.slice(0, MAX_PEERS).map((peer) => ({ ...peer, slots: [...peer.slots] })),
    ...(fault && { fault: faultOf(fault) }),
  };
}

function controlPlaneOf({ fault, reports, ...rest }: ControlPlaneSnapshot): AgentStatus['controlPlane'] {
  return { ...rest, reports: { ...reports }, ...(fault && { fault: faultOf(fault) }) };
}

function apiServerOf({ fault, statusWrites, ...rest }: ApiServerSnapshot): AgentStatus['apiServer'] {
  return { ...rest, statusWrites: { ...statusWrites }, ...(fault && { fault: faultOf(fault) }) };
}

function configOf(config: AgentSnapshot['config']): AgentStatus['config'] {
  const { rejected, ...rest } = config;
  if (rejected === undefined) return rest;
  return { ...rest, rejected: { ...rejected, problems: rejected.problems.slice(0, MAX_PROBLEMS).map(problemOf) } };
}

function problemOf(problem: Problem): Problem {
  return { ...problem, message: redactText(problem.message), advice: redactText(problem.advice) };
}

function sessionOf(session: SessionSnapshot): AgentStatus['sessions'][number] {
  const { fault, clientIdConflict, ...rest } = session;
  return {
    ...rest,
    ...(fault === undefined ? {} : { fault: faultOf(fault) }),
    ...(clientIdConflict === undefined ? {} : { clientIdConflict: faultOf(clientIdConflict) }),
  };
}

function routeOf(route: RouteSnapshot): AgentStatus['routes'][number] {
  const { fault, refusal, counters, ...rest } = route;
  const latency = { ...counters.latency, bounds: [...counters.latency.bounds], counts: [...counters.latency.counts] };
  return {
    ...rest,
    ...(fault === undefined ? {} : { fault: faultOf(fault) }),
    ...(refusal === undefined ? {} : { refusal: faultOf(refusal) }),
    counters: { ...counters, latency },
  };
}

function faultOf(fault: FaultSnapshot): FaultSnapshot {
  const { fix } = fault;
  return { ...fault, message: redactText(fault.message), ...(fix === undefined ? {} : { fix: redactText(fix) }) };
}

function conditionOf({ type, status, fault, sessions }: Condition): AgentStatus['conditions'][number] {
  return { type, status, ...faultOf(fault), sessions: sessions.slice(0, MAX_SESSIONS) };
}

function withRedactedText<T extends { readonly rejected?: string }>(entry: T): T {
  return entry.rejected === undefined ? entry : { ...entry, rejected: redactText(entry.rejected) };
}

function excess(list: readonly unknown[], limit: number): number {
  return Math.max(0, list.length - limit);
}
