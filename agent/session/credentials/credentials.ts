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
import { SYSTEM_WALL_CLOCK, type WallClock } from './wall-clock.ts';

/** Everything one attempt to connect needs besides the endpoint. It prints as `[secret]`. */
export interface ConnectionMaterial extends LogOn {
  /** Absent without TLS. The same object until a certificate changes. */
  readonly tls?: TlsMaterial;
}

/** The client certificate in use. */
export interface CertificateState {
  readonly secret: string;
  /** Seconds since 1970, UTC. */
  readonly notAfter: number;
  /** Why the newest pair on disk is not in use, when it is not. */
  readonly rejected?: string;
}

/** The credentials of one side of a connector; all its sessions share them. */
export interface Credentials extends Pick<LogOnSource, 'token' | 'follow'> {
  /** To be called before every attempt to connect: reads anew what is mounted. Rejects with CredentialError. */
  load(): Promise<ConnectionMaterial>;
  /** Absent without a client certificate, and as long as there never was a good one. */
  certificate(): CertificateState | undefined;
}

/** A changed Secret or ConfigMap that is not taken while the former content is used on. */
export interface Rejection {
  readonly source: { readonly kind: 'Secret' | 'ConfigMap'; readonly name: string };
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

/** What credentials need from their owner. */
export interface CredentialsDeps {
  readonly files: MountedFiles;
  readonly tokens?: TokenOptions;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Called when a request for the next token fails while the present one is in use. */
  readonly onRenewalFailed?: (error: CredentialError) => void;
  /** Called once per bad change. */
  readonly onRejected?: (rejection: Rejection) => void;
}

/** Remembers where the credentials of one side are; reads nothing before `load`. */
export function createCredentials(spec: ConnectionSpec, deps: CredentialsDeps): Credentials {
  const { authentication, tlsEnabled } = spec;
  const ca = spec.caConfigMap === undefined ? undefined : trustedCa(spec.caConfigMap, deps);
  const pair = authentication.kind === 'x509' ? clientCertificate(authentication.secretName, deps) : undefined;
  const tlsMaterial = createTlsCache();
  const logOn = createLogOn(authentication, logOnParts(deps));

  async function loadTls(): Promise<TlsMaterial> {
    return tlsMaterial(await ca?.load(), await pair?.load());
  }

  return {
    async load() {
      if (pair !== undefined && !tlsEnabled) throw tlsRequired(spec);
      const material = await logOn.load();
      return concealed(tlsEnabled ? { tls: await loadTls(), ...material } : material);
    },
    certificate() {
      const current = pair?.current();
      if (current === undefined || authentication.kind !== 'x509') return undefined;
      const rejected = pair?.rejected();
      const state = { secret: authentication.secretName, notAfter: current.notAfter };
      return rejected === undefined ? state : { ...state, rejected };
    },
    token: () => logOn.token(),
    follow: (used, renewed) => logOn.follow(used, renewed),
  };
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
