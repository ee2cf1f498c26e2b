import type { AgentSnapshot, RouteSnapshot, SessionSnapshot } from '../../agent/observe/snapshot.ts';
import { addLatencies, latencySince, quantileBound } from './latency.ts';

/** Two looks at an agent and the time between them. */
export interface Interval {
  /** Absent at the first look. */
  readonly before?: AgentSnapshot;
  readonly now: AgentSnapshot;
  readonly seconds: number;
}

// What may be cut off on a narrow terminal stands last.
const HEAD = ['ROUTE', 'MSG/S', 'FORWARDED', 'DROPPED', 'P50', 'P95', 'STATE', 'FLOW'];
// The columns with numbers: MSG/S to P95.
const isNumeric = (column: number): boolean => column >= 1 && column <= 5;

/** The live table: one line per route and a line each about the sessions and the configuration. */
export function renderTable(interval: Interval): string[] {
  const rows = interval.now.routes.map((route) => cellsOf(route, interval));
  return [...align([HEAD, ...rows]), '', sessionLine(interval.now.sessions), ...configLines(interval.now)];
}

/** Lines cut to `columns`. */
export function fit(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => (line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line));
}

/** The same in one line, for where no table can be redrawn. */
export function renderLine({ before, now, seconds }: Interval): string {
  const up = now.routes.filter((route) => route.direction === 'local-to-remote');
  const down = now.routes.filter((route) => route.direction === 'remote-to-local');
  const rate = (routes: readonly RouteSnapshot[]): string =>
    rateText(routes.reduce((sum, route) => sum + forwardedSince(route, before), 0) / seconds);
  const latency = addLatencies(now.routes.map((route) => latencyOf(route, before)));
  return [
    `up ${rate(up)} msg/s`,
    `down ${rate(down)} msg/s`,
    `forwarded ${total(now.routes, (route) => route.counters.forwarded)}`,
    `dropped ${total(now.routes, droppedBy)}`,
    `p50 ${durationText(quantileBound(latency, 0.5))}`,
    `p95 ${durationText(quantileBound(latency, 0.95))}`,
  ].join('  ');
}

function cellsOf(route: RouteSnapshot, { before, seconds }: Interval): string[] {
  const { counters, lanes } = route;
  const latency = latencyOf(route, before);
  return [
    route.route,
    rateText(forwardedSince(route, before) / seconds),
    String(counters.forwarded),
    String(droppedBy(route)),
    durationText(quantileBound(latency, 0.5)),
    durationText(quantileBound(latency, 0.95)),
    lanes.ready === lanes.total ? 'running' : `${lanes.ready}/${lanes.total} lanes`,
    flowText(route),
  ];
}

function flowText({ direction, source, target }: RouteSnapshot): string {
  const [from, to] = direction === 'local-to-remote' ? ['local', 'remote'] : ['remote', 'local'];
  return `${from} ${source} → ${to} ${target ?? '(same topic)'}`;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (isNumeric(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}

function sessionLine(sessions: readonly SessionSnapshot[]): string {
  const parts = (['local', 'remote'] as const).map((side) => {
    const all = sessions.filter((session) => session.side === side);
    const connected = all.filter((session) => session.state === 'connected').length;
    const fault = all.find((session) => session.fault !== undefined)?.fault;
    return `${side} ${connected}/${all.length} connected${fault === undefined ? '' : ` (${fault.reason})`}`;
  });
  return `sessions: ${parts.join(', ')}`;
}

function configLines({ config }: AgentSnapshot): string[] {
  const lines = [`configuration: generation ${config.generation}`];
  const [problem] = config.rejected?.problems ?? [];
  if (config.rejected === undefined) return lines;
  const why = problem === undefined ? '' : `: ${problem.file}:${problem.line} ${problem.rule} ${problem.message}`;
  return [...lines, `the newest one was refused and changes nothing${why}`];
}

function sameRoute(route: RouteSnapshot, snapshot: AgentSnapshot | undefined): RouteSnapshot | undefined {
  return snapshot?.routes.find((other) => other.topicMap === route.topicMap && other.route === route.route);
}

// A route that was replaced counts from zero again; that is no negative rate.
function forwardedSince(route: RouteSnapshot, before: AgentSnapshot | undefined): number {
  const { forwarded } = route.counters;
  const earlier = sameRoute(route, before)?.counters.forwarded ?? 0;
  return earlier > forwarded ? forwarded : forwarded - earlier;
}

function latencyOf(route: RouteSnapshot, before: AgentSnapshot | undefined) {
  return latencySince(sameRoute(route, before)?.counters.latency, route.counters.latency);
}

function droppedBy(route: RouteSnapshot): number {
  return Object.values(route.counters.dropped).reduce((sum, count) => sum + count, 0);
}

function total(routes: readonly RouteSnapshot[], value: (route: RouteSnapshot) => number): number {
  return routes.reduce((sum, route) => sum + value(route), 0);
}

function rateText(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}

// Buckets give bounds and not values, so the text says "at most".
function durationText(seconds: number | undefined): string {
  if (seconds === undefined) return '-';
  if (seconds === Infinity) return 'more';
  return seconds < 1 ? `≤${Number((seconds * 1_000).toFixed(3))} ms` : `≤${seconds} s`;
}
