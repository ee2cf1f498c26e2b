import type { KeyVault } from '../../../../shared/resources/authentication.ts';
import type { ClientCertificate } from '../client-certificate.ts';
import type { CredentialError } from '../credential-error.ts';
import { vaultFault } from './vault-fault.ts';
import { certificateExpired, parseVaultMaterial } from './vault-material.ts';
import { createVaultSource, type VaultContent, type VaultSource, type VaultSourceParts } from './vault-source.ts';

/** The newest good certificate that a vault ever answered. */
export interface VaultNewest extends Pick<VaultSource, 'fixed' | 'notBefore'> {
  readonly good: () => ClientCertificate | undefined;
  /** The good one while it has not ended. */
  readonly valid: () => ClientCertificate | undefined;
  /** Asks the vault; rejects with CredentialError unless the newest there is good and valid. */
  update(): Promise<void>;
}

/** What became of one version of the content. */
interface Judgement {
  readonly versions: string;
  readonly fault?: CredentialError;
}

/** Remembers where the certificate is; only new content is parsed. */
export function createVaultNewest(keyVault: KeyVault, parts: VaultSourceParts): VaultNewest {
  const { clock } = parts;
  const question = { keyVault, item: keyVault.vaultCert.name };
  const source = createVaultSource(keyVault, parts);
  let good: ClientCertificate | undefined;
  let judged: Judgement | undefined;

  const isValid = ({ notAfter }: ClientCertificate): boolean => notAfter * 1_000 > clock.now();

  async function judge({ versions, ...material }: VaultContent): Promise<Judgement> {
    try {
      const fresh = await parseVaultMaterial(material, keyVault);
      if (!isValid(fresh)) throw certificateExpired(fresh.notAfter, keyVault);
      good = fresh;
      return { versions };
    } catch (error) {
      return { versions, fault: vaultFault(error, question) };
    }
  }

  return {
    fixed: source.fixed,
    notBefore: source.notBefore,
    good: () => good,
    valid: () => (good !== undefined && isValid(good) ? good : undefined),
    async update() {
      try {
        const content = await source.read(judged?.versions);
        if (content !== undefined) judged = await judge(content);
      } catch (error) {
        throw vaultFault(error, question);
      }
      if (judged?.fault !== undefined) throw judged.fault;
      if (good !== undefined && !isValid(good)) throw certificateExpired(good.notAfter, keyVault);
    },
  };
}
