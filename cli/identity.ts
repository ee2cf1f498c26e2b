import type { IdentityOptions } from '../agent/identity-options.ts';
import type { Environment } from './io.ts';

/** The options of a command that say it. */
export interface IdentityFlags {
  readonly extensionResourceId?: string;
  readonly keyVaultUrl?: string;
}

/** Who the process is to Azure, as options and the environment say; an option goes before its variable. */
export function identityOf(options: IdentityFlags, env: Environment): IdentityOptions {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_FEDERATED_TOKEN_FILE: tokenFilePath } = env;
  // An empty variable is how charts leave one out.
  const extensionResourceId = options.extensionResourceId || env.EXTENSION_ARMID || undefined;
  const federation = tenantId && clientId && tokenFilePath ? { tenantId, clientId, tokenFilePath } : undefined;
  return { extensionResourceId, federation, vaults: { url: options.keyVaultUrl } };
}
