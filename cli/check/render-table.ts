import type { CheckReport, CheckStatus, Finding } from './report-schema.ts';

/** How much the table says: 0 one line for routes that are all well, 1 a line for each and the reasons' names, 2 what each rests on. */
export type DetailLevel = 0 | 1 | 2;

const MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: '[ok]  ',
  warning: '[warn]',
  error: '[fail]',
  skipped: '[skip]',
};
/** As wide as the longest name of a check. */
const NAME_WIDTH = 13;
const INDENT = ' '.repeat(11);

/** The report for people, grouped by side. */
export function renderTable(report: CheckReport, level: DetailLevel): string {
  const blocks = [
    block('configuration', report.configuration, level),
    ...report.connectors.flatMap(({ name, findings }) => [
      block(
        name,
        findings.filter(({ side }) => side === undefined),
        level,
      ),
      block(
        `${name} local`,
        findings.filter(({ side }) => side === 'local'),
        level,
      ),
      block(
        `${name} remote`,
        findings.filter(({ side }) => side === 'remote'),
        level,
      ),
    ]),
  ];
  return [...blocks.filter((lines) => lines.length > 0), [totals(report)]]
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function block(title: string, findings: readonly Finding[], level: DetailLevel): string[] {
  if (findings.length === 0) return [];
  return [printable(title), ...merged(findings, level).flatMap((one) => linesOf(one, level))];
}

function linesOf({ check, status, message, advice, reason, details }: Finding, level: DetailLevel): string[] {
  const below = {
    ...(advice !== undefined && { try: advice }),
    ...(level > 0 && reason !== undefined && { reason }),
    ...(level > 1 && details),
  };
  return [
    `  ${MARKS[status]} ${check.padEnd(NAME_WIDTH)} ${printable(message)}`,
    ...Object.entries(below).map(([key, value]) => `${INDENT}${key}: ${printable([value].flat().join(', '))}`),
  ];
}

/** Routes that are all well are one line, until details are asked for. */
function merged(findings: readonly Finding[], level: DetailLevel): Finding[] {
  const routes = findings.filter(({ route, status }) => route !== undefined && status === 'ok');
  const [first] = routes;
  if (level > 0 || first === undefined || routes.length === 1) return [...findings];
  const message = `${routes.length} routes may read their sources.`;
  return findings.flatMap((one) => (one === first ? [{ ...one, message }] : routes.includes(one) ? [] : [one]));
}

function totals({ counts: { ok, warning, error, skipped } }: CheckReport): string {
  return `${ok} ok, ${warning} to look at, ${error} failed, ${skipped} skipped`;
}

/** A broker's words must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
