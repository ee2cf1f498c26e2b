import type { KeyVault } from '../resources/authentication.ts';
import type { Adviser } from './situation.ts';

/** A command that mends something about an item of a key vault. */
type VaultFix = (keyVault: KeyVault, item: string) => string;

const show = ({ vault }: KeyVault): string => `az keyvault show --name ${vault.name}`;
const idOf = (keyVault: KeyVault): string => `$(${show(keyVault)} --query id --output tsv)`;

/** A certificate and the secret with its chain are changed by commands of their own. */
function change(verbs: { readonly certificate: string; readonly secret: string }): VaultFix {
  return ({ vault, vaultCert }, item) => {
    const kind = item === vaultCert.name ? 'certificate' : 'secret';
    return `az keyvault ${kind} ${verbs[kind]} --vault-name ${vault.name} --name ${item}`;
  };
}

const replace: VaultFix = (keyVault, item) => {
  const file = item === keyVault.vaultCert.name ? 'client.pem' : 'chain.pem';
  return `${change({ certificate: 'import', secret: 'set' })(keyVault, item)} --file ${file}`;
};

const create: VaultFix = ({ vault }, item) =>
  `az keyvault certificate create --vault-name ${vault.name} --name ${item} --policy @POLICY.json`;

/** What to run when a key vault gives no certificate, by reason; words in capitals are for the operator to fill in. */
export const VAULT_FIXES = {
  VaultUnreachable: (keyVault) => `${show(keyVault)} --query properties.vaultUri`,
  VaultFailed: show,
  VaultThrottled: (keyVault) => `az monitor metrics list --metric ServiceApiHit --resource ${idOf(keyVault)}`,
  VaultLogOnFailed: ({ vault }) =>
    `az login --service-principal --username CLIENT_ID --password VALUE --tenant ${vault.directoryId}`,
  VaultClientSecretRefused: () => 'az ad app credential reset --id CLIENT_ID --append',
  VaultPrincipalUnknown: () => 'az ad sp list --display-name NAME --query [].appId',
  VaultDirectoryWrong: (keyVault) => `${show(keyVault)} --query properties.tenantId`,
  VaultForbidden: (keyVault) =>
    `az role assignment create --role "Key Vault Secrets User" --assignee CLIENT_ID --scope ${idOf(keyVault)}`,
  VaultPolicyDenied: ({ vault }) =>
    `az keyvault set-policy --name ${vault.name} --spn CLIENT_ID --secret-permissions get`,
  VaultFirewallDenied: ({ vault }) => `az keyvault network-rule add --name ${vault.name} --ip-address ADDRESS`,
  VaultItemNotFound: ({ vault }) =>
    `az keyvault secret list --vault-name ${vault.name} --include-managed true --query [].id`,
  VaultItemDisabled: (keyVault, item) =>
    `${change({ certificate: 'set-attributes', secret: 'set-attributes' })(keyVault, item)} --enabled true`,
  VaultKeyNotExportable: create,
  CertificateExpired: replace,
  CertificateInvalid: replace,
  KeyMismatch: replace,
} as const satisfies Readonly<Record<string, VaultFix>>;

/** Reasons that have a command of their own when the certificate is in a key vault. */
export type VaultReason = keyof typeof VAULT_FIXES;

/** The command for a reason, about the certificate unless the message is about the secret with its chain. */
const fixOfVault: Adviser = ({ authentication, fault: { reason, message } }) => {
  if (authentication.kind !== 'x509KeyVault' || message === undefined) return undefined;
  const { keyVault } = authentication;
  const { vaultCert, vaultCaChainSecret: chain } = keyVault;
  const isChain = chain !== undefined && message.includes(`, ${chain.name} `);
  const fix: VaultFix = VAULT_FIXES[reason as VaultReason];
  return { sentence: message, fix: fix(keyVault, isChain ? chain.name : vaultCert.name) };
};

/** What to do when a key vault gives no certificate, by reason. */
export const FROM_VAULT: Readonly<Record<string, Adviser>> = Object.fromEntries(
  Object.keys(VAULT_FIXES).map((reason) => [reason, fixOfVault]),
);
