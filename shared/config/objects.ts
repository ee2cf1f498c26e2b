import type { LoadResult, LoadedResource } from './load.ts';

/** What tells an object of a cluster from others. */
interface ClusterObject {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** Objects of a cluster as resources; a problem's file is `kind/namespace/name`, and its line and column mean nothing. */
export function resourcesOf(objects: readonly ClusterObject[]): LoadResult {
  return { problems: [], resources: objects.map(resourceOf) };
}

function resourceOf(object: ClusterObject): LoadedResource {
  const { kind, metadata } = object;
  return {
    file: `${kind}/${metadata.namespace}/${metadata.name}`,
    value: { ...object },
    locate: () => ({ line: 1, column: 1 }),
    problems: [],
  };
}
