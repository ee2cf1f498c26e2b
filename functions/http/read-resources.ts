import type { ProblemItem } from '../../shared/api/problem.ts';
import { type LoadedResource, type LoadResult, loadResources } from '../../shared/config/load.ts';
import type { Problem } from '../../shared/problem.ts';
import type { ApiRequest, ApiResponse } from './contract.ts';
import { parseJson } from './json-body.ts';
import { mediaTypeOf } from './media-type.ts';
import { problemResponse } from './problems.ts';

/** Rules about text that nobody can read; other rules are about what it says. */
const UNREADABLE = new Set(['YA001', 'YA003', 'YA004', 'YA005', 'YA006', 'YA007']);
const TOO_MANY = 'YA002';

const NOTHING: ReadOutcome = {
  kind: 'refused',
  response: problemResponse('invalid-resource', {
    errors: [{ path: '', rule: 'NoResource', severity: 'error', message: 'the body holds no resource' }],
  }),
};

/** Resources of a body, or the answer to a body that has none. */
export type ReadOutcome =
  | { readonly kind: 'resources'; readonly loaded: LoadResult }
  | { readonly kind: 'refused'; readonly response: ApiResponse };

/** Reads the resources of a body: YAML of several documents, or JSON: one resource, a List, or an array of them. */
export function readResources({ body, headers }: ApiRequest): ReadOutcome {
  const isJson = mediaTypeOf(headers.get('content-type')) === 'application/json';
  const text = decoded(body);
  if (text === undefined) return refused([{ path: '', rule: 'InvalidUtf8', message: 'the body is not UTF-8' }]);
  const parsed = isJson ? parseJson(text) : undefined;
  if (parsed?.kind === 'refused') return parsed;
  const loaded = isJson && Array.isArray(parsed?.value) ? loadArray(text) : loadResources([{ name: 'body', text }]);
  return readable(loaded);
}

/** What a problem of the configuration is in an answer; places are told of what was sent. */
export function problemItem(problem: Problem, sent: boolean): ProblemItem {
  const { path, rule, severity, message, advice, file, line, column } = problem;
  const place = sent ? { line, column } : {};
  return { path, rule, severity, message, advice, ...(file === 'body' ? {} : { document: file }), ...place };
}

function readable(loaded: LoadResult): ReadOutcome {
  const items = [
    ...loaded.problems.map((problem) => problemItem(problem, true)),
    ...loaded.resources.flatMap(({ value }, index) => brokenText(value, String(index + 1), '')),
  ];
  if (items.some(({ rule }) => rule === TOO_MANY)) {
    return { kind: 'refused', response: problemResponse('body-too-large', { errors: items }) };
  }
  const unreadable = items.some(({ rule }) => UNREADABLE.has(rule) || rule === 'LoneSurrogate');
  if (unreadable) return refused(items);
  return loaded.resources.length === 0 && items.length === 0 ? NOTHING : { kind: 'resources', loaded };
}

/** Half of a surrogate pair has no UTF-8, so that it would come back as something else. */
function brokenText(value: unknown, document: string, path: string): ProblemItem[] {
  if (typeof value === 'string') return value.isWellFormed() ? [] : [surrogate(document, path)];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!key.isWellFormed()) return [surrogate(document, path)];
    return brokenText(inner, document, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  });
}

function surrogate(document: string, path: string): ProblemItem {
  return { path, rule: 'LoneSurrogate', message: 'half of a surrogate pair is no character', document };
}

/** An array is read as the items of a List; the line in front of it is taken off again. */
function loadArray(text: string): LoadResult {
  const { problems, resources } = loadResources([{ name: 'body', text: `{"kind":"List","items":\n${text}\n}` }]);
  const upOne = (problem: Problem): Problem => ({ ...problem, line: Math.max(1, problem.line - 1) });
  return {
    problems: problems.map(upOne),
    resources: resources.map(
      (resource): LoadedResource => ({
        ...resource,
        problems: resource.problems.map(upOne),
        locate: (path, what) => {
          const { line, column } = resource.locate(path, what);
          return { line: Math.max(1, line - 1), column };
        },
      }),
    ),
  };
}

function decoded(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function refused(errors: readonly ProblemItem[]): ReadOutcome {
  return { kind: 'refused', response: problemResponse('bad-body', { errors }) };
}
