import { KIND_OF } from '../shared/api/names.ts';
import type { ApplyResult } from '../shared/api/resources.ts';
import { type ConfigFile, loadResources } from '../shared/config/load.ts';
import { validateConfig } from '../shared/config/validate.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { joinDocuments, readDocuments } from './control-plane-client/documents.ts';
import { resourceLabel } from './control-plane-client/kinds.ts';
import { problemLines } from './control-plane-client/problem-lines.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';

export interface ApplyOptions extends ConnectionFlags {
  readonly filename: readonly string[];
  readonly dryRun?: 'client' | 'server';
  readonly output: OutputFormat | 'name';
}

/** `mqttbridge apply`: sends files to the control plane, which takes all of them or none, and says what became of each. */
export async function applyCommand(options: ApplyOptions, io: Io): Promise<ExitCode> {
  const files = await readDocuments(options.filename, io);
  if (options.dryRun === 'client') return applyNowhere(files, options, io);
  const sent = joinDocuments(files);
  const result = await connect(options, io).apply(sent, { dryRun: options.dryRun === 'server' });
  io.stderr.write(problemLines(result.warnings, sent));
  if (result.results.length === 0) throw nothingIn(options);
  await print(result, options, io);
  return EXIT.ok;
}

async function print(result: ApplyResult, { output }: ApplyOptions, io: Io): Promise<void> {
  const suffix = result.dryRun ? ' (server dry run)' : '';
  const lines = result.results.map(({ kind, name, outcome }) => {
    const label = resourceLabel(kind, name);
    return output === 'name' ? label : `${label} ${outcome}${suffix}`;
  });
  await printData(io, output === 'name' ? 'table' : output, { data: result, table: () => textOf(lines) });
}

/** Says what this machine alone can say: whether the files are valid. */
async function applyNowhere(files: readonly ConfigFile[], options: ApplyOptions, io: Io): Promise<ExitCode> {
  // A topic map whose connector is not in the files may find it at the site.
  const problems = validateConfig(files).problems.map((problem) =>
    problem.rule === 'XR001' ? { ...problem, severity: 'warning' as const } : problem,
  );
  const valid = !problems.some(({ severity }) => severity === 'error');
  io.stderr.write(problemsText(problems));
  const resources = loadResources(files)
    .resources.filter(({ value }) => KINDS.has(value['kind']))
    .map(({ value }) => labelOf(value));
  if (resources.length === 0 && valid) throw nothingIn(options);
  const suffix = options.output === 'name' ? '' : ' valid (client dry run)';
  const data = { apiVersion: 'mqttbridge/v1', kind: 'ValidationResult', valid, problems };
  const table = () => (valid ? textOf(resources.map((label) => `${label}${suffix}`)) : '');
  await printData(io, options.output === 'name' ? 'table' : options.output, { data, table });
  return valid ? EXIT.ok : EXIT.usage;
}

const KINDS: ReadonlySet<unknown> = new Set(Object.values(KIND_OF));

function labelOf({ kind, metadata }: Readonly<Record<string, unknown>>): string {
  const { name } = (metadata ?? {}) as { readonly name?: unknown };
  return resourceLabel(String(kind), String(name));
}

function nothingIn({ filename }: ApplyOptions): UsageError {
  return new UsageError(`${filename.join(', ')} holds no connector and no topic map`, 'check the path given to -f');
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
