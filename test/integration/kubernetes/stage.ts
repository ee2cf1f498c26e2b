import { openCluster } from '../../support/kubernetes/cluster.ts';
import type { PlainClient } from '../../support/kubernetes/plain-client.ts';
import type { Scope } from '../../support/scope.ts';

/** The type of a server-side apply. */
export const APPLY = 'application/apply-patch+yaml';
/** The type of RFC 7386. */
export const MERGE = 'application/merge-patch+json';

/** Where a test of the API server plays. */
export interface Stage {
  readonly client: PlainClient;
  /** A name for an object. */
  readonly name: string;
  readonly namespace: string;
  /** Addresses of their collections. */
  readonly configMaps: string;
  readonly connectors: string;
}

/** Opens a namespace. */
export async function stage(scope: Scope): Promise<Stage> {
  const { admin: client, namespace } = await openCluster(scope);
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const connectors = `/apis/mq.iotoperations.azure.com/v1beta1/namespaces/${namespace}/mqttbridgeconnectors`;
  return { client, name: 'conformance', namespace, configMaps, connectors };
}
