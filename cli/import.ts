import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { objectName } from '../shared/resources/metadata.ts';
import { CommandError } from './command-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Format, importFiles } from './import/formats.ts';
import { formatNote, noteAt, type Note } from './import/note.ts';
import { readSources } from './import/read-sources.ts';
import { settle, type SettledBridge } from './import/settle.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData, textTable } from './output.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';

export interface ImportCommandOptions {
  readonly filename: readonly string[];
  readonly from: Format | 'auto';
  readonly name?: string;
  readonly namespace?: string;
  readonly levels: number;
  readonly output: OutputFormat;
  readonly out?: string;
  readonly warningsAsErrors?: boolean;
}

/** `mqttbridge import`: other programs' bridges as resources on standard output or in a folder, and what is lost on standard error. */
export async function importCommand(options: ImportCommandOptions, io: Io): Promise<ExitCode> {
  checkNames(options);
  const sources = await readSources(options.filename, () => io.readStdin());
  const drafts = importFiles(sources.files, options.from, options);
  const settled = settle(drafts.bridges);
  const { bridges } = settled;
  const found = [...sources.notes, ...drafts.notes, ...settled.notes];
  const notes = inOrder(bridges.length + found.length > 0 ? found : [nothingIn(options.filename)]);
  const files = options.out === undefined ? [] : await writeAll(options.out, bridges);
  if (options.output !== 'json') report(io, bridges, notes);
  await print(options, io, { bridges, notes, files });
  if (options.output !== 'json') io.stderr.write(`${summary(bridges, notes)}\n`);
  return verdict(bridges, notes, options.warningsAsErrors ?? false);
}

interface Outcome {
  readonly bridges: readonly SettledBridge[];
  readonly notes: readonly Note[];
  readonly files: readonly string[];
}

function checkNames({ name, namespace }: ImportCommandOptions): void {
  for (const text of [name, namespace]) {
    if (text === undefined || objectName().safeParse(text).success) continue;
    throw new UsageError(`"${text}" is not a name`, 'names have lower-case letters, digits, "-" and "."');
  }
}

function nothingIn(paths: readonly string[]): Note {
  return noteAt({ file: paths.join(', '), line: 1, column: 1 }, 'error', {
    what: 'import',
    why: 'there is no bridge in it',
    advice: 'name the file with the connection sections, the connectors or the data flows',
  });
}

function inOrder(notes: readonly Note[]): Note[] {
  return notes.toSorted((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
  );
}

function report(io: Io, bridges: readonly SettledBridge[], notes: readonly Note[]): void {
  io.stderr.write(notes.map(formatNote).join(''));
  io.stderr.write(problemsText(bridges.flatMap(({ warnings }) => warnings)));
}

async function print({ output, out }: ImportCommandOptions, io: Io, { bridges, notes, files }: Outcome): Promise<void> {
  if (output === 'yaml') {
    io.stdout.write(
      out === undefined ? bridges.map(({ yaml }) => yaml).join('---\n') : files.map((file) => `${file}\n`).join(''),
    );
    return;
  }
  const resources = bridges.flatMap(({ bridge }) => [
    bridge.connector.value,
    ...bridge.topicMaps.map(({ value }) => value),
  ]);
  const commands = bridges.flatMap(({ bridge }) => bridge.commands);
  const problems = bridges.flatMap(({ warnings }) => warnings);
  const data = { apiVersion: 'mqttbridge/v1', kind: 'ImportResult', resources, notes, problems, commands, files };
  await printData(io, output, { data, table: () => table(bridges) });
}

function table(bridges: readonly SettledBridge[]): string {
  const rows = bridges.map(({ bridge: { place, connector, topicMaps } }) => [
    connector.value.metadata.name,
    connector.value.spec.remoteBrokerConnection.endpoint,
    String(topicMaps.reduce((sum, { value }) => sum + value.spec.routes.length, 0)),
    `${place.file}:${place.line}`,
  ]);
  return textTable([['CONNECTOR', 'REMOTE', 'ROUTES', 'FROM'], ...rows]);
}

function summary(bridges: readonly SettledBridge[], notes: readonly Note[]): string {
  const count = (wanted: Note['kind']) => notes.filter(({ kind }) => kind === wanted).length;
  const losses = `${count('notCarried')} not carried, ${count('changed')} changed, ${count('error')} errors`;
  return `imported ${bridges.length} connector${bridges.length === 1 ? '' : 's'}: ${losses}`;
}

function verdict(bridges: readonly SettledBridge[], notes: readonly Note[], strict: boolean): ExitCode {
  if (bridges.length === 0 || notes.some(({ kind }) => kind === 'error')) return EXIT.usage;
  const lossy = notes.length > 0 || bridges.some(({ warnings }) => warnings.length > 0);
  return strict && lossy ? EXIT.runtime : EXIT.ok;
}

/** One file per connector; what is there already may have been edited, so it is not overwritten. */
async function writeAll(folder: string, bridges: readonly SettledBridge[]): Promise<string[]> {
  const files: string[] = [];
  for (const { bridge, yaml } of bridges) {
    const file = join(folder, `${bridge.connector.value.metadata.name}.yaml`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(file, yaml, { flag: 'wx' });
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new CommandError(`cannot write ${file}: ${why}`, {
        advice: 'name a folder that can be written and has no such file',
        exitCode: EXIT.runtime,
      });
    }
    files.push(file);
  }
  return files;
}
