import { format, type Table } from '../report/table.ts';
import { median } from '../statistics.ts';
import type { AgentFigures } from './agent.ts';

/** One start of an operator until it rests. */
export interface Pass {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly writes: number;
}

/** All that is measured of the operator and of agents that watch their definition. */
export interface Figures {
  readonly empty: { readonly memory: number };
  /** Nothing of the workloads is there yet. */
  readonly first: Pass;
  /** Everything is as it is to be. */
  readonly again: Pass & { readonly memory: number };
  readonly steady: {
    readonly seconds: number;
    readonly writes: number;
    /** Watches and the Lease aside; undefined where the server cannot be asked. */
    readonly requests: number | undefined;
    readonly cpuSeconds: number;
  };
  readonly agent: AgentFigures;
  readonly bundleBytes: number;
}

const TARGET = { cpuSeconds: 10, changeMs: 1000, startMs: 700, bundleMB: 5 };
const MB = 1e6;

/** The figures next to what they should be. */
export function figureTable(figures: Figures, size: { connectors: number; maps: number }): Table {
  const { empty, first, again, steady, agent, bundleBytes } = figures;
  const fleet = `${format(size.connectors, 0)} connectors, ${format(size.maps, 0)} topic maps`;
  const perMinute = (count: number) => format((count * 60) / steady.seconds, 1);
  const requests = steady.requests === undefined ? '-' : perMinute(steady.requests);
  return {
    title: 'Operator, and agents that watch their definition',
    rows: [
      ['what', 'measured', 'target'],
      [`${fleet}: all objects made, CPU s`, format(first.cpuSeconds, 2), ''],
      ['the same, wall s', format(first.seconds, 1), ''],
      ['the same, writes', format(first.writes, 0), ''],
      [`${fleet}: restart, nothing to do, CPU s`, format(again.cpuSeconds, 2), `< ${TARGET.cpuSeconds}`],
      ['the same, wall s', format(again.seconds, 1), ''],
      ['the same, writes', format(again.writes, 0), '0'],
      ['at rest, requests per minute besides watches and Lease', requests, '0'],
      ['at rest, writes per minute', perMinute(steady.writes), '0'],
      ['at rest, share of one core, %', format((steady.cpuSeconds / steady.seconds) * 100, 2), ''],
      ['operator without connectors, resident memory, MiB', format(empty.memory, 0), ''],
      ['operator with all of them, resident memory, MiB', format(again.memory, 0), ''],
      ['apply of a route to its first message, ms, median', format(median(agent.changes), 0), ''],
      ['the same, slowest', format(Math.max(...agent.changes), 0), `< ${format(TARGET.changeMs, 0)}`],
      ['agent, process start to ready, ms, median', format(median(agent.starts), 0), `< ${TARGET.startMs}`],
      ['agent with one route, resident memory, MiB', format(agent.memory, 0), ''],
      ['bundle of the program, MB', format(bundleBytes / MB, 2), `< ${TARGET.bundleMB}`],
    ],
  };
}

/** Whether every target is met. */
export function isGood({ first, again, steady, agent, bundleBytes }: Figures): boolean {
  return (
    Math.max(first.cpuSeconds, again.cpuSeconds) < TARGET.cpuSeconds &&
    again.writes === 0 &&
    steady.writes === 0 &&
    (steady.requests ?? 0) === 0 &&
    Math.max(...agent.changes) < TARGET.changeMs &&
    median(agent.starts) < TARGET.startMs &&
    bundleBytes < TARGET.bundleMB * MB
  );
}
