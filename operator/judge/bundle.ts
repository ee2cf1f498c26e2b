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
  /** Routes of all topic maps, of those with errors too. */
  readonly routes: number;
}

/** What validation says of a topic map. */
export interface TopicMapJudgement {
  readonly generation: number;
  /** Of the topic map itself, warnings among them. */
  readonly problems: readonly Problem[];
  /** Number of routes that are written in it. */
  readonly routes: number;
}

/** Judges a connector and its topic maps by the rules that its agents judge them by. */
export function judgeBundle({ namespace, name, connector, topicMaps, elsewhere }: Bundle): BundleJudgement {
  const objects = connector === undefined ? topicMaps : [connector, ...topicMaps];
  const loaded = resourcesOf(objects);
  const { problems, connectors } = validateLoaded(loaded);
  const byFile = Map.groupBy(problems, ({ file }) => file);
  const found = loaded.resources.map(({ file }) => byFile.get(file) ?? []);
  const maps = new Map<string, TopicMapJudgement>();
  const own = connector === undefined ? [] : (found.shift() ?? []);
  for (const [index, map] of topicMaps.entries()) {
    // Whether the connector exists is a condition of its own.
    const mapProblems = (found[index] ?? []).filter(({ rule }) => rule !== 'XR001');
    maps.set(map.metadata.name, { generation: generationOf(map), problems: mapProblems, routes: routesIn(map) });
  }
  const judged = connector && judgeConnector(connector, own, connectors[0]);
  const routes = [...maps.values()].reduce((sum, map) => sum + map.routes, 0);
  return { namespace, name, connector: judged && { ...judged, routes }, topicMaps: maps, elsewhere };
}

function judgeConnector(
  object: StoredObject,
  problems: readonly Problem[],
  document: ConnectorDocument | undefined,
): Omit<ConnectorJudgement, 'routes'> {
  const { bridgeInstances } = (object.spec ?? {}) as { bridgeInstances?: unknown };
  return {
    generation: generationOf(object),
    instances: typeof bridgeInstances === 'number' ? bridgeInstances : 1,
    document,
    problems,
    obstacles: document === undefined ? [] : obstaclesOf(document.connector),
  };
}

/** Which connector a topic map names; empty when it names none. */
export function connectorNameIn({ spec }: StoredObject): string {
  const { mqttBridgeConnectorRef: name } = (spec ?? {}) as { mqttBridgeConnectorRef?: unknown };
  return typeof name === 'string' ? name : '';
}

function routesIn({ spec }: StoredObject): number {
  const { routes } = (spec ?? {}) as { routes?: unknown };
  return Array.isArray(routes) ? routes.length : 0;
}

function generationOf({ metadata }: StoredObject): number {
  return metadata.generation ?? 0;
}
