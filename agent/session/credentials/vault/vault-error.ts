import { VAULT_FIXES, type VaultReason } from '../../../../shared/advice/key-vault.ts';
import { CredentialError } from '../credential-error.ts';
import type { VaultQuestion } from './vault-reader.ts';

/** The error of a reason: what is wrong, what to do, and the command to do it with, in one sentence. */
export function vaultError(reason: VaultReason, question: VaultQuestion, what: string): CredentialError {
  const { keyVault, item } = question;
  return new CredentialError(reason, `${what} with ${VAULT_FIXES[reason](keyVault, item)}.`);
}
