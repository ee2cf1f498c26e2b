import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { createLogger, type LogLevel, type RootLogger } from '../agent/observe/logger.ts';
import { PROCESS_METRICS } from '../agent/observe/agent-metrics.ts';
import { type MetricsText, metricsText } from '../agent/observe/metrics.ts';
import { alive, type Handler, type ProbeServer, startProbeServer } from '../agent/observe/probe-server.ts';
import { AccessError, type ClusterAccess, openClusterAccess } from '../kubernetes/access.ts';
import { SYSTEM_CLOCK } from '../kubernetes/clock.ts';
import { createClient } from '../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../kubernetes/kubeconfig.ts';
import { readOperatorConfig } from '../operator/config.ts';
import { OPERATOR_METRICS } from '../operator/observe/metrics.ts';
import { createOperator, type Operator, type OperatorSnapshot } from '../operator/operator.ts';
import { judgeOperator } from '../operator/observe/readiness.ts';
import type { RenderOptions } from '../operator/render/options.ts';
import { type Address, formatAddress } from './address.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { createSignalQueue } from './signals.ts';
import { refuseUnverifiedTls } from './unverified-tls.ts';
import { UsageError } from './usage-error.ts';
import { packageVersion } from './version.ts';

export interface OperatorFlags {
  readonly config: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly kubeconfig?: string;
  readonly logLevel: LogLevel;
  readonly http: Address;
}

/** `mqttbridge operator`: turns the connectors of a cluster into agents, until a signal comes. */
export async function operatorCommand(flags: OperatorFlags, io: Io): Promise<ExitCode> {
  refuseUnverifiedTls(io.env);
  if (flags.namespace !== undefined && flags.allNamespaces === true)
    throw new UsageError('--namespace and --all-namespaces say different things', 'give one of them');
  const render = await readConfig(flags.config);
  const access = await openAccess(flags, io);
  const logger = createLogger({ level: flags.logLevel, destination: io.stderr, now: io.now, wallClock: io.wallClock });
  const client = createClient(access, { userAgent: `mqttbridge-operator/${packageVersion()}` });
  const ownNamespace = access.namespace ?? 'default';
  const operator = createOperator({
    client,
    namespace: flags.allNamespaces === true ? undefined : (flags.namespace ?? ownNamespace),
    ownNamespace,
    identity: `${hostname()}_${randomUUID()}`,
    render,
    clock: { ...SYSTEM_CLOCK, wall: () => io.wallClock().getTime() },
    random: Math.random,
    logger,
  });
  try {
    return await serve({ operator, logger, flags, io });
  } finally {
    client.close();
    logger.flush();
  }
}

interface Serving {
  readonly operator: Operator;
  readonly logger: RootLogger;
  readonly flags: OperatorFlags;
  readonly io: Io;
}

async function serve({ operator, logger, flags, io }: Serving): Promise<ExitCode> {
  // Listening for signals comes before the start, so that none can arrive in between.
  const signals = createSignalQueue(io);
  const probes = await openProbes({ operator, logger, flags, io });
  if (probes === undefined) return EXIT.runtime;
  operator.start();
  const signal = await Promise.race([signals.next(), operator.closed]);
  if (signal === undefined) return EXIT.runtime;
  logger.info({ evt: 'Stopping', signal }, 'finishing what is in flight; a second signal ends at once');
  const impatient = await Promise.race([operator.stop(), signals.next()]);
  if (impatient !== undefined) {
    logger.warn({ evt: 'StopCutShort', signal: impatient }, 'ended with writes in flight; the next start goes on');
    return impatient === 'SIGINT' ? EXIT.interrupted : EXIT.runtime;
  }
  await probes.close();
  logger.info({ evt: 'Stopped', signal }, 'stopped');
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

async function openProbes({ operator, logger, flags, io }: Serving): Promise<ProbeServer | undefined> {
  const handlers = new Map<string, Handler>([
    ['/livez', alive],
    ['/healthz', alive],
    ['/readyz', (query) => ready(operator.snapshot(), query)],
    ['/metrics', async () => ({ status: 200, ...(await scrape(operator.snapshot(), io)) })],
  ]);
  try {
    const probes = await startProbeServer({
      ...flags.http,
      handlers,
      onError: (error) => logger.error({ evt: 'ProbeFailed', error }, 'a probe could not be answered'),
    });
    logger.info({ evt: 'ProbesListening', http: formatAddress(probes) }, 'probes are listening');
    return probes;
  } catch (error) {
    const message = `cannot listen on ${formatAddress(flags.http)}; choose another address with --http`;
    logger.error({ evt: 'ProbesNotListening', http: formatAddress(flags.http), error }, message);
    return undefined;
  }
}

function ready(snapshot: OperatorSnapshot, query: URLSearchParams) {
  const readiness = judgeOperator(snapshot);
  const verbose = query.has('verbose') || !readiness.ready;
  return { status: readiness.ready ? 200 : 503, body: verbose ? readiness.text : 'ok' };
}

async function scrape(snapshot: OperatorSnapshot, io: Io): Promise<MetricsText> {
  const usage = await io.processUsage();
  const ofProcess = PROCESS_METRICS.map((metric) => ({ ...metric, read: () => metric.readProcess(usage) }));
  return await metricsText([...OPERATOR_METRICS, ...ofProcess], snapshot);
}

async function readConfig(path: string): Promise<RenderOptions> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, 'name the file of the operator with --config');
  });
  const read = readOperatorConfig(text);
  if (read.kind === 'config') return read.options;
  const problems = read.problems.map((problem) => `\n  ${problem}`).join('');
  throw new UsageError(`${path} is not valid:${problems}`, 'docs/reference/operator-config.md describes the file');
}

async function openAccess({ kubeconfig }: OperatorFlags, { env }: Io): Promise<ClusterAccess> {
  try {
    if (kubeconfig !== undefined) return await kubeconfigAccess({ path: kubeconfig });
    return await openClusterAccess({ host: env.KUBERNETES_SERVICE_HOST, port: env.KUBERNETES_SERVICE_PORT });
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    throw new UsageError(error.message, 'run it in a pod with a service account, or name a file with --kubeconfig');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
