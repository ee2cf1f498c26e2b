import type { Authentication, KeyVault } from '../../../shared/resources/authentication.ts';
import type { MountedFiles } from '../../config/mounted-files.ts';
import type { TlsMaterial } from '../wire/wire.ts';
import { type Federation, openAzureIdentity } from './azure-identity.ts';
import { type ClientCertificate, parseClientCertificate } from './client-certificate.ts';
import { concealed } from './concealed.ts';
import { CredentialError, readMounted } from './credential-error.ts';
import { type LastGood, createLastGood } from './last-good.ts';
import { createLogOn, type LogOnParts } from './log-on.ts';
import type { LogOn, LogOnSource } from './log-on-source.ts';
import type { ConnectionSpec } from './spec.ts';
import type { OpenTokenSource } from './token-source.ts';
import { parseTrustedCa } from './trusted-ca.ts';
import { openAzureVault } from './vault/azure-vault.ts';
import { createVaultCertificate, type VaultCertificate } from './vault/vault-certificate.ts';
import type { OpenVault } from './vault/vault-reader.ts';
import { DEFAULT_VAULT_PACE, type VaultPace } from './vault/vault-schedule.ts';
import { SYSTEM_WALL_CLOCK, type WallClock } from './wall-clock.ts';

/** Everything one attempt to connect needs besides the endpoint. It prints as `[secret]`. */
export interface ConnectionMaterial extends LogOn {
  /** Absent without TLS. The same object until a certificate changes. */
  readonly tls?: TlsMaterial;
}

/** The client certificate in use. */
export interface CertificateState {
  /** Name of the Secret, or `VAULT/CERTIFICATE`. */
  readonly secret: string;
  /** Seconds since 1970, UTC. */
  readonly notAfter: number;
  /** Why the newest pair is not in use, when it is not, or cannot be had. */
  readonly rejected?: string;
}

/** The credentials of one side of a connector; all its sessions share them. */
export interface Credentials extends Pick<LogOnSource, 'token' | 'follow'> {
  /** To be called before every attempt to connect: reads anew what is mounted. Rejects with CredentialError. */
  load(): Promise<ConnectionMaterial>;
  /** Absent without a client certificate, and as long as there never was a good one. */
  certificate(): CertificateState | undefined;
  /** Ends what goes on between connections; `load` goes on to answer. */
  close(): void;
}

/** Newer content that is not taken, or cannot be had, while the former is used on. */
export interface Rejection {
  readonly source: { readonly kind: 'Secret' | 'ConfigMap' | 'KeyVault'; readonly name: string };
  /** A CredentialReason. */
  readonly reason: string;
  /** One sentence for a person; no secrets. */
  readonly message: string;
}

/** Where tokens of a managed identity come from. */
export interface TokenOptions {
  /** Present where workload identity federation is set up; the system-assigned identity otherwise. */
  readonly federation?: Federation | undefined;
  /** What tokens are dated by; the machine's clock when absent. */
  readonly clock?: WallClock | undefined;
  /** The Azure identity library when absent. */
  readonly open?: OpenTokenSource | undefined;
}

/** Where key vaults are. */
export interface VaultOptions {
  /** URL of a vault, with `{name}` in place of its name; `https://{name}.vault.azure.net` when absent. */
  readonly url?: string | undefined;
  /** URL of Microsoft Entra; AZURE_AUTHORITY_HOST or the public cloud's when absent. */
  readonly authorityHost?: string | undefined;
  readonly pace?: Partial<VaultPace> | undefined;
  /** The Azure key vault libraries when absent. */
  readonly open?: OpenVault | undefined;
}

/** What credentials need from their owner. */
export interface CredentialsDeps {
  readonly files: MountedFiles;
  readonly tokens?: TokenOptions;
  readonly vaults?: VaultOptions | undefined;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Called when a request for the next token fails while the present one is in use. */
  readonly onRenewalFailed?: (error: CredentialError) => void;
  /** Called once per bad change. */
  readonly onRejected?: (rejection: Rejection) => void;
}

const AZURE_VAULT = 'https://{name}.vault.azure.net';

