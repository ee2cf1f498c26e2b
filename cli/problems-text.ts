import { formatProblem } from '../shared/config/report.ts';
import type { Problem } from '../shared/problem.ts';

/** Problems as people read them, each with its `try:` line. */
export function problemsText(problems: readonly Problem[]): string {
  return problems.map((problem) => `${formatProblem(problem).trimEnd()}\n`).join('');
}
