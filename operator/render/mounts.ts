import { type Authentication, authenticationOf } from '../../shared/resources/authentication.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import type { Volume, VolumeClaim, VolumeMount } from './kubernetes.ts';
import type { Definition, RenderOptions } from './options.ts';

/** Root of the folders of Secrets; each is one folder by its name. */
export const SECRETS_DIR = '/var/run/mqttbridge/secrets';
/** Root of the folders of ConfigMaps. */
export const CONFIGMAPS_DIR = '/var/run/mqttbridge/configmaps';
/** Folder of the key for the control plane. */
export const CONTROL_PLANE_KEY_DIR = '/var/run/mqttbridge/control-plane';
/** Folder of the last good definition. */
export const DATA_DIR = '/var/lib/mqttbridge';

/** Readable by the group that the kubelet gives the files to, by nobody else. */
const READABLE = 0o440;
const DAY_S = 86_400;
/** Azure IoT MQ knows the user name `$sat`, its successor enhanced authentication; each has an audience of its own. */
const AUDIENCES = { username: 'aio-mq', enhanced: 'aio-internal' } as const;

/** A volume and where it appears. */
interface Mounted {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

/** Everything a pod of this connector sees as files. */
export interface Mounts {
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
  readonly volumeClaims: readonly VolumeClaim[];
}

/** All volumes and mounts, always in the same order; each path and each name once. */
export function mountsOf(connector: Connector, options: RenderOptions): Mounts {
  const { secrets, configMaps } = namedObjects(connector);
  const mounted = [
    scratch('tmp', '/tmp', '64Mi'),
    ...secrets.map((name, index) => secret(`secret-${index}`, name, `${SECRETS_DIR}/${name}`)),
    ...configMaps.map((name, index) => configMap(`configmap-${index}`, name)),
    ...localToken(connector, options.localToken),
    ...controlPlaneKey(options.definition),
  ];
  const data = dataOf(options.definition);
  return {
    volumes: [...mounted.map(({ volume }) => volume), ...data.volumes],
    volumeMounts: [...mounted.map(({ mount }) => mount), { name: 'data', mountPath: DATA_DIR }],
    volumeClaims: data.volumeClaims,
  };
}

/** Names of the Secrets and ConfigMaps that an agent of this connector looks for, sorted, each once. */
export function namedObjects(connector: Connector): { secrets: readonly string[]; configMaps: readonly string[] } {
  const { localBrokerConnection: local, remoteBrokerConnection: remote } = connector.spec;
  return {
    secrets: distinct([
      secretOf(authenticationOf(connector, 'local')),
      secretOf(authenticationOf(connector, 'remote')),
    ]),
    configMaps: distinct([local.tls.trustedCaCertificateConfigMap, remote.tls.trustedCaCertificateConfigMap]),
  };
}

function secretOf(authentication: Authentication): string | undefined {
  switch (authentication.kind) {
    case 'usernamePassword':
    case 'x509':
      return authentication.secretName;
    case 'x509KeyVault':
      return authentication.keyVault.vault.credentials.servicePrincipalLocalSecretName;
    case 'anonymous':
    case 'kubernetes':
    case 'managedIdentity':
      return undefined;
  }
}

function distinct(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

// Optional: a pod starts without it, its agent says which one is missing, and the kubelet brings it when it appears.
function secret(volume: string, name: string, mountPath: string): Mounted {
  return {
    volume: { name: volume, secret: { secretName: name, optional: true, defaultMode: READABLE } },
    mount: { name: volume, mountPath, readOnly: true },
  };
}

function configMap(volume: string, name: string): Mounted {
  return {
    volume: { name: volume, configMap: { name, optional: true, defaultMode: READABLE } },
    mount: { name: volume, mountPath: `${CONFIGMAPS_DIR}/${name}`, readOnly: true },
  };
}

function scratch(name: string, mountPath: string, sizeLimit: string): Mounted {
  return { volume: { name, emptyDir: { sizeLimit } }, mount: { name, mountPath } };
}

function localToken(connector: Connector, { audience, expirationSeconds = DAY_S }: RenderOptions['localToken'] = {}) {
  const method = authenticationOf(connector, 'local');
  if (method.kind !== 'kubernetes') return [];
  const name = 'local-broker-token';
  const serviceAccountToken = {
    audience: audience ?? AUDIENCES[method.method],
    expirationSeconds,
    path: method.serviceAccountTokenName,
  };
  const volume = { name, projected: { defaultMode: READABLE, sources: [{ serviceAccountToken }] } };
  return [{ volume, mount: { name, mountPath: method.secretPath, readOnly: true } }] as const;
}

function controlPlaneKey(definition: Definition): readonly Mounted[] {
  if (definition.kind === 'kubernetes' || definition.logOn.kind === 'identity') return [];
  return [secret('control-plane-key', definition.logOn.secretName, CONTROL_PLANE_KEY_DIR)];
}

function dataOf({ storage }: Definition): Pick<Mounts, 'volumes' | 'volumeClaims'> {
  if (storage === undefined) return { volumes: [scratch('data', DATA_DIR, '64Mi').volume], volumeClaims: [] };
  const { size, storageClassName } = storage;
  const spec = {
    accessModes: ['ReadWriteOnce'] as const,
    ...(storageClassName === undefined ? {} : { storageClassName }),
    resources: { requests: { storage: size } },
  };
  return { volumes: [], volumeClaims: [{ metadata: { name: 'data' }, spec }] };
}
