import { createFolderSource } from '../agent/config/folder-source.ts';
import { loadConfig } from '../agent/config/load.ts';
import type { ConfigSource } from '../agent/config/source.ts';
import { type Logger, type LogLevel, parseLogLevel } from '../agent/observe/logger.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';
import type { ConfigOrigin, ControlPlaneOrigin, KubernetesOrigin } from './config-origin.ts';
import { identityOf } from './identity.ts';
import type { Io } from './io.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';
import { packageVersion } from './version.ts';

/** What a source needs of the agent it is for. */
export interface SourceParts {
  readonly logger: Logger;
  readonly snapshot: () => AgentSnapshot;
}

/** A way to configurations. */
export interface OpenedConfig {
  /** Until the first document is in force. */
  readonly logLevel: LogLevel;
  createSource(parts: SourceParts): ConfigSource;
}

/** Who asks. */
export interface Asking {
  readonly instance?: number;
  readonly io: Io;
}

/** Undefined, and the problems on standard error, when there are files that cannot be started with. */
export async function openConfig(origin: ConfigOrigin, asking: Asking): Promise<OpenedConfig | undefined> {
  switch (origin.kind) {
    case 'files':
      return openFiles(origin, asking);
    case 'controlPlane':
      return openControlPlane(origin, asking);
    case 'kubernetes':
      return openKubernetes(origin, asking);
  }
}

async function openFiles(
  location: Extract<ConfigOrigin, { kind: 'files' }>,
  { io }: Asking,
): Promise<OpenedConfig | undefined> {
  const { update, problems } = await loadConfig(location);
  io.stderr.write(problemsText(problems));
  if (update.kind === 'rejected') return undefined;
  const logLevel = parseLogLevel(update.document.connector.spec.logLevel);
  return { logLevel, createSource: () => createFolderSource(location) };
}

// Loaded only here: an agent with files does not pay the memory of what it would report with.
async function openControlPlane(origin: ControlPlaneOrigin, { instance, io }: Asking): Promise<OpenedConfig> {
  const { createControlPlaneSource } = await import('../agent/config/control-plane/source.ts');
  const credentials = await openCredentials(origin, io);
  const { url, site, connector, dataDir } = origin;
  const wallClock = (): number => io.wallClock().getTime();
  const about = { url, site, connector, instance, dataDir, credentials, version: packageVersion(), wallClock };
  return { logLevel: 'info', createSource: (parts) => createControlPlaneSource({ ...about, ...parts }) };
}

async function openKubernetes(origin: KubernetesOrigin, { instance, io }: Asking): Promise<OpenedConfig> {
  const { createKubernetesSource } = await import('../agent/config/kubernetes/source.ts');
  const { createClient } = await import('../kubernetes/http-client.ts');
  const access = await openAccess(origin, io);
  const { connector, dataDir, namespace = access.namespace ?? 'default' } = origin;
  const client = createClient(access, { userAgent: `mqttbridge-agent/${packageVersion()}` });
  const wallClock = (): number => io.wallClock().getTime();
  const about = { client, origin: access.server.origin, namespace, connector, instance, dataDir, wallClock };
  return { logLevel: 'info', createSource: (parts) => createKubernetesSource({ ...about, ...parts }) };
}

async function openAccess({ kubeconfig }: KubernetesOrigin, { env }: Io) {
  const { AccessError, openClusterAccess } = await import('../kubernetes/access.ts');
  const open = async () => {
    if (kubeconfig === undefined) {
      return openClusterAccess({ host: env.KUBERNETES_SERVICE_HOST, port: env.KUBERNETES_SERVICE_PORT });
    }
    const { kubeconfigAccess } = await import('../kubernetes/kubeconfig.ts');
    return kubeconfigAccess({ path: kubeconfig });
  };
  return open().catch((error: unknown) => {
    if (!(error instanceof AccessError)) throw error;
    throw new UsageError(error.message, 'run it in a pod with a service account, or give --kubeconfig FILE');
  });
}

async function openCredentials({ logOn }: ControlPlaneOrigin, { env }: Io) {
  const { createIdentityCredentials, createKeyFile } = await import('../agent/config/control-plane/credentials.ts');
  if ('keyFile' in logOn) return createKeyFile(logOn.keyFile);
  const { openAzureIdentity } = await import('../agent/session/credentials/azure-identity.ts');
  const { federation } = identityOf({}, env);
  return createIdentityCredentials(logOn.audience, () => openAzureIdentity(federation));
}
