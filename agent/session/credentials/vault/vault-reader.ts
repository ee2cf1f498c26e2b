import type { KeyVault } from '../../../../shared/resources/authentication.ts';

/** A secret as a key vault holds it. */
export interface VaultSecret {
  readonly value: string;
  /** `application/x-pem-file` or `application/x-pkcs12` for that of a certificate. */
  readonly contentType: string | undefined;
  readonly version: string;
}

/** Reads one key vault. Both methods reject with whatever the library rejects with, or with VaultLogOnError. */
export interface VaultReader {
  /**
   * Newest version of a certificate, without its key; undefined where the service principal may read secrets only, or
   * where there is only a secret of this name.
   */
  newestVersion(certificate: string): Promise<string | undefined>;
  /** A secret, the newest version unless told; a certificate's key and chain are the secret of its name. */
  secret(name: string, version?: string): Promise<VaultSecret>;
}

/** Where a key vault is, and who reads it. */
export interface VaultAccess {
  /** Such as `https://my-vault.vault.azure.net`. */
  readonly url: string;
  /** Microsoft Entra tenant. */
  readonly directoryId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of Microsoft Entra; AZURE_AUTHORITY_HOST or the public cloud's when absent. */
  readonly authorityHost?: string | undefined;
}

/** Opens a reader that shares no token with an earlier one. */
export type OpenVault = (access: VaultAccess) => Promise<VaultReader>;

/** Microsoft Entra gave no token for the key vault; `cause` is what the library says. */
export class VaultLogOnError extends Error {
  override readonly name = 'VaultLogOnError';
}

/** What was asked for, as far as a message can use it. */
export interface VaultQuestion {
  readonly keyVault: KeyVault;
  /** Name of the certificate or secret. */
  readonly item: string;
}
