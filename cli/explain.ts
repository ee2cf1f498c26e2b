import { type Direction, explainTopic, type RouteExplanation } from '../shared/explain.ts';
import type { ConnectionFlags } from './control-plane-client/connect.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { loadFiles } from './load-files.ts';
import { type OutputFormat, printData, textTable } from './output.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';

export interface ExplainOptions extends ConnectionFlags {
  /** Absent: what a control plane has. */
  readonly filename?: readonly string[];
  readonly topic: string;
  readonly direction?: Direction;
  readonly connector?: string;
  readonly output: OutputFormat;
}

interface ConnectorExplanation {
  readonly connector: string;
  readonly routes: readonly (Omit<RouteExplanation, 'topic'> & { readonly topic?: string | undefined })[];
}

/** `mqttbridge explain`: what every route of files or of a site does with a message of one topic; publishes nothing. */
export async function explainCommand(options: ExplainOptions, io: Io): Promise<ExitCode> {
  const { filename, topic } = options;
  const explanations = await (filename === undefined ? askSite(options, io) : explainFiles(filename, options, io));
  if (explanations === undefined) return EXIT.usage;
  await printData(io, options.output, {
    data: { apiVersion: 'mqttbridge/v1', kind: 'TopicExplanation', topic, connectors: explanations },
    table: () => explanations.map(tableOf).join('\n'),
  });
  return EXIT.ok;
}

/** Undefined, and the problems on standard error, for files that are not valid. */
async function explainFiles(
  paths: readonly string[],
  options: ExplainOptions,
  io: Io,
): Promise<readonly ConnectorExplanation[] | undefined> {
  const { problems, connectors } = await loadFiles(paths, io);
  if (problems.some((problem) => problem.severity === 'error')) {
    io.stderr.write(problemsText(problems));
    return undefined;
  }
  const chosen = connectors.filter(({ connector }) => isWanted(connector.metadata.name, options.connector));
  if (chosen.length === 0) {
    throw new UsageError(`there is no connector "${options.connector}"`, 'leave --connector out to ask all of them');
  }
  return chosen.map((document) => ({
    connector: document.connector.metadata.name,
    routes: explainTopic(document, options.topic, options.direction),
  }));
}

async function askSite(options: ExplainOptions, io: Io): Promise<readonly ConnectorExplanation[]> {
  if (options.server === undefined && !io.env.MQTTBRIDGE_SERVER)
    throw new UsageError('what is to be explained is not said', 'give -f PATH, or --server and --site');
  const { connect } = await import('./control-plane-client/connect.ts');
  const { results } = await connect(options, io).explain(options);
  return results.map(({ connector, routes }) => ({ connector, routes }));
}

function isWanted(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || name === wanted;
}

function tableOf({ connector, routes }: ConnectorExplanation): string {
  const head = ['ROUTE', 'DIRECTION', 'GOES TO', 'QOS', 'RETAIN', 'WHY'];
  const rows = routes.map((route) => [
    `${route.topicMap}/${route.route}`,
    route.direction,
    route.topic ?? '-',
    route.matched ? String(route.qos) : '-',
    route.matched ? route.retain : '-',
    [route.reason, ...route.warnings].join('; '),
  ]);
  const matched = routes.filter((route) => route.matched).length;
  return `${connector}: ${matched} of ${routes.length} routes forward it\n${textTable([head, ...rows])}`;
}
