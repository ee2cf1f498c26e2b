import type { TokenSource } from '../../agent/session/credentials/token-source.ts';
import { openAzureIdentity } from '../../agent/session/credentials/azure-identity.ts';
import type { CheckContext } from './context.ts';

/** An answer of Azure Resource Manager. */
export interface ArmAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** GETs a resource by URL or by its path below the management endpoint; rejects where there is no answer or no token. */
export type ArmGet = (resource: string) => Promise<ArmAnswer>;

/** The API version that has `maximumClientSessionsPerAuthenticationName`; version 14 of the library asks for an older one. */
const API_VERSION = '2025-02-15';

/** Opens Azure Resource Manager for one subscription. */
export type OpenArm = (subscription: string, context: CheckContext) => ArmGet;

/**
 * Loads what reads Azure Resource Manager as whoever is logged on here: by the `az` command line, or else by the managed
 * identity. To be awaited before anything else loads parts of the same libraries.
 */
export async function loadArm(): Promise<OpenArm> {
  // One after the other: Node cannot load a module for `require` while it is loading it for `import`.
  const { AzureCliCredential, ChainedTokenCredential } = await import('@azure/identity');
  const { createPipelineRequest } = await import('@azure/core-rest-pipeline');
  const { EventGridManagementClient } = await import('@azure/arm-eventgrid');
  return (subscription, { wishes, identity, clock, signal, stepTimeoutMs }) => {
    const endpoint = wishes.managementEndpoint.replace(/\/$/, '');
    const open = identity.open ?? (() => openAzureIdentity(identity.federation));
    const person = new AzureCliCredential({ processTimeoutInMs: stepTimeoutMs });
    const client = new EventGridManagementClient(new ChainedTokenCredential(person, credentialOf(open)), subscription, {
      endpoint,
      retryOptions: { maxRetries: 1 },
    });
    return async (resource) => {
      const url = resourceUrl(resource, endpoint);
      const response = await client.sendRequest(
        createPipelineRequest({ url, abortSignal: signal, timeout: stepTimeoutMs }),
      );
      clock.heard('Azure Resource Manager', response.headers.get('date'));
      return { status: response.status, body: parsed(response.bodyAsText) };
    };
  };
}

function resourceUrl(resource: string, endpoint: string): string {
  const url = new URL(resource, endpoint);
  // A link to the next page must not carry our token elsewhere.
  if (url.origin !== new URL(endpoint).origin) throw new Error(`${url.origin} is not the management endpoint`);
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', API_VERSION);
  return url.href;
}

function credentialOf(open: () => Promise<TokenSource>) {
  return {
    async getToken(scopes: string | string[]) {
      const source = await open();
      const answer = await source.getToken([scopes].flat()[0] ?? '');
      return answer && { token: answer.token, expiresOnTimestamp: answer.expiresOnTimestamp };
    },
  };
}

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
