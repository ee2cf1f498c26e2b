import type {
  AgentSnapshot,
  ApiServerSnapshot,
  ControlPlaneSnapshot,
  RouteCounts,
  RouteSnapshot,
  SessionSnapshot,
} from '../../../../agent/observe/snapshot.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A session that is connected, unless said otherwise. */
export function sessionOf(changes: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return {
    key: 'local/gateway-up',
    side: 'local',
    clientId: 'gateway-up',
    endpoint: 'localhost:1883',
    state: 'connected',
    since: '2026-01-01T00:00:00.000Z',
    epoch: 1,
    inflightMessages: 0,
    inflightBytes: 0,
    waitingMessages: 0,
    oldestSeconds: 0,
    windowMessages: 100,
    windowBytes: 1_048_576,
    connects: { Success: 1 },
    disconnects: {},
    sessionLost: 0,
    strayAcks: 0,
    ...changes,
  };
}

/** Counters of a route that forwarded 7 of 10 messages. */
export function countsOf(changes: Partial<RouteCounts> = {}): RouteCounts {
  return {
    received: 10,
    receivedBytes: 1_000,
    forwarded: 7,
    forwardedBytes: 700,
    dropped: { NotAuthorized: 2 },
    inflight: 1,
    redelivered: 0,
    retried: {},
    qosLowered: 0,
    retainCleared: 0,
    latency: { bounds: BOUNDS, counts: [3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1], sum: 12.5 },
    ...changes,
  };
}

/** A route whose only lane is ready. */
export function routeOf(changes: Partial<RouteSnapshot> = {}): RouteSnapshot {
  return {
    topicMap: 'map',
    route: 'up',
    direction: 'local-to-remote',
    qos: 1,
    source: 'telemetry/#',
    lanes: { total: 1, ready: 1 },
    counters: countsOf(),
    ...changes,
  };
}

/** An agent with one route that runs. */
export function snapshotOf(changes: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    connector: 'bridge',
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    config: { revision: 'r1', appliedAt: '2026-01-01T00:00:00.000Z', generation: 1, rejectedTotal: 0 },
    sessions: [sessionOf(), sessionOf({ key: 'remote/gateway-up', side: 'remote', endpoint: 'example.net:8883' })],
    routes: [routeOf()],
    certificates: [],
    tokens: [],
    ...changes,
  };
}

/** A control plane that answers. */
export function controlPlaneOf(changes: Partial<ControlPlaneSnapshot> = {}): ControlPlaneSnapshot {
  return {
    url: 'https://bridges.example.net',
    site: 'plant-1',
    up: true,
    since: '2026-01-01T00:00:00.000Z',
    intervalSeconds: 30,
    revision: 'r7',
    documentFrom: 'controlPlane',
    answeredAt: '2026-01-01T00:01:00.000Z',
    clockOffsetSeconds: -3,
    reports: { Answered: 5, ControlPlaneTimeout: 1 },
    ...changes,
  };
}

/** An API server whose objects are followed. */
export function apiServerOf(changes: Partial<ApiServerSnapshot> = {}): ApiServerSnapshot {
  return {
    url: 'https://10.0.0.1:443',
    namespace: 'plant',
    up: true,
    since: '2026-01-01T00:00:00.000Z',
    generation: 4,
    documentFrom: 'apiServer',
    statusWrites: { Written: 2, ApiServerForbidden: 1 },
    ...changes,
  };
}
