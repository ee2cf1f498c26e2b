import type { JsonPatchOperation } from '../../kubernetes/client.ts';
import type { StoredObject } from '../../kubernetes/object.ts';
import type { ConnectorStatus } from '../../shared/resources/status.ts';

/**
 * Steps that take the entries of instances which are no more out of a connector's status. Each tests first that it
 * takes the right one, since agents add theirs at any time.
 * @param count instances there are, or still are while they end.
 */
export function staleInstances(connector: StoredObject, count: number): readonly JsonPatchOperation[] {
  const { instances = [] } = (connector['status'] ?? {}) as ConnectorStatus;
  return instances
    .map(({ instance }, index) => ({ instance, path: `/status/instances/${index}` }))
    .filter(({ instance }) => !isWithin(instance, count))
    .toReversed()
    .flatMap(({ instance, path }) => [
      { op: 'test', path: `${path}/instance`, value: instance },
      { op: 'remove', path },
    ]);
}

/** Instances by another name than a number are no pods of ours: somebody runs an agent by hand. */
function isWithin(instance: string, count: number): boolean {
  return !/^\d+$/.test(instance) || Number(instance) < count;
}

/** Pods of a StatefulSet, those that still end among them. */
export function podsOf(statefulSet: StoredObject | undefined): number {
  const { replicas: wanted = 1 } = (statefulSet?.['spec'] ?? { replicas: 0 }) as { readonly replicas?: number };
  const { replicas: there = 0 } = (statefulSet?.['status'] ?? {}) as { readonly replicas?: number };
  return Math.max(wanted, there);
}
