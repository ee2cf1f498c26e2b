import type { DiffResult } from '../shared/api/resources.ts';
import { CommandError } from './command-error.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { joinDocuments, readDocuments } from './control-plane-client/documents.ts';
import { resourceLabel } from './control-plane-client/kinds.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { unifiedDiff } from './unified-diff.ts';
import { yamlDocument } from './views/yaml-documents.ts';

export interface DiffOptions extends ConnectionFlags {
  readonly filename: readonly string[];
  readonly output: OutputFormat;
}

/** Exit codes of kubectl: 0 the same, 1 different, more for an error. */
const DIFFERENT = EXIT.runtime;

/** `mqttbridge diff`: what `apply` would change, as a unified diff of YAML. */
export async function diffCommand(options: DiffOptions, io: Io): Promise<ExitCode> {
  const result = await compare(options, io);
  const texts = await Promise.all(result.results.map(textOf));
  await printData(io, options.output, { data: result, table: () => texts.join('') });
  return result.results.every(({ outcome }) => outcome === 'unchanged') ? EXIT.ok : DIFFERENT;
}

async function compare(options: DiffOptions, io: Io): Promise<DiffResult> {
  try {
    return await connect(options, io).diff(joinDocuments(await readDocuments(options.filename, io)));
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== DIFFERENT) throw error;
    const { message, advice, details } = error;
    throw new CommandError(message, { advice, details, exitCode: EXIT.usage });
  }
}

async function textOf({ kind, name, outcome, before, after }: DiffResult['results'][number]): Promise<string> {
  if (outcome === 'unchanged') return '';
  const label = `${resourceLabel(kind, name)}.yaml`;
  const old = before === undefined ? '' : await yamlDocument(inOrderOf(before, after));
  const head = `--- ${before === undefined ? '/dev/null' : `site/${label}`}\n+++ file/${label}\n`;
  return `${head}${unifiedDiff(old, await yamlDocument(after))}`;
}

/** The same value with its fields in the order of another, as far as that has them: order means nothing. */
function inOrderOf(value: unknown, model: unknown): unknown {
  if (Array.isArray(value)) {
    const models: readonly unknown[] = Array.isArray(model) ? model : [];
    return value.map((item, index) => inOrderOf(item, models[index]));
  }
  if (!isRecord(value)) return value;
  const order = isRecord(model) ? model : {};
  const keys = [...Object.keys(order).filter((key) => Object.hasOwn(value, key)), ...Object.keys(value)];
  return Object.fromEntries([...new Set(keys)].map((key) => [key, inOrderOf(value[key], order[key])]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
