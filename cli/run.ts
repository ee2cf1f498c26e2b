import { createLogger, type Logger, type RootLogger } from '../agent/observe/logger.ts';
import type { ProbeServer } from '../agent/observe/probe-server.ts';
import { type Address, formatAddress } from './address.ts';
import type { CreateAgent, RunningAgent } from './agent-port.ts';
import { type OriginFlags, originOf } from './config-origin.ts';
import { endOfInput } from './end-of-input.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type IdentityFlags, identityOf } from './identity.ts';
import type { Io } from './io.ts';
import { openConfig } from './open-config.ts';
import { openProbes } from './open-probes.ts';
import { createSignalQueue } from './signals.ts';
import { reportConfig } from './report-config.ts';
import { refuseUnverifiedTls } from './unverified-tls.ts';
import { trimHeap } from './trim-heap.ts';
import { packageVersion } from './version.ts';
import { writeWhole } from './write-whole.ts';

/** How long a stopping agent may take to finish what it has in flight. */
export const STOP_DEADLINE_MS = 18_000;
/** The same when whoever started it may be gone, and the brokers with it. */
const EOF_DEADLINE_MS = 2_000;

export interface RunOptions extends IdentityFlags, OriginFlags {
  readonly http: Address;
  readonly secretsDir: string;
  readonly configmapsDir: string;
  readonly instance?: number;
  readonly onceReady?: string;
  readonly untilEof?: boolean;
}

/** `mqttbridge run`: validates, starts the agent and its probes, and waits for a signal. */
export async function runCommand(options: RunOptions, io: Io, createAgent: CreateAgent): Promise<ExitCode> {
  refuseUnverifiedTls(io.env);
  const instance = options.instance === undefined ? {} : { instance: options.instance };
  const config = await openConfig(originOf(options), { ...instance, io });
  if (config === undefined) return EXIT.usage;

  const logger = createLogger({
    level: config.logLevel,
    destination: io.stderr,
    now: io.now,
    wallClock: io.wallClock,
  });
  const agent: RunningAgent = createAgent({
    source: reportConfig(config.createSource({ logger, snapshot: () => agent.snapshot() }), logger),
    configmapsDir: options.configmapsDir,
    secretsDir: options.secretsDir,
    ...instance,
    identity: identityOf(options, io.env),
    logger,
    version: packageVersion(),
    wallClock: () => io.wallClock().getTime(),
  });
  try {
    return await serve({ agent, logger, options, io });
  } finally {
    logger.flush();
  }
}

interface Serving {
  readonly agent: RunningAgent;
  readonly logger: RootLogger;
  readonly options: RunOptions;
  readonly io: Io;
}

async function serve({ agent, logger, options, io }: Serving): Promise<ExitCode> {
  const probes = await openProbes(agent, { logger, address: options.http, io });
  if (probes === undefined) return EXIT.runtime;
  // Listening for signals comes before `start`, so that none can arrive in between.
  const stopped = untilStopped({ agent, logger, options, io });
  agent.start();
  if (options.onceReady !== undefined) announceReady(agent, { file: options.onceReady, probes, logger });
  // What cannot be collected is merely kept.
  agent.ready.then(trimHeap).catch(() => undefined);
  const code = await stopped;
  await probes.close();
  return code;
}

async function untilStopped({ agent, logger, options, io }: Serving): Promise<ExitCode> {
  const signals = createSignalQueue(io);
  const eof = options.untilEof === true ? endOfInput(io) : undefined;
  const signal = await Promise.race([signals.next(), agent.closed, ...(eof === undefined ? [] : [eof])]);
  if (signal === undefined) {
    logger.error({ evt: 'AgentClosed' }, 'the agent ended by itself');
    return EXIT.runtime;
  }
  logger.info({ evt: 'Stopping', signal }, 'finishing what is in flight; a second signal ends at once');
  const deadline = signal === 'EOF' ? EOF_DEADLINE_MS : STOP_DEADLINE_MS;
  const impatient = await Promise.race([agent.stop(deadline), signals.next()]);
  if (impatient !== undefined) {
    logger.warn({ evt: 'StopCutShort', signal: impatient }, 'ended with messages in flight; the brokers keep them');
    return impatient === 'SIGINT' ? EXIT.interrupted : EXIT.runtime;
  }
  logger.info({ evt: 'Stopped', signal }, 'stopped');
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

interface Announcement {
  readonly file: string;
  readonly probes: ProbeServer;
  readonly logger: Logger;
}

function announceReady(agent: RunningAgent, { file, probes, logger }: Announcement): void {
  agent.ready
    .then(() => writeWhole(file, `${JSON.stringify({ http: formatAddress(probes) })}\n`))
    .catch((error: unknown) =>
      logger.error({ evt: 'ReadyFileFailed', file, error }, 'cannot write the --once-ready file'),
    );
}
