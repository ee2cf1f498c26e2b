import type { HttpClient } from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { type Dated, openAzureHttp } from '../azure-http.ts';
import { type VaultAccess, VaultLogOnError, type VaultReader } from './vault-reader.ts';

/** Reads a key vault of Azure, as the service principal that has this client secret. */
export async function openAzureVault(access: VaultAccess, dated?: Dated): Promise<VaultReader> {
  // Loaded only here: an agent that logs on by other means does not pay their memory.
  const { CertificateClient } = await import('@azure/keyvault-certificates');
  const { SecretClient } = await import('@azure/keyvault-secrets');
  // Whoever asks asks again, at a pace of its own.
  const transport = { httpClient: await openAzureHttp(dated), retryOptions: { maxRetries: 0 } };
  const credential = await servicePrincipal(access, transport);
  // A vault tells for which service it wants a token, and the library checks that the vault belongs to it. A vault on
  // this machine belongs to none, and nobody on the network can pretend to be on this machine.
  const options = { ...transport, disableChallengeResourceVerification: isLoopback(access.url) };
  const secrets = new SecretClient(access.url, credential, options);
  const certificates = new CertificateClient(access.url, credential, options);
  let secretsOnly = false;
  return {
    async newestVersion(name) {
      if (secretsOnly) return undefined;
      try {
        return (await certificates.getCertificate(name)).properties.version;
      } catch (error) {
        const status = statusOf(error);
        if (status !== 403 && status !== 404) throw error;
        secretsOnly = status === 403;
        return undefined;
      }
    },
    async secret(name, version) {
      const { value = '', properties } = await secrets.getSecret(name, version === undefined ? {} : { version });
      return { value, contentType: properties.contentType, version: properties.version ?? '' };
    },
  };
}

interface Transport {
  readonly httpClient: HttpClient;
  readonly retryOptions: { readonly maxRetries: number };
}

async function servicePrincipal(access: VaultAccess, transport: Transport): Promise<TokenCredential> {
  const { ClientSecretCredential } = await import('@azure/identity');
  const { directoryId, clientId, clientSecret, authorityHost } = access;
  const inner = new ClientSecretCredential(directoryId, clientId, clientSecret, {
    ...transport,
    ...(authorityHost === undefined ? {} : { authorityHost }),
    // The authority comes from whoever started the agent: asking the public cloud about it would trust no more.
    disableInstanceDiscovery: true,
  });
  return {
    async getToken(scopes, request) {
      try {
        return await inner.getToken(scopes, request);
      } catch (cause) {
        throw new VaultLogOnError('no token', { cause });
      }
    },
  };
}

function isLoopback(url: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(new URL(url).hostname);
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
