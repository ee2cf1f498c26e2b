import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { type ClientOptions, createClient } from '../../../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../../../kubernetes/kubeconfig.ts';
import type { Scope } from '../scope.ts';

/** The client that agents and the operator use, for a kubeconfig (YAML with embedded data); closes with the scope. */
export async function openClient(
  scope: Scope,
  kubeconfig: string,
  options: Partial<ClientOptions> = {},
): Promise<KubernetesClient> {
  const access = await kubeconfigAccess({ text: kubeconfig, folder: '/' });
  const client = createClient(access, { userAgent: 'mqttbridge-test/1', ...options });
  scope.onTestFinished(() => client.close());
  return client;
}
