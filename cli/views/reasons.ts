import type { HealthReason } from '../../shared/api/health.ts';
import { plainText } from '../control-plane-client/plain-text.ts';

/** A reason in a cell: its constant, and what it is about. */
export function reasonCell(reasons: readonly HealthReason[]): string {
  const [first] = reasons;
  if (first === undefined) return '';
  const more = reasons.length === 1 ? '' : ` (and ${reasons.length - 1} more)`;
  return `${first.reason}: ${first.message}${more}`;
}

/** Reasons with what to do about each; the same one is told once, with all it is about. */
export function reasonLines(reasons: readonly HealthReason[], connector?: string): string {
  const groups = Map.groupBy(reasons, ({ reason, message, fix }) => JSON.stringify([reason, message, fix]));
  return [...groups.values()].map((group) => groupLines(group, connector)).join('');
}

function groupLines(group: readonly HealthReason[], connector: string | undefined): string {
  const [first] = group;
  if (first === undefined) return '';
  const about = [...new Set(group.map((reason) => aboutOf(reason, connector)).filter(Boolean))].join('; ');
  const line = `${plainText(first.reason)}${about === '' ? '' : ` (${plainText(about)})`}: ${plainText(first.message)}\n`;
  return first.fix === undefined ? line : `${line}  try: ${plainText(first.fix)}\n`;
}

function aboutOf({ instance, route, side }: HealthReason, connector = ''): string {
  return [
    connector,
    instance === undefined ? '' : `instance ${instance}`,
    route === undefined ? '' : `route ${route}`,
    side === undefined ? '' : `${side} side`,
  ]
    .filter(Boolean)
    .join(', ');
}
