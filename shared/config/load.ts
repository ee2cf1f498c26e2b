import { Composer, type Document, isScalar, Lexer, LineCounter, Parser } from 'yaml';
import type { Problem } from '../problem.ts';
import { utf8Length } from '../topic/name.ts';
import { isCyclic } from './cycle.ts';
import { formatPath, type Path, type Position, positionAt, positionFinder } from './position.ts';
import { problemOf } from './report.ts';
import { dialectWarnings, nodeFaults, textFaults } from './text-rules.ts';

/** Largest configuration file, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Most documents in all files of one configuration, items of lists included. */
const MAX_DOCUMENTS = 1000;
/** Deepest nesting of a document; the resources need eight levels. */
const MAX_DEPTH = 64;
const MAX_ALIASES = 100;
/** Most words and marks of a file: a MiB of resources has fewer, a MiB of commas would take seconds to read. */
const MAX_LEXEMES = 400_000;
const TOO_MUCH = new Error('too much to read');

/** One configuration file as text; the name is only shown. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

/** One resource as data, with the way back to the text it came from. */
export interface LoadedResource {
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Where a value or key of the resource stands; the nearest parent when it is not written down. */
  readonly locate: (path: Path, what?: 'key' | 'value') => Position;
  /** YAML 1.1 and 1.2 read these values differently. */
  readonly problems: readonly Problem[];
}

/** Resources and what is wrong with the text they came from. */
export interface LoadResult {
  readonly problems: readonly Problem[];
  readonly resources: readonly LoadedResource[];
}

interface Loading {
  readonly problems: Problem[];
  readonly resources: LoadedResource[];
  documents: number;
}

/** Reads YAML and JSON files of several documents; never throws, whatever the text. Documents with a problem are left out. */
export function loadResources(files: readonly ConfigFile[]): LoadResult {
  const loading: Loading = { problems: [], resources: [], documents: 0 };
  for (const file of files) loadFile(file, loading);
  return { problems: loading.problems, resources: loading.resources };
}

function loadFile(file: ConfigFile, loading: Loading): void {
  const text = file.text.startsWith('\uFEFF') ? file.text.slice(1) : file.text;
  const start = { line: 1, column: 1 };
  if (text.length > MAX_FILE_BYTES || utf8Length(text) > MAX_FILE_BYTES) {
    loading.problems.push(problemOf('YA002', file.name, start, [], 'the file is larger than 1 MiB'));
    return;
  }
  try {
    loadDocuments({ name: file.name, text }, loading);
  } catch (error) {
    loading.problems.push(thrownProblem(error, file.name, start));
  }
}

/** The yaml package recurses and counts aliases by throwing; whatever it throws is about the text. */
function thrownProblem(error: unknown, file: string, start: Position): Problem {
  if (error === TOO_MUCH) return problemOf('YA002', file, start, [], `more than ${MAX_LEXEMES} words and marks`);
  if (error instanceof RangeError) return problemOf('YA006', file, start, [], 'the text is nested too deeply');
  return problemOf('YA001', file, start, [], String(error));
}

function loadDocuments(file: ConfigFile, loading: Loading): void {
  const lines = new LineCounter();
  const composer = new Composer({
    strict: true,
    // It compares each key with all before it; nodeFaults looks them up.
    uniqueKeys: false,
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  });
  for (const document of composed(file.text, lines, composer)) {
    if (++loading.documents > MAX_DOCUMENTS) {
      loading.problems.push(
        problemOf('YA002', file.name, positionAt(lines, document.range[0]), [], `more than ${MAX_DOCUMENTS} documents`),
      );
      return;
    }
    const { contents } = document;
    const empty = contents === null || (isScalar(contents) && contents.value === null);
    if (!empty || document.errors.length > 0) loadDocument(file.name, document, lines, loading);
  }
}

/** The documents of a text, one by one; throws as soon as one is nested too deeply, or there is too much to read. */
function* composed(text: string, lines: LineCounter, composer: Composer): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  let lexemes = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) throw TOO_MUCH;
    for (const token of parser.next(lexeme)) yield* composer.next(token) as Generator<Document.Parsed>;
    // The parser keeps one entry per open collection.
    if (parser.stack.length > MAX_DEPTH) throw new RangeError('nesting');
  }
  for (const token of parser.end()) yield* composer.next(token) as Generator<Document.Parsed>;
  yield* composer.end() as Generator<Document.Parsed>;
}

function loadDocument(file: string, document: Document.Parsed, lines: LineCounter, loading: Loading): void {
  const faults = [...textFaults(file, document, lines), ...nodeFaults(file, document, lines)];
  loading.problems.push(...faults);
  if (faults.length > 0) return;
  const start = positionAt(lines, document.contents?.range?.[0] ?? document.range[0]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unresolved = message.startsWith('Unresolved alias');
    loading.problems.push(
      problemOf(unresolved ? 'YA001' : 'YA004', file, start, [], unresolved ? message : 'the aliases expand too far'),
    );
    return;
  }
  if (isCyclic(value)) {
    loading.problems.push(problemOf('YA004', file, start, [], 'an alias is inside of what it stands for'));
    return;
  }
  const find = positionFinder(document, lines);
  const dialect = dialectWarnings(file, document, lines);
  addResource({ file, value, base: [], find, problems: dialect }, start, loading);
}

interface Candidate {
  readonly file: string;
  readonly value: unknown;
  readonly base: Path;
  readonly find: (path: Path, what?: 'key' | 'value') => Position;
  readonly problems: readonly Problem[];
}

function addResource(candidate: Candidate, start: Position, loading: Loading): void {
  const { file, value, base, find, problems } = candidate;
  if (!isRecord(value)) {
    loading.problems.push(
      problemOf('YA009', file, start, base, 'a resource is an object with apiVersion, kind and metadata'),
    );
    return;
  }
  if (value.kind === 'List' && Array.isArray(value.items)) {
    for (const [index, item] of value.items.entries()) {
      if (++loading.documents > MAX_DOCUMENTS) {
        loading.problems.push(problemOf('YA002', file, start, base, `more than ${MAX_DOCUMENTS} documents`));
        return;
      }
      const path = [...base, 'items', index];
      if (isRecord(item) && item.kind === 'List') {
        loading.problems.push(problemOf('YA009', file, find(path), path, 'a list inside a list'));
      } else {
        addResource(
          { ...candidate, value: item, base: path, problems: problemsBelow(path, problems) },
          find(path),
          loading,
        );
      }
    }
    return;
  }
  loading.resources.push({ file, value, locate: (path, what) => find([...base, ...path], what), problems });
}

/** The problems inside an item, with paths that begin at the item. */
function problemsBelow(base: Path, problems: readonly Problem[]): Problem[] {
  const prefix = `${formatPath(base)}.`;
  return problems.flatMap((problem) =>
    problem.path.startsWith(prefix) ? [{ ...problem, path: problem.path.slice(prefix.length) }] : [],
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
