import type { Problem } from '../../shared/problem.ts';

/** Entries of a list that are shown in a message. */
export const SHOWN = 5;

/** The first few of a list and the number of the others, such as `a, b and 3 more`. */
export function listing(items: readonly string[], separator = ', ', shown = SHOWN): string {
  if (items.length <= shown) return items.join(separator);
  return `${items.slice(0, shown).join(separator)} and ${(items.length - shown).toLocaleString('en-US')} more`;
}

/** Problems by rule and path with what to do, the first few and the number of the others. */
export function problemListing(problems: readonly Problem[]): string {
  return `${listing(problems.slice(0, 3).map(problemText), '; ')}${more(problems.length - 3)}`;
}

function more(count: number): string {
  return count > 0 ? ` and ${count.toLocaleString('en-US')} more` : '';
}

/** Those that refuse the document. */
export function errorsIn(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

/** Those that are only told. */
export function warningsIn(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'warning');
}

function problemText({ rule, path, message, advice }: Problem): string {
  const place = path === '' ? '' : ` ${shortened(path, 100)}`;
  return `${rule}${place}: ${shortened(message, 120)} (${shortened(advice, 100)})`;
}

/** A text of at most so many UTF-16 code units, with a mark where it was cut. */
export function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
