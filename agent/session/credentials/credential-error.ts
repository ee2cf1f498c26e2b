import { MountedFileError, type MountedFileReason } from '../../config/mounted-files.ts';

/** Why there are no credentials to connect with. */
export type CredentialReason =
  | MountedFileReason
  | 'SecretKeyMissing'
  | 'SecretInvalid'
  | 'CertificateInvalid'
  | 'KeyMismatch'
  | 'CaInvalid'
  | 'TokenEmpty'
  | 'TokenInvalid'
  | 'TokenTooLong'
  | 'TokenExpired'
  | 'TokenTimeout'
  | 'TokenAudienceRefused'
  | 'TokenFailed'
  | 'IdentityUnreachable'
  | 'TlsRequired'
  | 'CertificateExpired'
  | 'VaultUnreachable'
  | 'VaultFailed'
  | 'VaultThrottled'
  | 'VaultLogOnFailed'
  | 'VaultClientSecretRefused'
  | 'VaultPrincipalUnknown'
  | 'VaultDirectoryWrong'
  | 'VaultForbidden'
  | 'VaultPolicyDenied'
  | 'VaultFirewallDenied'
  | 'VaultItemNotFound'
  | 'VaultItemDisabled'
  | 'VaultKeyNotExportable';

/**
 * A connection cannot be attempted with what is mounted now. Another attempt reads everything anew, so it is worth a retry.
 * The message says what to change and holds no byte of a secret; there is no `cause`, because one might.
 */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly reason: CredentialReason;

  constructor(reason: CredentialReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Runs a read of mounted files and rejects with CredentialError where it fails. */
export async function readMounted<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    throw error instanceof MountedFileError ? new CredentialError(error.reason, error.message) : error;
  }
}
