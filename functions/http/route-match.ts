import type { Operation } from './contract.ts';

/** What a path leads to. */
export interface RouteMatch {
  /** As the operations have it, with the names of its parameters. */
  readonly path: string;
  /** Operations at this path by method. */
  readonly operations: ReadonlyMap<Operation['method'], Operation>;
  /** Decoded, unchecked. */
  readonly params: Readonly<Record<string, string>>;
}

interface Shape {
  readonly segments: readonly string[];
  readonly literals: number;
  readonly operations: Map<Operation['method'], Operation>;
}

/** Makes the function that finds the operations of a path below the prefix; a literal level wins over a parameter. */
export function routeMatcher(
  operations: readonly Operation[],
): (segments: readonly string[]) => RouteMatch | undefined {
  const shapes = shapesOf(operations);
  return (segments) => {
    const shape = shapes.find((candidate) => fits(candidate.segments, segments));
    return (
      shape && {
        path: shape.segments.join('/'),
        operations: shape.operations,
        params: paramsOf(shape.segments, segments),
      }
    );
  };
}

/** Names of the parameters of an operation's path, in order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Methods to be named in `Allow`. */
export function allowedMethods({ operations }: RouteMatch): string {
  const methods = [...operations.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...methods, 'OPTIONS'].join(', ');
}

function shapesOf(operations: readonly Operation[]): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const operation of operations) {
    const segments = operation.path.split('/');
    const shape = shapes.get(operation.path) ?? { segments, literals: literalsOf(segments), operations: new Map() };
    if (shape.operations.has(operation.method)) throw new Error(`${operation.method} ${operation.path} is there twice`);
    shape.operations.set(operation.method, operation);
    shapes.set(operation.path, shape);
  }
  return [...shapes.values()].sort((a, b) => b.literals - a.literals);
}

function literalsOf(segments: readonly string[]): number {
  return segments.filter((segment) => !segment.startsWith('{')).length;
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => part.startsWith('{') || part === segments[index]);
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> {
  const pairs = pattern.map((part, index) => [part, segments[index] ?? ''] as const);
  return Object.fromEntries(pairs.flatMap(([part, text]) => (part.startsWith('{') ? [[part.slice(1, -1), text]] : [])));
}
