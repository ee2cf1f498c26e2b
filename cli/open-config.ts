import { createFolderSource } from '../agent/config/folder-source.ts';
import { loadConfig } from '../agent/config/load.ts';
import type { ConfigSource } from '../agent/config/source.ts';
import { type Logger, type LogLevel, parseLogLevel } from '../agent/observe/logger.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';
import type { ConfigOrigin, ControlPlaneOrigin } from './config-origin.ts';
import { identityOf } from './identity.ts';
import type { Io } from './io.ts';
import { problemsText } from './problems-text.ts';
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
  return origin.kind === 'files' ? openFiles(origin, asking) : openControlPlane(origin, asking);
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

async function openCredentials({ logOn }: ControlPlaneOrigin, { env }: Io) {
  const { createIdentityCredentials, createKeyFile } = await import('../agent/config/control-plane/credentials.ts');
  if ('keyFile' in logOn) return createKeyFile(logOn.keyFile);
  const { openAzureIdentity } = await import('../agent/session/credentials/azure-identity.ts');
  const { federation } = identityOf({}, env);
  return createIdentityCredentials(logOn.audience, () => openAzureIdentity(federation));
}
