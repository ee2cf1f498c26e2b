import type { MountedFiles } from '../../../../../agent/config/mounted-files.ts';
import type { CredentialError } from '../../../../../agent/session/credentials/credential-error.ts';
import { createVaultCertificate } from '../../../../../agent/session/credentials/vault/vault-certificate.ts';
import type {
  VaultAccess,
  VaultReader,
  VaultSecret,
} from '../../../../../agent/session/credentials/vault/vault-reader.ts';
import { DEFAULT_VAULT_PACE } from '../../../../../agent/session/credentials/vault/vault-schedule.ts';
import type { KeyVault } from '../../../../../shared/resources/authentication.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';
import type { Identity } from '../../../../support/certificates.ts';

const KEY_VAULT: KeyVault = {
  vault: { name: 'plant', directoryId: 'tenant', credentials: { servicePrincipalLocalSecretName: 'principal' } },
  vaultCert: { name: 'edge' },
};

/** A certificate from a vault that the test plays, by a clock that the test advances from the present on. */
export function createFakeVault(more: Partial<KeyVault> = {}) {
  const clock = createManualClock();
  clock.advance(Date.now());
  const rejections: CredentialError[] = [];
  const opened: VaultAccess[] = [];
  const calls: string[] = [];
  const secret = new Map([
    ['clientid', Buffer.from('id')],
    ['clientsecret', Buffer.from('one')],
  ]);
  const fake = {
    clock,
    rejections,
    opened,
    calls,
    /** What the Secret of the service principal holds. */
    secret,
    current: { value: '', contentType: undefined, version: 'v0' } as VaultSecret,
    /** Called instead of an answer. */
    answer: undefined as (() => Promise<never>) | undefined,
    put(version: string, { chain, key }: Pick<Identity, 'chain' | 'key'>): void {
      fake.current = { value: key + chain, contentType: undefined, version };
    },
  };
  const reader: VaultReader = {
    newestVersion(name) {
      calls.push(`newest ${name}`);
      return fake.answer?.() ?? Promise.resolve(fake.current.version);
    },
    secret(name, version) {
      calls.push(`secret ${name} ${version}`);
      return fake.answer?.() ?? Promise.resolve(fake.current);
    },
  };
  const certificate = createVaultCertificate(
    { ...KEY_VAULT, ...more },
    {
      files: { readSecret: async () => secret } as unknown as MountedFiles,
      open: async (access) => {
        opened.push(access);
        return reader;
      },
      url: 'https://plant.vault.azure.net',
      clock,
      pace: DEFAULT_VAULT_PACE,
      random: () => 0.5,
      onRejected: (error) => void rejections.push(error),
    },
  );
  return { ...fake, fake, certificate };
}
