import type { Connector } from '../resources/connector.ts';
import type { Route, TopicMap } from '../resources/topic-map.ts';
import type { LoadedResource } from './load.ts';
import type { Path } from './position.ts';
import type { ConfigResource, ParsedResources } from './resource.ts';

/** A route with the resource it is written in. */
export interface PlacedRoute {
  readonly route: Route;
  readonly map: TopicMap;
  readonly resource: LoadedResource;
  readonly path: Path;
}

/** A valid connector with everything that refers to it. */
export interface Bundle {
  readonly connector: Connector;
  readonly resource: LoadedResource;
  /** Every topic map that names this connector, valid or not. */
  readonly maps: readonly ConfigResource<TopicMap>[];
  /** Routes of the valid ones, in the order of the texts. */
  readonly routes: readonly PlacedRoute[];
}

/** Puts connectors and the maps that refer to them together. */
export function bundlesOf({ connectors, topicMaps }: ParsedResources): Bundle[] {
  return connectors.flatMap((connector) => {
    if (connector.value === undefined) return [];
    const maps = topicMaps.filter((map) => refersTo(map, connector));
    return [{ connector: connector.value, resource: connector.loaded, maps, routes: maps.flatMap(routesOf) }];
  });
}

/** Whether a topic map, valid or not, names a connector. */
export function refersTo(map: ConfigResource<TopicMap>, connector: ConfigResource<Connector>): boolean {
  return (
    connector.name !== undefined && map.namespace === connector.namespace && connectorRefOf(map) === connector.name
  );
}

/** The connector that a topic map names, also when the map is not valid otherwise; undefined when it names none. */
export function connectorRefOf({ loaded }: ConfigResource<TopicMap>): string | undefined {
  const spec = loaded.value.spec as { mqttBridgeConnectorRef?: unknown } | null | undefined;
  return typeof spec?.mqttBridgeConnectorRef === 'string' ? spec.mqttBridgeConnectorRef : undefined;
}

/** The routes of a topic map with their places; none of an invalid one. */
export function routesOf({ value, loaded }: ConfigResource<TopicMap>): PlacedRoute[] {
  return (value?.spec.routes ?? []).map((route, index) => ({
    route,
    map: value as TopicMap,
    resource: loaded,
    path: ['spec', 'routes', index],
  }));
}

/** Where a route is written, for a message; objects of a cluster have no lines. */
export function placeOf({ resource, path }: Pick<PlacedRoute, 'resource' | 'path'>): string {
  const { line } = resource.locate(path);
  return line === 0 ? resource.file : `${resource.file}:${line}`;
}
