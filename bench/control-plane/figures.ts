import { format, type Table } from '../report/table.ts';
import { median } from '../statistics.ts';
import type { FleetFigures } from './fleet.ts';
import type { Promptness } from './promptness.ts';

/** All that is measured of the control plane. */
export interface Figures {
  /** From the start of the process to its first answer, in milliseconds. */
  readonly starts: number;
  readonly idle: {
    /** Of one core. */
    readonly share: number;
    /** MiB. */
    readonly memory: number;
  };
  /** Two agents that report all the time and have nothing new to say. */
  readonly lone: FleetFigures;
  /** Many agents at their usual interval. */
  readonly fleet: FleetFigures;
  readonly promptness: Promptness;
}

const TARGET = {
  startMs: 700,
  idleShare: 0.02,
  idleMiB: 150,
  cpuMs: 3,
  p99Ms: 250,
  changeIntervals: 1,
  silenceIntervals: 1.5,
};

/** The figures next to what they should be. */
export function figureTable({ starts, idle, lone, fleet, promptness }: Figures, agents: number): Table {
  const { changes, silences } = promptness;
  const many = `${format(agents, 0)} agents, one report per 30 s`;
  return {
    title: 'Control plane on the local host',
    rows: [
      ['what', 'measured', 'target'],
      ['process start to first answer, ms', format(starts, 0), `< ${TARGET.startMs}`],
      ['idle, share of one core, %', format(idle.share * 100, 2), `< ${TARGET.idleShare * 100}`],
      ['idle, resident memory, MiB', format(idle.memory, 0), `< ${TARGET.idleMiB}`],
      ['report with nothing new, CPU ms', format(lone.cpuMs, 2), `<= ${TARGET.cpuMs}`],
      ['report with nothing new, p99 ms', format(lone.p99, 1), ''],
      [`${many}: CPU ms per report, health included`, format(fleet.cpuMs, 2), ''],
      [`${many}: p50 ms`, format(fleet.p50, 1), ''],
      [`${many}: p99 ms`, format(fleet.p99, 1), `< ${TARGET.p99Ms}`],
      [`${many}: largest ms`, format(fleet.largest, 1), ''],
      [`${many}: reports answered`, format(fleet.reports, 0), ''],
      [`${many}: errors`, format(fleet.errors, 0), '0'],
      [`${many}: resident memory, MiB`, format(fleet.memory, 0), ''],
      ['changed definition runs at the agent, report intervals, median', format(median(changes), 2), ''],
      ['the same, slowest', format(Math.max(...changes), 2), `<= ${TARGET.changeIntervals}`],
      ['killed agent is Stale, report intervals after its last report, median', format(median(silences), 2), ''],
      ['the same, slowest', format(Math.max(...silences), 2), `<= ${TARGET.silenceIntervals}`],
    ],
  };
}

/** Whether every target is met. */
export function isGood({ starts, idle, lone, fleet, promptness }: Figures): boolean {
  return (
    starts < TARGET.startMs &&
    idle.share < TARGET.idleShare &&
    idle.memory < TARGET.idleMiB &&
    lone.cpuMs <= TARGET.cpuMs &&
    fleet.p99 < TARGET.p99Ms &&
    lone.errors + fleet.errors === 0 &&
    Math.max(...promptness.changes) <= TARGET.changeIntervals &&
    Math.max(...promptness.silences) <= TARGET.silenceIntervals
  );
}
