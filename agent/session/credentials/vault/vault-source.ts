import { isDeepStrictEqual } from 'node:util';
import type { KeyVault } from '../../../../shared/resources/authentication.ts';
import type { MountedFiles } from '../../../config/mounted-files.ts';
import { inTime } from '../in-time.ts';
import type { WallClock } from '../wall-clock.ts';
import { readServicePrincipal, type ServicePrincipal } from './service-principal.ts';
import { retryAfterOf, vaultFault, VaultTimeoutError } from './vault-fault.ts';
import type { VaultMaterial } from './vault-material.ts';
import type { OpenVault, VaultReader } from './vault-reader.ts';

/** What a key vault is read with. */
export interface VaultSourceParts {
  readonly files: MountedFiles;
  readonly open: OpenVault;
  readonly url: string;
  readonly authorityHost?: string | undefined;
  readonly clock: WallClock;
}

/** What a key vault holds now, and which versions that is. */
export interface VaultContent extends VaultMaterial {
  readonly versions: string;
}

/** A certificate and its chain in a key vault. */
export interface VaultSource {
  /** Whether the connector names versions, so that nothing newer can come. */
  readonly fixed: boolean;
  /** Until when the vault wants to be left alone, in milliseconds since 1970. */
  readonly notBefore: () => number;
  /** The newest content, or undefined when it is still that of `known` versions; rejects with CredentialError. */
  read(known: string | undefined): Promise<VaultContent | undefined>;
}

/** For log-on and answer of one call together. */
export const VAULT_CALL_TIMEOUT_MS = 10_000;

/** Remembers where the certificate is; the Secret with the service principal is read anew each time. */
export function createVaultSource(keyVault: KeyVault, parts: VaultSourceParts): VaultSource {
  const { vault, vaultCert, vaultCaChainSecret: chain } = keyVault;
  const { files, clock, url, authorityHost, open } = parts;
  const secretName = vault.credentials.servicePrincipalLocalSecretName;
  const limit = { clock, ms: VAULT_CALL_TIMEOUT_MS, late: () => new VaultTimeoutError() };
  let opened: { readonly by: ServicePrincipal; readonly reader: VaultReader } | undefined;
  let notBefore = 0;

  async function reader(): Promise<VaultReader> {
    const by = await readServicePrincipal(secretName, files);
    if (opened === undefined || !isDeepStrictEqual(opened.by, by)) {
      const { directoryId } = vault;
      opened = { by, reader: await open({ url, directoryId, authorityHost, ...by }) };
    }
    return opened.reader;
  }

  async function call<T>(item: string, ask: (from: VaultReader) => Promise<T>): Promise<T> {
    const from = await reader();
    try {
      return await inTime(ask(from), limit);
    } catch (error) {
      // The next call begins with a new token.
      opened = undefined;
      notBefore = clock.now() + retryAfterOf(error);
      throw vaultFault(error, { keyVault, item });
    }
  }

  return {
    fixed: versionOf(vaultCert) !== undefined && (chain === undefined || versionOf(chain) !== undefined),
    notBefore: () => notBefore,
    async read(known) {
      const { name } = vaultCert;
      const version = versionOf(vaultCert) ?? (await call(name, (from) => from.newestVersion(name)));
      const more = chain && (await call(chain.name, (from) => from.secret(chain.name, versionOf(chain))));
      const versions = (own: string): string => `${own}/${more?.version ?? ''}`;
      if (version !== undefined && versions(version) === known) return undefined;
      const certificate = await call(name, (from) => from.secret(name, version));
      if (versions(certificate.version) === known) return undefined;
      return { certificate, chain: more, versions: versions(certificate.version) };
    },
  };
}

/** The original's examples write `latest` where they mean no version. */
function versionOf({ version }: { readonly version?: string | undefined }): string | undefined {
  return version === 'latest' ? undefined : version;
}
