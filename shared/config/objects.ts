import type { LoadResult, LoadedResource } from './load.ts';

/** What of an object of a cluster is looked at. */
interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly [field: string]: unknown;
}

/**
 * Objects of a cluster as resources. A problem's file is `kind/namespace/name`, its line and column are 0. Status and all
 * that the API server keeps in the metadata is none of their concern.
 */
export function resourcesOf(objects: readonly ClusterObject[]): LoadResult {
  return { problems: [], resources: objects.map(resourceOf) };
}

function resourceOf(object: ClusterObject): LoadedResource {
  const { apiVersion, kind, spec } = object;
  const { namespace, name } = object.metadata;
  return {
    file: `${kind}/${namespace}/${name}`,
    value: { apiVersion, kind, metadata: { name, namespace }, spec },
    locate: () => ({ line: 0, column: 0 }),
    problems: [],
  };
}

/** The connector that a topic map names, whatever else is wrong with it; empty when it names none. */
export function connectorNameIn({ spec }: Readonly<Record<string, unknown>>): string {
  const { mqttBridgeConnectorRef: name } = (spec ?? {}) as { readonly mqttBridgeConnectorRef?: unknown };
  return typeof name === 'string' ? name : '';
}
