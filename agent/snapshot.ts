import type { Side } from '../shared/plan/types.ts';
import type { Bridge } from './bridge.ts';
import type { Cluster } from './cluster/cluster.ts';
import { snapshotCounters } from './forward/counters.ts';
import type {
  AgentSnapshot,
  CertificateSnapshot,
  ConfigSnapshot,
  OriginSnapshot,
  RouteSnapshot,
  TokenSnapshot,
} from './observe/snapshot.ts';
import type { RunningLane } from './running.ts';

/** What an agent's snapshot is taken from. */
export interface SnapshotParts extends OriginSnapshot {
  readonly connector: string;
  readonly version: string;
  readonly startedAt: string;
  readonly config: ConfigSnapshot;
  readonly bridge: Bridge;
  readonly cluster: Cluster;
  /** The date of a time in monotonic milliseconds, ISO 8601. */
  readonly wallAt: (monotonic: number) => string;
  /** Milliseconds since 1970. */
  readonly wallNow: number;
}

const SIDES: readonly Side[] = ['local', 'remote'];

/** Everything the agent says of itself at this moment. */
export function snapshotAgent({ bridge, cluster, wallAt, wallNow, ...parts }: SnapshotParts): AgentSnapshot {
  const instances = cluster.snapshot();
  return {
    ...parts,
    ...(instances && { instances }),
    sessions: bridge.sessions.map((session) => session.snapshot(wallAt)),
    routes: routesOf(bridge),
    certificates: SIDES.flatMap((side) => certificateOf(bridge, side, wallNow)),
    tokens: SIDES.flatMap((side) => tokenOf(bridge, side, wallNow)),
  };
}

function routesOf(bridge: Bridge): RouteSnapshot[] {
  const routes = new Map<string, RunningLane[]>();
  for (const lane of bridge.lanes) {
    const key = `${lane.plan.topicMap}/${lane.plan.route.name}`;
    const same = routes.get(key);
    if (same) same.push(lane);
    else routes.set(key, [lane]);
  }
  return [...routes.values()].map((lanes) => routeSnapshot(bridge, lanes));
}

function routeSnapshot(bridge: Bridge, lanes: readonly RunningLane[]): RouteSnapshot {
  const { topicMap, route } = lanes[0].plan;
  const fault = lanes.find(({ lane }) => lane.fault)?.lane.fault;
  const refusal = lanes.find(({ lane }) => lane.refusal)?.lane.refusal?.fault;
  return {
    topicMap,
    route: route.name,
    direction: route.direction,
    qos: route.qos,
    source: route.source,
    ...(route.target === undefined ? {} : { target: route.target }),
    lanes: { total: lanes.length, ready: lanes.filter((lane) => bridge.isReady(lane)).length },
    ...(fault && { fault }),
    ...(refusal && { refusal }),
    counters: snapshotCounters(bridge.countersOf(topicMap, route.name)),
  };
}

function certificateOf(bridge: Bridge, side: Side, wallNow: number): CertificateSnapshot[] {
  const certificate = bridge.credentials?.[side].certificate();
  return certificate ? [{ side, ...certificate, daysLeft: left(certificate.notAfter, wallNow, 86_400) }] : [];
}

function tokenOf(bridge: Bridge, side: Side, wallNow: number): TokenSnapshot[] {
  const token = bridge.credentials?.[side].token();
  return token ? [{ side, ...token, minutesLeft: left(token.expiresAt, wallNow, 60) }] : [];
}

/** What is left until a moment, rounded down to a tenth of the unit. */
function left(ends: number, wallNow: number, unitSeconds: number): number {
  return Math.floor(((ends - wallNow / 1_000) / unitSeconds) * 10) / 10;
}
