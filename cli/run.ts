import { createFolderSource } from '../agent/config/folder-source.ts';
import { loadConfig } from '../agent/config/load.ts';
import type { ConfigSource } from '../agent/config/source.ts';
import { createLogger, type Logger, parseLogLevel, type RootLogger } from '../agent/observe/logger.ts';
import { createMetrics } from '../agent/observe/metrics.ts';
import { type ProbeServer, startProbes } from '../agent/observe/probes.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';
import { type Address, formatAddress } from './address.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io, StopSignal } from './io.ts';
import { reportConfig } from './report-config.ts';
import { problemsText } from './problems-text.ts';
import { packageVersion } from './version.ts';
import { writeWhole } from './write-whole.ts';

/** How long a stopping agent may take to finish what it has in flight. */
const STOP_DEADLINE_MS = 18_000;

/** What `run` needs of an agent. */
export interface RunningAgent {
  start(): void;
  stop(deadlineMs: number): Promise<void>;
  snapshot(): AgentSnapshot;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
}

/** What `run` gives to an agent. */
export interface AgentInput {
  readonly source: ConfigSource;
  readonly configmapsDir: string;
  readonly secretsDir: string;
  readonly instance?: number;
  readonly logger: Logger;
  readonly version: string;
}

export type CreateAgent = (input: AgentInput) => RunningAgent;

export interface RunOptions {
  readonly filename: readonly string[];
  readonly connector?: string;
  readonly http: Address;
  readonly secretsDir: string;
  readonly configmapsDir: string;
  readonly instance?: number;
  readonly onceReady?: string;
}

/** `mqttbridge run`: validates, starts the agent and its probes, and waits for a signal. */
export async function runCommand(options: RunOptions, io: Io, createAgent: CreateAgent): Promise<ExitCode> {
  if (io.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') return refuseUnverifiedTls(io);
  const location = {
    paths: options.filename,
    ...(options.connector === undefined ? {} : { connector: options.connector }),
  };
  const { update, problems } = await loadConfig(location);
  io.stderr.write(problemsText(problems));
  if (update.kind === 'rejected') return EXIT.usage;

  const logger = createLogger({
    level: parseLogLevel(update.document.connector.spec.logLevel),
    destination: io.stderr,
    now: io.now,
    wallClock: io.wallClock,
  });
  const agent = createAgent({
    source: reportConfig(createFolderSource(location), logger),
    configmapsDir: options.configmapsDir,
    secretsDir: options.secretsDir,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    logger,
    version: packageVersion(),
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
  const stopped = untilStopped(agent, logger, io);
  agent.start();
  if (options.onceReady !== undefined) announceReady(agent, { file: options.onceReady, probes, logger });
  const code = await stopped;
  await probes.close();
  return code;
}

/** Starts the probes of an agent; undefined, and a line in the log, when the address cannot be had. */
export async function openProbes(
  agent: Pick<RunningAgent, 'snapshot'>,
  { logger, address, io }: { readonly logger: Logger; readonly address: Address; readonly io: Io },
): Promise<ProbeServer | undefined> {
  const snapshot = (): AgentSnapshot => agent.snapshot();
  try {
    const probes = await startProbes({
      ...address,
      snapshot,
      metrics: createMetrics({ snapshot, processUsage: io.processUsage }),
      onError: (error) => logger.error({ evt: 'ProbeFailed', error }, 'a probe could not be answered'),
    });
    logger.info({ evt: 'ProbesListening', http: formatAddress(probes) }, 'probes are listening');
    return probes;
  } catch (error) {
    const message = `cannot listen on ${formatAddress(address)}; choose another address with --http`;
    logger.error({ evt: 'ProbesNotListening', http: formatAddress(address), error }, message);
    return undefined;
  }
}

async function untilStopped(agent: RunningAgent, logger: Logger, io: Io): Promise<ExitCode> {
  const signals = createSignalQueue(io);
  const signal = await Promise.race([signals.next(), agent.closed]);
  if (signal === undefined) {
    logger.error({ evt: 'AgentClosed' }, 'the agent ended by itself');
    return EXIT.runtime;
  }
  logger.info({ evt: 'Stopping', signal }, 'finishing what is in flight; a second signal ends at once');
  const impatient = await Promise.race([agent.stop(STOP_DEADLINE_MS), signals.next()]);
  if (impatient !== undefined) {
    logger.warn({ evt: 'StopCutShort', signal: impatient }, 'ended with messages in flight; the brokers keep them');
    return impatient === 'SIGINT' ? EXIT.interrupted : EXIT.runtime;
  }
  logger.info({ evt: 'Stopped', signal }, 'stopped');
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

/** Signals one after the other, none of them lost between two calls of `next`. */
function createSignalQueue(io: Io): { next: () => Promise<StopSignal> } {
  const received: StopSignal[] = [];
  let wake: ((signal: StopSignal) => void) | undefined;
  io.onSignal((signal) => {
    if (wake === undefined) received.push(signal);
    else wake(signal);
    wake = undefined;
  });
  return {
    next: async () => received.shift() ?? new Promise((resolve) => (wake = resolve)),
  };
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

function refuseUnverifiedTls(io: Io): ExitCode {
  io.stderr.write(
    'error: NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the check of every broker certificate\n' +
      '  try: unset it, and name your own CA in trustedCaCertificateConfigMap\n',
  );
  return EXIT.usage;
}
