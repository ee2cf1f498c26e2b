import { resourcesOf } from '../../shared/config/objects.ts';
import { validateLoaded } from '../../shared/config/validate.ts';
import type { StoredObject } from '../../kubernetes/object.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { Problem } from '../../shared/problem.ts';
import { type Obstacle, obstaclesOf } from '../render/obstacles.ts';

/** A connector, there or not, and all topic maps of its namespace that name it. */
export interface Bundle {
  readonly namespace: string;
  /** What the topic maps name; empty for maps that name nothing. */
  readonly name: string;
  /** Absent where there is none, or one that is being deleted. */
  readonly connector: StoredObject | undefined;
  /** None that is being deleted. */
  readonly topicMaps: readonly StoredObject[];
  /** Other namespaces that have a connector of this name. */
  readonly elsewhere: readonly string[];
}

/** What is to be said of a connector and of each of its topic maps. */
export interface BundleJudgement {
  readonly namespace: string;
  readonly name: string;
  /** Absent where there is no connector. */
  readonly connector: ConnectorJudgement | undefined;
  /** By name of the topic map, in the order of names. */
  readonly topicMaps: ReadonlyMap<string, TopicMapJudgement>;
  /** Names of topic maps with errors. */
  readonly faulty: readonly string[];
  /** Other namespaces that have a connector of this name. */
  readonly elsewhere: readonly string[];
}

/** What validation says of a connector, together with its topic maps. */
export interface ConnectorJudgement {
  readonly generation: number;
  /** `spec.bridgeInstances`; 1 where that is no number. */
  readonly instances: number;
  /** What agents run; absent while the connector or one of its topic maps has an error. */
  readonly document: ConnectorDocument | undefined;
  /** Of the connector itself, warnings among them. */
  readonly problems: readonly Problem[];
  /** Why no pods can be made of it, although it is valid. */
  readonly obstacles: readonly Obstacle[];
  /** Of all topic maps, of those with errors too. */
  readonly routes: RouteCount;
}

/** What validation says of a topic map. */
export interface TopicMapJudgement {
  readonly generation: number;
  /** Of the topic map itself, warnings among them. */
  readonly problems: readonly Problem[];
  readonly routes: RouteCount;
}

/** How many routes there are. */
export interface RouteCount {
  readonly total: number;
  /** Those for which agents have something to do; a share number of 0 makes no client. */
  readonly running: number;
}

/** Judges a connector and its topic maps by the rules that its agents judge them by. */
export function judgeBundle({ namespace, name, connector, topicMaps, elsewhere }: Bundle): BundleJudgement {
  const loaded = resourcesOf(connector === undefined ? topicMaps : [connector, ...topicMaps]);
  const { problems, connectors } = validateLoaded(loaded);
  const byFile = Map.groupBy(problems, ({ file }) => file);
  const found = loaded.resources.map(({ file }) => byFile.get(file) ?? []);
  const own = connector === undefined ? [] : (found.shift() ?? []);
  const maps = new Map(topicMaps.map((map, index) => [map.metadata.name, judgeTopicMap(map, found[index] ?? [])]));
  const faulty = [...maps].flatMap(([map, judged]) => (hasError(judged.problems) ? [map] : []));
  const judged = connector && judgeConnector(connector, own, connectors[0], sumOf(maps.values()));
  return { namespace, name, connector: judged, topicMaps: maps, faulty, elsewhere };
}

function judgeConnector(
  object: StoredObject,
  problems: readonly Problem[],
  document: ConnectorDocument | undefined,
  routes: RouteCount,
): ConnectorJudgement {
  const { bridgeInstances } = (object.spec ?? {}) as { bridgeInstances?: unknown };
  return {
    generation: generationOf(object),
    instances: typeof bridgeInstances === 'number' ? bridgeInstances : 1,
    document,
    problems,
    obstacles: document === undefined ? [] : obstaclesOf(document.connector),
    routes,
  };
}

function judgeTopicMap(object: StoredObject, problems: readonly Problem[]): TopicMapJudgement {
  // Whether the connector exists is a condition of its own.
  const own = problems.filter(({ rule }) => rule !== 'XR001');
  return { generation: generationOf(object), problems: own, routes: routesIn(object) };
}

function routesIn({ spec }: StoredObject): RouteCount {
  const { routes } = (spec ?? {}) as { routes?: unknown };
  if (!Array.isArray(routes)) return { total: 0, running: 0 };
  return { total: routes.length, running: routes.filter((route) => !isWithoutClients(route)).length };
}

function isWithoutClients(route: unknown): boolean {
  const { sharedSubscription } = (route ?? {}) as { sharedSubscription?: { groupMinimumShareNumber?: unknown } };
  return sharedSubscription?.groupMinimumShareNumber === 0;
}

function sumOf(maps: Iterable<TopicMapJudgement>): RouteCount {
  let [total, running] = [0, 0];
  for (const { routes } of maps) {
    total += routes.total;
    running += routes.running;
  }
  return { total, running };
}

function hasError(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

function generationOf({ metadata }: StoredObject): number {
  return metadata.generation ?? 0;
}
