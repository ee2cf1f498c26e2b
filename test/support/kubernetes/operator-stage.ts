import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type ObjectKind, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { OWNED_KINDS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import type { StatusCondition } from '../../../shared/resources/status.ts';
import type { SentResource } from '../resources.ts';
import type { Scope } from '../scope.ts';
import { inNamespace, objectsOf, openClient } from './operator.ts';

/** A namespace, and hands to change what is in it. */
export interface OperatorStage {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly client: KubernetesClient;
  /** Applies a connector or topic map as its author does. */
  readonly put: (resource: SentResource) => Promise<StoredObject>;
  readonly remove: (kind: ObjectKind, name: string) => Promise<void>;
  readonly get: (kind: ObjectKind, name: string) => Promise<StoredObject | undefined>;
  /** Every object of the kinds that the operator applies which has this name. */
  readonly workload: (name: string) => Promise<readonly StoredObject[]>;
  readonly statefulSet: (name: string) => Promise<StoredObject | undefined>;
  /** A condition of a connector or topic map. */
  readonly condition: (kind: ObjectKind, name: string, type: string) => Promise<StatusCondition | undefined>;
}

/** Opens the hands for a namespace. */
export async function operatorStage(
  scope: Scope,
  at: { readonly kubeconfig: string; readonly namespace: string; readonly client?: KubernetesClient },
): Promise<OperatorStage> {
  const { kubeconfig, namespace } = at;
  const client = at.client ?? (await openClient(scope, kubeconfig));
  const get = (kind: ObjectKind, name: string) => client.get(kind, { namespace, name });
  return {
    kubeconfig,
    namespace,
    client,
    get,
    put: async (resource) =>
      await client.apply(
        resource.kind === 'MqttBridgeConnector' ? CONNECTORS : TOPIC_MAPS,
        inNamespace(resource, namespace),
        { manager: 'author', force: true },
      ),
    remove: async (kind, name) => void (await client.remove(kind, { namespace, name })),
    async workload(name) {
      const objects = await objectsOf(client, OWNED_KINDS, namespace);
      return objects.filter(({ metadata }) => metadata.name === name);
    },
    statefulSet: (name) => get(STATEFUL_SETS, name),
    async condition(kind, name, type) {
      const { status } = ((await get(kind, name)) ?? {}) as { status?: { conditions?: readonly StatusCondition[] } };
      return status?.conditions?.find((condition) => condition.type === type);
    },
  };
}
