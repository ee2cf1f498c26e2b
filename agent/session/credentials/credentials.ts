import type { MountedFiles } from '../../config/mounted-files.ts';
import type { TlsMaterial } from '../wire/wire.ts';
import { type ClientCertificate, parseClientCertificate } from './client-certificate.ts';
import { concealed } from './concealed.ts';
import { CredentialError, readMounted } from './credential-error.ts';
import { type LastGood, createLastGood } from './last-good.ts';
import { readLogOn } from './log-on.ts';
import type { ConnectionSpec } from './spec.ts';
import { parseTrustedCa } from './trusted-ca.ts';

/** Everything one attempt to connect needs besides the endpoint. It prints as `[secret]`. */
export interface ConnectionMaterial {
  /** Absent without TLS. The same object until a certificate changes. */
  readonly tls?: TlsMaterial;
  readonly username?: string;
  readonly password?: Buffer;
  /** MQTT 5 enhanced authentication (4.12). */
  readonly enhanced?: { readonly method: string; readonly data: Buffer };
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
export interface Credentials {
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

/** What credentials need from their owner. */
export interface CredentialsDeps {
  readonly files: MountedFiles;
  /** Called once per bad change. */
  readonly onRejected?: (rejection: Rejection) => void;
}

/** Remembers where the credentials of one side are; reads nothing before `load`. */
export function createCredentials(spec: ConnectionSpec, deps: CredentialsDeps): Credentials {
  const { authentication, tlsEnabled } = spec;
  const ca = spec.caConfigMap === undefined ? undefined : trustedCa(spec.caConfigMap, deps);
  const pair = authentication.kind === 'x509' ? clientCertificate(authentication.secretName, deps) : undefined;
  const tlsMaterial = createTlsCache();

  async function loadTls(): Promise<TlsMaterial> {
    return tlsMaterial(await ca?.load(), await pair?.load());
  }

  return {
    async load() {
      if (pair !== undefined && !tlsEnabled) throw tlsRequired(spec);
      const logOn = await readLogOn(authentication, deps.files);
      return concealed(tlsEnabled ? { tls: await loadTls(), ...logOn } : logOn);
    },
    certificate() {
      const current = pair?.current();
      if (current === undefined || authentication.kind !== 'x509') return undefined;
      const rejected = pair?.rejected();
      const state = { secret: authentication.secretName, notAfter: current.notAfter };
      return rejected === undefined ? state : { ...state, rejected };
    },
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
