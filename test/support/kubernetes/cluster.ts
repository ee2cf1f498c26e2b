import type { Scope } from '../scope.ts';
import { startApiServer } from './api-server/index.ts';
import { type PlainClient, plainClient } from './plain-client.ts';

/** A cluster that has the custom resource definitions, and a namespace in it that no other test has. */
export interface TestCluster {
  readonly namespace: string;
  /** YAML, of an administrator. */
  readonly kubeconfig: string;
  readonly admin: PlainClient;
  /** YAML, with the rights of a service account of the namespace, which exists. */
  readonly kubeconfigFor: (serviceAccount: string) => Promise<string>;
}

/** Opens the API server double. */
export async function openCluster(scope: Scope): Promise<TestCluster> {
  const server = await startApiServer(scope);
  const namespace = 'default';
  return {
    namespace,
    kubeconfig: server.kubeconfig(),
    admin: plainClient(server.kubeconfig()),
    kubeconfigFor: async (serviceAccount) => server.kubeconfig(server.tokenFor(namespace, serviceAccount)),
  };
}
