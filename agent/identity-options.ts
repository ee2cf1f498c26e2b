import type { TokenOptions, VaultOptions } from './session/credentials/credentials.ts';

/** Who this process is to Azure, and how it finds out. */
export interface IdentityOptions extends TokenOptions {
  /** ARM resource ID of the Azure Arc extension: the root of client IDs with a managed identity. */
  readonly extensionResourceId?: string | undefined;
  /** Where key vaults are; those of the public cloud when absent. */
  readonly vaults?: VaultOptions | undefined;
}
