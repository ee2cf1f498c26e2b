import type { ProblemItem } from '../../shared/api/problem.ts';
import type { SentDocuments } from './documents.ts';
import { plainText } from './plain-text.ts';

/**
 * What a control plane found, printed as `validate` does: place, severity, rule, path, message, and a `try:` line; in the
 * order in which an author reads, and what is about documents that were not sent at the end.
 */
export function problemLines(items: readonly ProblemItem[], sent?: SentDocuments): string {
  return items
    .toSorted((a, b) => lineOf(a) - lineOf(b) || (a.column ?? 0) - (b.column ?? 0))
    .map((item) => problemLine(item, sent))
    .join('');
}

function lineOf({ line }: ProblemItem): number {
  return line ?? Number.MAX_SAFE_INTEGER;
}

function problemLine(item: ProblemItem, sent: SentDocuments | undefined): string {
  const { severity = 'error', rule, path, message, advice } = item;
  const field = path === '' ? '' : `${plainText(path)}: `;
  const line = `${placeOf(item, sent)}  ${severity}  ${plainText(rule)}  ${field}${plainText(message)}\n`;
  return advice === undefined ? line : `${line}  try: ${plainText(advice)}\n`;
}

function placeOf({ document, line, column = 1 }: ProblemItem, sent: SentDocuments | undefined): string {
  const place = line === undefined ? undefined : sent?.placeOf(line);
  if (place !== undefined) return `${place.file}:${place.line}:${column}`;
  // A document that is stored already, or a request without one.
  return document === undefined ? 'request' : plainText(document);
}
