import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createLogger, type Logger } from '../agent/observe/logger.ts';
import { createDurableEngine } from '../local/functions-host/durable/engine.ts';
import { createFunctionsHost, type FunctionsHost } from '../local/functions-host/host.ts';
import { type Address, formatAddress } from './address.ts';
import { type AdminKey, openAdminKey } from './admin-key.ts';
import { endOfInput } from './end-of-input.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { packageRoot } from './package-root.ts';
import { createSignalQueue } from './signals.ts';
import { trimHeap } from './trim-heap.ts';
import { UsageError } from './usage-error.ts';
import { writeWhole } from './write-whole.ts';

/** How long requests and activities that run may take when the control plane stops. */
const STOP_DEADLINE_MS = 10_000;
/** The same when whoever started it is gone. */
const EOF_DEADLINE_MS = 2_000;

export interface ControlPlaneOptions {
  readonly http: Address;
  readonly data: string;
  readonly adminKeyFile?: string;
  /** Seconds. */
  readonly reportInterval?: number;
  readonly onceReady?: string;
  readonly untilEof?: boolean;
}

/** `mqttbridge control-plane run`: serves the Functions app of this package with its data on the disk, until a signal comes. */
export async function controlPlaneCommand(options: ControlPlaneOptions, io: Io): Promise<ExitCode> {
  const logger = createLogger({ level: 'info', destination: io.stderr, now: io.now, wallClock: io.wallClock });
  try {
    return await serve({ options, io, logger });
  } finally {
    logger.flush();
  }
}

interface Serving {
  readonly options: ControlPlaneOptions;
  readonly io: Io;
  readonly logger: Logger;
}

async function serve(serving: Serving): Promise<ExitCode> {
  const { io, logger } = serving;
  // Listening for signals comes before the start, so that none can arrive in between.
  const signals = createSignalQueue(io);
  const host = await start(serving);
  if (host === undefined) return EXIT.runtime;
  const eof = serving.options.untilEof === true ? [endOfInput(io)] : [];
  // What cannot be collected is merely kept.
  trimHeap().catch(() => undefined);
  const signal = await Promise.race([signals.next(), host.broken, ...eof]);
  if (signal instanceof Error) {
    logger.error(
      { evt: 'ControlPlaneBroken', error: signal },
      'cannot write to the disk; the next start goes on from there',
    );
    await host.stop(0);
    return EXIT.runtime;
  }
  logger.info({ evt: 'Stopping', signal }, 'finishing what is in flight; a second signal ends at once');
  const impatient = await Promise.race([
    host.stop(signal === 'EOF' ? EOF_DEADLINE_MS : STOP_DEADLINE_MS),
    signals.next(),
  ]);
  if (impatient !== undefined) {
    logger.warn({ evt: 'StopCutShort', signal: impatient }, 'ended with requests or activities in flight');
    return impatient === 'SIGINT' ? EXIT.interrupted : EXIT.runtime;
  }
  logger.info({ evt: 'Stopped', signal }, 'stopped');
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

/** Undefined, and a line for whoever started it, when the control plane cannot run. */
async function start({ options, io, logger }: Serving): Promise<FunctionsHost | undefined> {
  const dataDir = resolve(options.data);
  const keyFile = resolve(options.adminKeyFile ?? join(dataDir, 'admin.key'));
  const root = packageRoot();
  if (root === undefined) throw new Error('the program is not in its package');
  try {
    const host = await createFunctionsHost({
      appDir: root,
      dataDir,
      http: options.http,
      logger,
      engine: ({ dataDir: folder, ...parts }) =>
        createDurableEngine({ ...parts, file: join(folder, 'durable.sqlite'), uuid: randomUUID }),
      prepare: async () => io.setEnvironment(environment(options, dataDir, await readKey(keyFile, logger))),
      setEnvironment: (variables) => io.setEnvironment(variables),
    }).start();
    announce(host, keyFile, { options, io, logger });
    return host;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = code?.startsWith('EADDR') === true ? '\n  try: another address with --http' : '';
    io.stderr.write(`error: the control plane cannot start: ${message}${advice}\n`);
    return undefined;
  }
}

async function readKey(keyFile: string, logger: Logger): Promise<AdminKey> {
  const key = await openAdminKey(keyFile);
  if (key.exposed)
    logger.warn({ evt: 'AdminKeyExposed', file: keyFile }, 'others may read the key; chmod 600 mends it');
  return key;
}

/** Settings of the app; what would lead it to another store, or to trust headers that nobody here sets, is taken away. */
function environment({ reportInterval }: ControlPlaneOptions, dataDir: string, { sha256 }: AdminKey) {
  return {
    MQTTBRIDGE_SQLITE_FILE: join(dataDir, 'control-plane.sqlite'),
    MQTTBRIDGE_TABLES_ENDPOINT: undefined,
    MQTTBRIDGE_TABLES_CONNECTION_STRING: undefined,
    MQTTBRIDGE_ADMIN_KEY_SHA256: sha256,
    WEBSITE_AUTH_ENABLED: undefined,
    ...(reportInterval === undefined ? {} : { MQTTBRIDGE_REPORT_INTERVAL_SECONDS: String(reportInterval) }),
  };
}

function announce(host: FunctionsHost, adminKeyFile: string, { options, io, logger }: Serving): void {
  const http = formatAddress(host);
  logger.info({ evt: 'ControlPlaneListening', http }, 'the control plane is listening');
  if (!LOOPBACK.test(host.host))
    logger.warn(
      { evt: 'NotEncrypted', http },
      'others reach it, and keys cross the network in clear: put TLS in front of it',
    );
  io.stdout.write(`control plane at ${host.url}, administrator's key in ${adminKeyFile}\n`);
  if (options.onceReady === undefined) return;
  const file = options.onceReady;
  writeWhole(file, `${JSON.stringify({ http, adminKeyFile })}\n`).catch((error: unknown) =>
    logger.error({ evt: 'ReadyFileFailed', file, error }, 'cannot write the --once-ready file'),
  );
}

const LOOPBACK = /^(?:127\.|::1$)/;
