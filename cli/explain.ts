import { type Direction, explainTopic, type RouteExplanation } from '../shared/explain.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { loadFiles } from './load-files.ts';
import { type OutputFormat, printData, textTable } from './output.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';

export interface ExplainOptions {
  readonly filename: readonly string[];
  readonly topic: string;
  readonly direction?: Direction;
  readonly connector?: string;
  readonly output: OutputFormat;
}

interface ConnectorExplanation {
  readonly connector: string;
  readonly routes: readonly RouteExplanation[];
}

/** `mqttbridge explain`: what every route does with a message of one topic; publishes nothing. */
export async function explainCommand(options: ExplainOptions, io: Io): Promise<ExitCode> {
  const { problems, connectors } = await loadFiles(options.filename, io);
  if (problems.some((problem) => problem.severity === 'error')) {
    io.stderr.write(problemsText(problems));
    return EXIT.usage;
  }
  const chosen = connectors.filter(({ connector }) => isWanted(connector.metadata.name, options.connector));
  if (chosen.length === 0) {
    throw new UsageError(`there is no connector "${options.connector}"`, 'leave --connector out to ask all of them');
  }
  const explanations = chosen.map((document) => ({
    connector: document.connector.metadata.name,
    routes: explainTopic(document, options.topic, options.direction),
  }));
  await printData(io, options.output, {
    data: { apiVersion: 'mqttbridge/v1', kind: 'TopicExplanation', topic: options.topic, connectors: explanations },
    table: () => explanations.map(tableOf).join('\n'),
  });
  return EXIT.ok;
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
