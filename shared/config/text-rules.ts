import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Problem } from '../problem.ts';
import { type Path, positionAt } from './position.ts';
import { problemOf } from './report.ts';

/** Tags that say what the value is anyway. */
const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

/** What the YAML reader itself found wrong. */
export function textFaults(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const errors = document.errors.map((error) =>
    problemOf('YA001', file, positionAt(lines, error.pos[0]), [], firstLine(error.message)),
  );
  const warnings = document.warnings.map((warning) => {
    const rule = warning.code === 'TAG_RESOLVE_FAILED' ? 'YA005' : 'YA001';
    return problemOf(rule, file, positionAt(lines, warning.pos[0]), [], firstLine(warning.message));
  });
  return [...errors, ...warnings].slice(0, 20);
}

/** Tags and keys that mean something else to other readers, or to JavaScript. */
export function nodeFaults(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Node(_key, node) {
      for (const key of isMap(node) ? repeatedKeys(node) : []) {
        problems.push(problemOf('YA003', file, positionAt(lines, key.range?.[0] ?? 0), [], 'keys must be unique'));
      }
      if (node.tag === undefined || PLAIN_TAGS.has(node.tag)) return;
      problems.push(
        problemOf('YA005', file, positionAt(lines, node.range?.[0] ?? 0), [], `the tag "${node.tag}" is not allowed`),
      );
    },
    Pair(_key, pair) {
      const key = pair.key as Node | null;
      const offset = key?.range?.[0] ?? 0;
      if (!isScalar(key) || typeof key.value !== 'string') {
        problems.push(problemOf('YA007', file, positionAt(lines, offset), [], 'keys must be text'));
      } else if (key.value === '__proto__') {
        problems.push(problemOf('YA007', file, positionAt(lines, offset), [], 'the key "__proto__" is not allowed'));
      } else if (key.value === '<<') {
        problems.push(
          problemOf('YA007', file, positionAt(lines, offset), [], 'merge keys are not read: write the fields out'),
        );
      }
    },
  });
  return problems.slice(0, 20);
}

function repeatedKeys({ items }: YAMLMap): Scalar[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const repeated = seen.has(key.value);
    seen.add(key.value);
    return repeated ? [key] : [];
  });
}

/** What a YAML 1.1 reader such as kubectl takes for a boolean, and for an octal number. */
const OTHER_BOOLEAN = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const OTHER_NUMBER = /^[-+]?0(?:[0-7]+|o[0-7]+)$/;

/** Warnings of one document; finding the place of one among many takes time. */
const MAX_WARNINGS = 100;

/** Values that kubectl would read differently. */
export function dialectWarnings(file: string, document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar(_key, scalar, ancestors) {
      const { source } = scalar;
      if (scalar.type !== 'PLAIN' || source === undefined || isKey(scalar, ancestors.at(-1))) return;
      const other = OTHER_BOOLEAN.test(source) ? 'a boolean' : OTHER_NUMBER.test(source) ? 'another number' : undefined;
      if (other === undefined) return;
      const message = `${source} is ${other} to YAML 1.1 readers such as kubectl, but ${JSON.stringify(scalar.value)} here`;
      problems.push(
        problemOf('YA008', file, positionAt(lines, scalar.range?.[0] ?? 0), pathOf(ancestors, scalar), message),
      );
      return problems.length < MAX_WARNINGS ? undefined : visit.BREAK;
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

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
