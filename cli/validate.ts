import type { ConnectorDocument } from '../shared/plan/document.ts';
import type { Problem } from '../shared/problem.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { loadFiles } from './load-files.ts';
import { type OutputFormat, printData } from './output.ts';
import { problemsText } from './problems-text.ts';

export interface ValidateOptions {
  readonly filename: readonly string[];
  readonly output: OutputFormat;
}

/** `mqttbridge validate`: every problem of the files on standard output, without a broker or a cluster. */
export async function validateCommand(options: ValidateOptions, io: Io): Promise<ExitCode> {
  const { problems, connectors } = await loadFiles(options.filename, io);
  const valid = !problems.some((problem) => problem.severity === 'error');
  await printData(io, options.output, {
    data: {
      apiVersion: 'mqttbridge/v1',
      kind: 'ValidationResult',
      valid,
      problems,
      connectors: connectors.map(summary),
    },
    table: () => problemsText(problems),
  });
  if (options.output === 'table') io.stderr.write(`${verdict(valid, problems, connectors)}\n`);
  return valid ? EXIT.ok : EXIT.usage;
}

function summary({ connector, topicMaps, revision }: ConnectorDocument): object {
  return {
    name: connector.metadata.name,
    revision,
    topicMaps: topicMaps.length,
    routes: routesIn(topicMaps),
  };
}

function verdict(valid: boolean, problems: readonly Problem[], connectors: readonly ConnectorDocument[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  if (!valid) return `invalid: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}`;
  const maps = connectors.flatMap((document) => document.topicMaps);
  const parts = [
    plural(connectors.length, 'connector'),
    plural(maps.length, 'topic map'),
    plural(routesIn(maps), 'route'),
  ];
  return `ok: ${parts.join(', ')}${warnings === 0 ? '' : `; ${plural(warnings, 'warning')}`}`;
}

function routesIn(maps: ConnectorDocument['topicMaps']): number {
  return maps.reduce((sum, map) => sum + (map.spec.routes?.length ?? 0), 0);
}

function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
