import type { AgentSnapshot, RouteCounts, RouteSnapshot } from '../../agent/observe/snapshot.ts';
import { addLatencies } from './latency.ts';

/** What instances that share a connector say of themselves, as one; undefined when none says anything. */
export function mergeInstances(instances: readonly AgentSnapshot[]): AgentSnapshot | undefined {
  const [first] = instances;
  if (first === undefined) return undefined;
  const routes = Map.groupBy(
    instances.flatMap((instance) => instance.routes),
    ({ topicMap, route }) => `${topicMap}/${route}`,
  );
  return {
    ...first,
    sessions: instances.flatMap((instance) => instance.sessions),
    routes: [...routes.values()].map(mergeRoute).toSorted(upwardsFirst),
    certificates: instances.flatMap((instance) => instance.certificates),
    tokens: instances.flatMap((instance) => instance.tokens),
  };
}

function mergeRoute(parts: readonly RouteSnapshot[]): RouteSnapshot {
  const sum = (value: (part: RouteSnapshot) => number): number => parts.reduce((total, part) => total + value(part), 0);
  const fault = parts.find((part) => part.fault !== undefined)?.fault;
  return {
    ...parts[0],
    ...(fault === undefined ? {} : { fault }),
    lanes: { total: sum(({ lanes }) => lanes.total), ready: sum(({ lanes }) => lanes.ready) },
    counters: mergeCounts(parts.map(({ counters }) => counters)),
  };
}

function mergeCounts(all: readonly RouteCounts[]): RouteCounts {
  const sum = (value: (counts: RouteCounts) => number): number =>
    all.reduce((total, counts) => total + value(counts), 0);
  return {
    received: sum((counts) => counts.received),
    receivedBytes: sum((counts) => counts.receivedBytes),
    forwarded: sum((counts) => counts.forwarded),
    forwardedBytes: sum((counts) => counts.forwardedBytes),
    dropped: addByName(all.map((counts) => counts.dropped)),
    inflight: sum((counts) => counts.inflight),
    redelivered: sum((counts) => counts.redelivered),
    retried: addByName(all.map((counts) => counts.retried)),
    qosLowered: sum((counts) => counts.qosLowered),
    retainCleared: sum((counts) => counts.retainCleared),
    latency: addLatencies(all.map((counts) => counts.latency)),
  };
}

function addByName(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of all.flatMap((counts) => Object.entries(counts))) total[name] = (total[name] ?? 0) + count;
  return total;
}

// The instances name their routes in orders of their own; a table whose lines jump cannot be read.
function upwardsFirst(a: RouteSnapshot, b: RouteSnapshot): number {
  if (a.direction !== b.direction) return a.direction === 'local-to-remote' ? -1 : 1;
  return a.route < b.route ? -1 : 1;
}
