import type { Problem } from '../problem.ts';
import { formatPath, type Path, type Position } from './position.ts';
import { ruleOf } from './rules.ts';

/** What a problem may say differently from its rule. */
export interface Wording {
  readonly advice?: string | undefined;
  readonly severity?: Problem['severity'];
}

/** A problem of a rule at a place, with the rule's severity and advice unless worded otherwise. */
export function problemOf(
  id: string,
  file: string,
  position: Position,
  path: Path,
  message: string,
  wording: Wording = {},
): Problem {
  const rule = ruleOf(id);
  return {
    rule: id,
    severity: wording.severity ?? rule.severity,
    file,
    line: position.line,
    column: position.column,
    path: formatPath(path),
    message,
    advice: wording.advice ?? rule.advice,
  };
}

/** A problem in two lines, as every program of the project prints it. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, rule, path, message, advice } = problem;
  const place = path === '' ? '' : `${path}: `;

  return `${file}:${line}:${column}  ${severity}  ${rule}  ${place}${message}\n  try: ${advice}`;
}

/** By file, line and column; the order in which an author reads. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
