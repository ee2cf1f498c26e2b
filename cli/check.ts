import { createMountedFiles } from '../agent/config/mounted-files.ts';
import { connectionSpecOf } from '../agent/session/credentials/spec.ts';
import { DEFAULT_TIMING } from '../agent/session/timing.ts';
import type { ConnectorDocument } from '../shared/plan/document.ts';
import { planConnector } from '../shared/plan/plan.ts';
import { topicNameFault } from '../shared/topic/name.ts';
import { loadArm } from './check/arm-client.ts';
import { asOpsCheck } from './check/as-object.ts';
import { credentialsOf } from './check/check-credentials.ts';
import { checkConnector } from './check/check-connector.ts';
import { createClockReadings } from './check/clock-readings.ts';
import type { CheckContext, CheckWishes } from './check/context.ts';
import { subscriptionOf } from './check/namespace.ts';
import { type DetailLevel, renderTable } from './check/render-table.ts';
import { type CheckedConnector, configurationFindings, reportOf } from './check/report.ts';
import type { CheckReport } from './check/report-schema.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type IdentityFlags, identityOf } from './identity.ts';
import type { Io } from './io.ts';
import { loadFiles } from './load-files.ts';
import { matchesName } from './match-name.ts';
import { type OutputFormat, printData } from './output.ts';
import { createSignalQueue } from './signals.ts';
import { refuseUnverifiedTls } from './unverified-tls.ts';
import { UsageError } from './usage-error.ts';

export interface CheckOptions extends CheckWishes, IdentityFlags {
  readonly filename: readonly string[];
  readonly connector?: string;
  readonly resourceName?: string;
  readonly output: OutputFormat;
  readonly asObject?: boolean;
  readonly detailLevel: DetailLevel;
  readonly warningsAsErrors?: boolean;
  /** Seconds for everything. */
  readonly timeout: number;
  readonly secretsDir: string;
  readonly configmapsDir: string;
}

/** `mqttbridge check`: asks both brokers of each connector, and whoever stands before them, whether a bridge would work. */
export async function checkCommand(options: CheckOptions, io: Io): Promise<ExitCode> {
  refuseUnverifiedTls(io.env);
  refuseWishes(options);
  const { problems, connectors } = await loadFiles(options.filename, io);
  const invalid = problems.some(({ severity }) => severity === 'error');
  const chosen = invalid ? [] : connectors.filter(({ connector }) => isChosen(connector.metadata.name, options));
  if (!invalid && chosen.length === 0) return notFound(connectors, io);
  const checked = await checkAll({ chosen, all: connectors, options, io });
  if (checked === undefined) return EXIT.interrupted;
  const report = reportOf(configurationFindings(problems), checked, io.wallClock());
  await print(report, checked, options, io);
  if (invalid) return EXIT.usage;
  return failed(report, options) ? EXIT.runtime : EXIT.ok;
}

function failed({ status }: CheckReport, { warningsAsErrors = false }: CheckOptions): boolean {
  return status === 'error' || (warningsAsErrors && status === 'warning');
}

function refuseWishes({ probeTopic, namespaceId }: CheckOptions): void {
  const fault = probeTopic === undefined ? undefined : topicNameFault(probeTopic);
  if (fault !== undefined) throw new UsageError(`"${probeTopic}" is not a topic: ${fault}`, 'name one topic');
  if (namespaceId === undefined || subscriptionOf(namespaceId) !== undefined) return;
  throw new UsageError(
    `"${namespaceId}" is not the resource ID of an Event Grid namespace`,
    'take the one that az eventgrid namespace show --query id prints',
  );
}

function isChosen(name: string, { connector, resourceName }: CheckOptions): boolean {
  return (
    (connector === undefined || connector === name) && (resourceName === undefined || matchesName(resourceName, name))
  );
}

function notFound(connectors: readonly ConnectorDocument[], io: Io): ExitCode {
  const names = connectors.map(({ connector }) => connector.metadata.name);
  io.stderr.write(`error: no connector has that name\n  try: one of ${names.slice(0, 10).join(', ')}\n`);
  return EXIT.notFound;
}

interface Task {
  readonly chosen: readonly ConnectorDocument[];
  /** Those that are not chosen too: their client IDs are not to be taken. */
  readonly all: readonly ConnectorDocument[];
  readonly options: CheckOptions;
  readonly io: Io;
}

/** All chosen connectors at the same time; undefined when somebody pressed Ctrl-C. */
async function checkAll({ chosen, all, options, io }: Task): Promise<readonly CheckedConnector[] | undefined> {
  const ending = new AbortController();
  const interrupted = createSignalQueue(io)
    .next()
    .then(() => undefined);
  const timer = setTimeout(() => ending.abort(), options.timeout * 1000);
  const openArm = options.namespaceId || options.subscription ? await loadArm() : undefined;
  const contextOf = contexts(all, options, { io, signal: ending.signal, openArm });
  const checks = chosen.map(async (document) => ({ document, findings: await checkConnector(contextOf(document)) }));
  try {
    return await Promise.race([Promise.all(checks), interrupted]);
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}

interface Surroundings extends Pick<CheckContext, 'signal' | 'openArm'> {
  readonly io: Io;
}

function contexts(
  all: readonly ConnectorDocument[],
  options: CheckOptions,
  { io, signal, openArm }: Surroundings,
): (document: ConnectorDocument) => CheckContext {
  const identity = identityOf(options, io.env);
  const plans = all.map((document) => planConnector(document, identity));
  const clientIds = new Set(plans.flatMap(({ sessions }) => sessions.map(({ clientId }) => clientId)));
  const clock = createClockReadings(io.wallClock);
  return (document) => {
    const specs = {
      local: connectionSpecOf(document.connector, 'local'),
      remote: connectionSpecOf(document.connector, 'remote'),
    };
    const files = createMountedFiles(options);
    return {
      document,
      plan: planConnector(document, identity),
      wishes: options,
      files,
      identity,
      specs,
      credentials: credentialsOf({ specs, files, identity, clock }),
      clientIds,
      stepTimeoutMs: Math.min(options.timeout * 1000, DEFAULT_TIMING.connectTimeoutMs),
      signal,
      openArm,
      clock,
      now: io.now,
      wallClock: io.wallClock,
    };
  };
}

async function print(
  report: CheckReport,
  checked: readonly CheckedConnector[],
  { output, asObject = false, detailLevel }: CheckOptions,
  io: Io,
): Promise<void> {
  const data = asObject ? asOpsCheck(report, checked) : report;
  const format = asObject && output === 'table' ? 'json' : output;
  await printData(io, format, { data, table: () => renderTable(report, detailLevel) });
}
