import { Composer, type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, Parser, visit } from 'yaml';
import type { Problem } from '../problem.ts';
import { utf8Length } from '../topic/name.ts';
import { nestingDepth } from './nesting.ts';
import { type Path, type Position, positionFinder } from './position.ts';
import { problemOf } from './report.ts';

/** Largest configuration file, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Most documents in all files of one configuration, items of lists included. */
export const MAX_DOCUMENTS = 1000;
/** Deepest nesting of a document; the resources need eight levels. */
export const MAX_DEPTH = 64;
const MAX_ALIASES = 100;

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
    // The yaml package recurses and counts aliases by throwing; whatever it throws is about this text.
    const message = error instanceof RangeError ? 'the text is nested too deeply' : String(error);
    loading.problems.push(problemOf(error instanceof RangeError ? 'YA006' : 'YA001', file.name, start, [], message));
  }
}

function loadDocuments(file: ConfigFile, loading: Loading): void {
  const lines = new LineCounter();
  const composer = new Composer({
    strict: true,
    uniqueKeys: true,
    lineCounter: lines,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const compose = function* (): Generator<Document.Parsed> {
    for (const token of new Parser(lines.addNewLine).parse(file.text)) {
      if (nestingDepth(token, MAX_DEPTH) > MAX_DEPTH) throw new RangeError('nesting');
      yield* composer.next(token) as Generator<Document.Parsed>;
    }
    yield* composer.end() as Generator<Document.Parsed>;
  };
  for (const document of compose()) {
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      if (document.errors.length === 0) continue;
    }
    if (++loading.documents > MAX_DOCUMENTS) {
      loading.problems.push(
        problemOf('YA002', file.name, at(lines, document.range[0]), [], `more than ${MAX_DOCUMENTS} documents`),
      );
      return;
    }
    loadDocument(file.name, document, lines, loading);
  }
}

function loadDocument(file: string, document: Document.Parsed, lines: LineCounter, loading: Loading): void {
  const faults = [...textFaults(file, document, lines), ...keyFaults(file, document, lines)];
  loading.problems.push(...faults);
  if (faults.length > 0) return;
  const start = at(lines, document.contents?.range?.[0] ?? document.range[0]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const rule = error instanceof ReferenceError ? 'YA004' : 'YA006';
    loading.problems.push(problemOf(rule, file, start, [], 'the aliases expand to too much'));
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
          { ...candidate, value: item, base: path, problems: index === 0 ? problems : [] },
          find(path),
          loading,
        );
      }
    }
    return;
  }
  loading.resources.push({ file, value, locate: (path, what) => find([...base, ...path], what), problems });
}

function textFaults(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const errors = document.errors.map((error) => {
    const rule = error.code === 'DUPLICATE_KEY' ? 'YA003' : 'YA001';
    return problemOf(rule, file, at(lines, error.pos[0]), [], firstLine(error.message));
  });
  const warnings = document.warnings.map((warning) => {
    const rule = warning.code === 'TAG_RESOLVE_FAILED' ? 'YA005' : 'YA001';
    return problemOf(rule, file, at(lines, warning.pos[0]), [], firstLine(warning.message));
  });
  return [...errors, ...warnings].slice(0, 20);
}

/** Keys that mean something else to other readers, or to JavaScript. */
function keyFaults(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_key, pair) {
      const key = pair.key as Node | null;
      const offset = key?.range?.[0] ?? 0;
      if (!isScalar(key) || typeof key.value !== 'string') {
        problems.push(problemOf('YA007', file, at(lines, offset), [], 'keys must be text'));
      } else if (key.value === '__proto__') {
        problems.push(problemOf('YA007', file, at(lines, offset), [], 'the key "__proto__" is not allowed'));
      } else if (key.value === '<<') {
        problems.push(problemOf('YA007', file, at(lines, offset), [], 'merge keys are not read: write the fields out'));
      }
    },
  });
  return problems.slice(0, 20);
}

/** What a YAML 1.1 reader such as kubectl takes for a boolean, and for an octal number. */
const OTHER_BOOLEAN = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const OTHER_NUMBER = /^[-+]?0(?:[0-7]+|o[0-7]+)$/;

function dialectWarnings(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(_key, scalar, ancestors) {
      const { source } = scalar;
      if (scalar.type !== 'PLAIN' || source === undefined || isKey(scalar, ancestors.at(-1))) return;
      const other = OTHER_BOOLEAN.test(source) ? 'a boolean' : OTHER_NUMBER.test(source) ? 'another number' : undefined;
      if (other === undefined) return;
      const message = `${source} is ${other} to YAML 1.1 readers such as kubectl, but ${JSON.stringify(scalar.value)} here`;
      problems.push(problemOf('YA008', file, at(lines, scalar.range?.[0] ?? 0), pathOf(ancestors, scalar), message));
    },
  });
  return problems;
}

function isKey(node: unknown, parent: unknown): boolean {
  return isPair(parent) && parent.key === node;
}

/** The path of a node, from the maps and sequences around it. */
function pathOf(ancestors: readonly unknown[], node: unknown): Path {
  const chain = [...ancestors, node];
  return chain.flatMap((ancestor, index): Path => {
    const child = chain[index + 1];
    if (isSeq(ancestor)) return [ancestor.items.indexOf(child)];
    if (isPair(ancestor) && isScalar(ancestor.key) && !isMap(ancestor)) return [String(ancestor.key.value)];
    return [];
  });
}

function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
