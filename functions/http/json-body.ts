import type { ApiResponse } from './contract.ts';
import { problemResponse } from './problems.ts';

/** Deepest nesting of a JSON body. */
const MAX_DEPTH = 64;

/** A JSON value, or the answer to a body that is none. */
export type JsonOutcome =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly response: ApiResponse };

/**
 * Reads a JSON body: UTF-8, at most 64 levels deep (looked at before parsing), without `__proto__` keys. Whether its
 * strings are well-formed is for the schema of the caller.
 */
export function parseJsonBody(body: Uint8Array): JsonOutcome {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return refused('InvalidUtf8', 'the body is not UTF-8');
  }
  return parseJson(text);
}

/** As `parseJsonBody`, of text. */
export function parseJson(text: string): JsonOutcome {
  if (nesting(text) > MAX_DEPTH) return refused('YA006', `the body is nested more than ${MAX_DEPTH} levels deep`);
  try {
    const value: unknown = JSON.parse(text);
    return namesPrototype(text, value)
      ? refused('YA007', 'the key "__proto__" is not allowed')
      : { kind: 'json', value };
  } catch (error) {
    // The rest of the message repeats what was sent.
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(error instanceof Error ? error.message : '') ?? [];
    const place = line === undefined ? {} : { line: Number(line), column: Number(column) };
    return refused('YA001', 'the body is not JSON', place);
  }
}

/** Walks the value only where the text may hold the key, which can be written with escapes. */
function namesPrototype(text: string, value: unknown): boolean {
  return /__proto__|\\u00/.test(text) && hasKey(value, '__proto__');
}

function hasKey(value: unknown, wanted: string): boolean {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, inner]) => key === wanted || hasKey(inner, wanted));
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** How deep brackets outside of strings are nested, whether or not the text is JSON. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted) at += code === BACKSLASH ? 1 : 0;
    else if (OPENING.has(code)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.has(code)) depth--;
  }
  return deepest;
}

function refused(rule: string, message: string, place = {}): Extract<JsonOutcome, { kind: 'refused' }> {
  return {
    kind: 'refused',
    response: problemResponse('bad-body', { errors: [{ path: '', rule, message, ...place }] }),
  };
}
