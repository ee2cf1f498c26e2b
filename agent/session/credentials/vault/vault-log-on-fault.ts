import type { CredentialError } from '../credential-error.ts';
import { codeIn, textOf } from '../identity-fault.ts';
import { vaultError } from './vault-error.ts';
import type { VaultQuestion } from './vault-reader.ts';

/** What it means that Microsoft Entra gave no token for the key vault; of its own words only codes are repeated. */
export function logOnFault(error: unknown, question: VaultQuestion): CredentialError {
  const { name, credentials } = question.keyVault.vault;
  const secret = `Secret ${credentials.servicePrincipalLocalSecretName}`;
  const text = textOf(error);
  const code = codeIn(text);
  const shown = code === undefined ? '' : ` (${code})`;
  // 7000215: wrong, 7000222: ended.
  if (/AADSTS70002(15|22)\b/.test(text)) {
    const what = `Microsoft Entra does not accept the clientsecret in ${secret}${shown}; write a new one into it, made`;
    return vaultError('VaultClientSecretRefused', question, what);
  }
  if (/AADSTS700016\b/.test(text)) {
    const what = `The Microsoft Entra tenant does not know the clientid in ${secret}${shown}; look it up`;
    return vaultError('VaultPrincipalUnknown', question, what);
  }
  if (/AADSTS900(02|23|13|0023)\b|not configured to acquire tokens for tenant/.test(text)) {
    const what = `keyVault.vault.directoryId is not the Microsoft Entra tenant of key vault ${name}${shown}; find that`;
    return vaultError('VaultDirectoryWrong', question, what);
  }
  const what = `Microsoft Entra gave no token for key vault ${name}${shown}; try the log-on`;
  return vaultError('VaultLogOnFailed', question, what);
}
