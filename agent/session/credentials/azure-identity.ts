import { Agent } from 'node:http';
import { type Dated, openAzureHttp } from './azure-http.ts';
import type { TokenSource } from './token-source.ts';

/** Workload identity federation as its webhook announces it to a pod. */
export interface Federation {
  readonly tenantId: string;
  readonly clientId: string;
  /** Absolute path of the projected service account token. */
  readonly tokenFilePath: string;
}

/** Tokens of the pod's identity: of the federated one where there is one, of the system-assigned one otherwise. */
export async function openAzureIdentity(federation?: Federation, dated?: Dated): Promise<TokenSource> {
  // Loaded only here: an agent that logs on by other means does not pay their memory.
  const { ManagedIdentityCredential, WorkloadIdentityCredential } = await import('@azure/identity');
  const client = await openAzureHttp(dated);
  const agent = new Agent({ keepAlive: false });
  const httpClient: typeof client = {
    sendRequest(request) {
      // A connection that was opened before the Arc sidecar redirected the address goes past it as long as it is kept alive.
      if (request.url.startsWith('http:')) request.agent = agent;
      return client.sendRequest(request);
    },
  };
  // Whoever asks waits and asks again, at a pace of its own.
  const options = { httpClient, retryOptions: { maxRetries: 0 } };
  if (federation === undefined) return new ManagedIdentityCredential(options);
  // The authority comes from the webhook: asking the public cloud about it would need the internet, and trust no more.
  return new WorkloadIdentityCredential({ ...options, ...federation, disableInstanceDiscovery: true });
}
