import { X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createEntraEndpoint } from '../../local/identity/entra.ts';
import { createTokenIssuer } from '../../local/identity/issuer.ts';
import { type IdentityServer, startIdentityServer } from '../../local/identity/server.ts';
import { createVault, type Vault, type VaultItem } from '../../local/vault/vault.ts';
import type { KeyVault } from '../../shared/resources/authentication.ts';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import type { Scope } from './scope.ts';

/** A key vault with the Microsoft Entra that gives tokens for it, on one HTTPS address. */
export interface VaultServer {
  readonly vault: Vault;
  readonly server: IdentityServer;
  /** PEM of the CA that its certificate is from. */
  readonly ca: string;
  readonly tenantId: string;
  /** What the mounted Secret of the service principal holds. */
  readonly principal: Readonly<Record<'clientid' | 'clientsecret', string>>;
  /** All tokens it gave. */
  readonly tokens: readonly string[];
  /** Changes the client secret that is good. */
  readonly setSecret: (secret: string) => void;
}

/** How a vault under test differs. */
export interface VaultServerOptions {
  readonly certificatesAllowed?: boolean;
  readonly clientSecret?: string;
  readonly tenantId?: string;
  /** Tenant that the vault says it belongs to. */
  readonly vaultTenantId?: string;
  readonly lifetimeSeconds?: number;
}

let authority: Promise<Authority> | undefined;

/** Starts a vault that ends with the scope; TLS connections of this process trust it from then on. */
export async function startVault(scope: Scope, options: VaultServerOptions = {}): Promise<VaultServer> {
  authority ??= trusted();
  const { certificate: ca, issue } = await authority;
  const { key, chain: cert } = await issue();
  const { clientSecret = 'a-client-secret', tenantId = '11111111-2222-3333-4444-555555555555' } = options;
  const clientId = '22222222-3333-4444-5555-666666666666';
  const secrets = new Map([[clientId, clientSecret]]);
  const signer = await createTokenIssuer({ lifetimeSeconds: options.lifetimeSeconds ?? 3_600 });
  const tokens: string[] = [];
  const issuer: typeof signer = {
    ...signer,
    async issue(audience) {
      const issued = await signer.issue(audience);
      tokens.push(issued.token);
      return issued;
    },
  };
  const { certificatesAllowed = true, vaultTenantId = tenantId } = options;
  const vault = createVault({ issuer, tenantId: vaultTenantId, certificatesAllowed });
  const endpoints = [createEntraEndpoint({ tenantId, secrets }), vault.endpoint];
  const server = await startIdentityServer({ issuer, endpoints, tls: { key, cert } });
  scope.onTestFinished(() => server.close());
  return {
    vault,
    server,
    ca,
    tenantId,
    tokens,
    principal: { clientid: clientId, clientsecret: clientSecret },
    setSecret: (secret) => void secrets.set(clientId, secret),
  };
}

/** The fields of a connector that name a certificate in the vault, and the Secret `principal`. */
export function keyVaultOf({ tenantId }: VaultServer, more: Partial<KeyVault> = {}): KeyVault {
  return {
    vault: { name: 'plant', directoryId: tenantId, credentials: { servicePrincipalLocalSecretName: 'principal' } },
    vaultCert: { name: 'edge' },
    ...more,
  };
}

/** A certificate as the vault keeps it in PEM: the key comes first there. */
export function pemItem({ chain, key }: Pick<Identity, 'chain' | 'key'>): VaultItem {
  const certificate = new X509Certificate(chain).raw;
  return { value: key + chain, contentType: 'application/x-pem-file', certificate };
}

async function trusted(): Promise<Authority> {
  const made = await createAuthority('Vault root');
  setDefaultCACertificates([...getCACertificates('default'), made.certificate]);
  return made;
}
