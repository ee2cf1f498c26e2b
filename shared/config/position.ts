import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';

/** A place inside a resource: field names and list indexes from the outside in. */
export type Path = readonly (string | number)[];

/** A place in a file; both numbers count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Writes a path as JSON path, such as `spec.routes[1].target`. */
export function formatPath(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/** Finds where the value or the key of a path stands in a document; the nearest parent when it is not written down. */
export function positionFinder(document: Document.Parsed, lines: LineCounter) {
  return (path: Path, what: 'key' | 'value' = 'value'): Position => {
    let node: Node | null = document.contents;
    let offset = node?.range?.[0] ?? document.range[0];
    for (const [index, step] of path.entries()) {
      const found = childOf(resolved(node, document), step);
      if (found === undefined) break;
      const wanted = what === 'key' && index === path.length - 1 ? found.key : (found.value ?? found.key);
      offset = wanted?.range?.[0] ?? offset;
      node = found.value;
    }
    return positionAt(lines, offset);
  };
}

/** Line and column of an offset into a text. */
export function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

interface Child {
  readonly key: Node | null;
  readonly value: Node | null;
}

function childOf(node: Node | null, step: string | number): Child | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step] as Node | undefined;
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === String(step));
  return pair === undefined ? undefined : { key: pair.key as Node | null, value: pair.value as Node | null };
}

function resolved(node: Node | null, document: Document.Parsed): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}
