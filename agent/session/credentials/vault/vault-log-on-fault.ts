import { CredentialError } from '../credential-error.ts';
import { codeIn, textOf } from '../identity-fault.ts';
import type { VaultQuestion } from './vault-reader.ts';

/** What it means that Microsoft Entra gave no token for the key vault; of its own words only codes are repeated. */
export function logOnFault(error: unknown, { vault, secretName }: VaultQuestion): CredentialError {
  const text = textOf(error);
  const code = codeIn(text);
  const shown = code === undefined ? '' : ` (${code})`;
  // 7000215: wrong, 7000222: ended.
  if (/AADSTS70002(15|22)\b/.test(text)) {
    return new CredentialError(
      'VaultClientSecretRefused',
      `Microsoft Entra does not accept the clientsecret of Secret ${secretName}${shown}; make a new one with az ad app credential reset --id CLIENT_ID --append, and write it into the Secret.`,
    );
  }
  if (/AADSTS700016\b/.test(text)) {
    return new CredentialError(
      'VaultPrincipalUnknown',
      `The Microsoft Entra tenant does not know the clientid of Secret ${secretName}${shown}; look it up with az ad sp list --display-name NAME --query [].appId.`,
    );
  }
  if (/AADSTS900(02|23|13|0023)\b|not configured to acquire tokens for tenant/.test(text)) {
    return new CredentialError(
      'VaultDirectoryWrong',
      `keyVault.vault.directoryId is not the Microsoft Entra tenant of key vault ${vault}${shown}; set it to what az keyvault show --name ${vault} --query properties.tenantId prints.`,
    );
  }
  return new CredentialError(
    'VaultLogOnFailed',
    `Microsoft Entra gave no token for key vault ${vault}${shown}; try it with az login --service-principal --username CLIENT_ID --password VALUE --tenant DIRECTORY_ID.`,
  );
}