/** Remembers where the credentials of one side are; reads nothing before `load`. */
export function createCredentials(spec: ConnectionSpec, deps: CredentialsDeps): Credentials {
  const { authentication, tlsEnabled } = spec;
  const ca = spec.caConfigMap === undefined ? undefined : trustedCa(spec.caConfigMap, deps);
  const pair = pairOf(authentication, deps);
  const tlsMaterial = createTlsCache();
  const logOn = createLogOn(authentication, logOnParts(deps));

  async function loadTls(): Promise<TlsMaterial> {
    return tlsMaterial(await ca?.load(), await pair?.from.load());
  }

  return {
    async load() {
      if (pair !== undefined && !tlsEnabled) throw tlsRequired(spec);
      const material = await logOn.load();
      return concealed(tlsEnabled ? { tls: await loadTls(), ...material } : material);
    },
    certificate() {
      const current = pair?.from.current();
      if (pair === undefined || current === undefined) return undefined;
      const rejected = pair.from.rejected();
      const state = { secret: pair.name, notAfter: current.notAfter };
      return rejected === undefined ? state : { ...state, rejected };
    },
    token: () => logOn.token(),
    follow: (used, renewed) => logOn.follow(used, renewed),
    close: () => pair?.close(),
  };
}

/** The client certificate of a side. */
interface Pair {
  readonly name: string;
  readonly from: LastGood<ClientCertificate>;
  readonly close: () => void;
}

function pairOf(authentication: Authentication, deps: CredentialsDeps): Pair | undefined {
  switch (authentication.kind) {
    case 'x509': {
      const name = authentication.secretName;
      return { name, from: clientCertificate(name, deps), close: () => undefined };
    }
    case 'x509KeyVault': {
      const { keyVault } = authentication;
      const name = `${keyVault.vault.name}/${keyVault.vaultCert.name}`;
      const from = vaultCertificate(keyVault, name, deps);
      return { name, from, close: () => from.close() };
    }
    case 'anonymous':
    case 'usernamePassword':
    case 'managedIdentity':
    case 'kubernetes':
      return undefined;
  }
}

function vaultCertificate(keyVault: KeyVault, name: string, deps: CredentialsDeps): VaultCertificate {
  const { files, tokens = {}, vaults = {}, random = Math.random, onRejected } = deps;
  const { url = AZURE_VAULT, authorityHost, pace, open = openAzureVault } = vaults;
  return createVaultCertificate(keyVault, {
    files,
    open,
    random,
    authorityHost,
    url: url.replace('{name}', keyVault.vault.name),
    clock: tokens.clock ?? SYSTEM_WALL_CLOCK,
    pace: { ...DEFAULT_VAULT_PACE, ...pace },
    onRejected: ({ reason, message }) => onRejected?.({ source: { kind: 'KeyVault', name }, reason, message }),
  });
}

function logOnParts({ files, tokens = {}, random, onRenewalFailed }: CredentialsDeps): LogOnParts {
  const { federation, clock = SYSTEM_WALL_CLOCK, open = () => openAzureIdentity(federation) } = tokens;
  return {
    files,
    clock,
    open,
    federated: federation !== undefined,
    random: random ?? Math.random,
    onRenewalFailed: (error) => onRenewalFailed?.(error),
  };
}

function trustedCa(name: string, { files, onRejected }: CredentialsDeps): LastGood<readonly string[]> {
  return createLastGood({
    read: () => readMounted(files.readConfigMap(name)),
    parse: (keys) => parseTrustedCa(name, keys),
    onRejected: ({ reason, message }) => onRejected?.({ source: { kind: 'ConfigMap', name }, reason, message }),
  });
}

function clientCertificate(name: string, { files, onRejected }: CredentialsDeps): LastGood<ClientCertificate> {
  return createLastGood({
    read: () => readMounted(files.readSecret(name)),
    parse: (keys) => parseClientCertificate(name, keys),
    onRejected: ({ reason, message }) => onRejected?.({ source: { kind: 'Secret', name }, reason, message }),
  });
}

type TlsCache = (ca: readonly string[] | undefined, pair: ClientCertificate | undefined) => TlsMaterial;

/** The wire builds one TLS context per material object, so unchanged certificates must answer the same object. */
function createTlsCache(): TlsCache {
  let last: { readonly ca: readonly string[] | undefined; readonly pair: ClientCertificate | undefined } | undefined;
  let material: TlsMaterial = {};
  return (ca, pair) => {
    if (last === undefined || last.ca !== ca || last.pair !== pair) {
      last = { ca, pair };
      material = concealed({
        ...(ca === undefined ? {} : { ca }),
        ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }),
      });
    }
    return material;
  };
}

function tlsRequired({ side }: ConnectionSpec): CredentialError {
  const block = `${side}BrokerConnection`;
  return new CredentialError(
    'TlsRequired',
    `${block} logs on with a client certificate, which needs TLS; set ${block}.tls.tlsEnabled to true.`,
  );
}
