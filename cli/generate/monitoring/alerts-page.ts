import { ALERT_GROUPS } from './rules.ts';

const BEFORE = `# Alerts

Made by \`node cli/generate/main.ts\` from \`cli/generate/monitoring\`. What each one asks of you is in [operations.md](../operations.md#alerts).
An alert fires when its expression has held for the time beside it at every evaluation, so a single restart raises none.

`;

/** The whole text of docs/reference/alerts.md: severity, patience and expression of each alert. */
export function alertsPage(): string {
  const rows = ALERT_GROUPS.flatMap(({ alerts }) =>
    alerts.map(
      ({ name, severity, forMinutes, expr }) =>
        `| [${name}](../operations.md#${name.toLowerCase()}) | ${severity} | ${forMinutes === 0 ? 'at once' : `${forMinutes} min`} | \`${expr.replaceAll('|', '\\|')}\` |`,
    ),
  );
  return `${BEFORE}${['| Alert | Severity | After | Expression |', '|---|---|---|---|', ...rows].join('\n')}\n`;
}
