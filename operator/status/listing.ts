import type { Problem } from '../../shared/problem.ts';

const SHOWN = 5;

/** The first few of a list and the number of the others, such as `0, 1 and 3 more`. */
export function listing(items: readonly string[], separator = ', ', shown = SHOWN): string {
  if (items.length <= shown) return items.join(separator);
  return `${items.slice(0, shown).join(separator)} and ${(items.length - shown).toLocaleString('en-US')} more`;
}

/** Problems by rule and path, errors before warnings, the first few of them. */
export function problemListing(problems: readonly Problem[]): string {
  const sorted = [...errorsIn(problems), ...problems.filter(({ severity }) => severity === 'warning')];
  return listing(sorted.map(problemText), '; ', 3);
}

/** Those that refuse the document. */
export function errorsIn(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

function problemText({ rule, path, message, advice }: Problem): string {
  const place = path === '' ? '' : ` ${short(path, 120)}`;
  return `${rule}${place}: ${short(message, 160)} (${short(advice, 120)})`;
}

function short(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
