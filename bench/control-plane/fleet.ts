import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../statistics.ts';
import { createSimulatedAgent, type SimulatedAgent } from './agent.ts';
import type { Plane } from './plane.ts';
import type { Place } from './sites.ts';

const CONNECTIONS = 64;
const WARM_UP_AT_ONCE = 32;
const WARM_UP_SECONDS = 10;

/** What a fleet saw, and what it cost the control plane. */
export interface FleetFigures {
  readonly reports: number;
  readonly errors: number;
  /** From when a report was due to its answer, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
  /** CPU time of the control plane per report, all that it did besides included, in milliseconds. */
  readonly cpuMs: number;
  /** Resident memory at the end, in MiB. */
  readonly memory: number;
}

/** Lets agents report once each per interval, evenly spread, for so many seconds; first each fetches its document. */
export async function runFleet(plane: Plane, places: readonly Place[], interval: number, seconds: number) {
  const connections = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const agents = places.map((place) => createSimulatedAgent(plane.url, place, connections));
  await introduce(agents);
  const gapMs = (interval * 1000) / agents.length;
  await reportFor(plane, agents, gapMs, WARM_UP_SECONDS);
  const figures = await reportFor(plane, agents, gapMs, seconds);
  connections.destroy();
  return figures;
}

async function reportFor(plane: Plane, agents: readonly SimulatedAgent[], gapMs: number, seconds: number) {
  const notes: Notes = { waits: [], errors: [], open: new Set() };
  const total = Math.floor((seconds * 1000) / gapMs);
  const cpu = plane.cpu();
  const began = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor((performance.now() - began) / gapMs) + 1);
    for (; sent < due; sent++) note(notes, agents[sent % agents.length], began + sent * gapMs);
    await pause(1);
  }
  await Promise.all(notes.open);
  return conclude(notes, (plane.cpu() - cpu) / 1000, plane.memory());
}

interface Notes {
  readonly waits: number[];
  readonly errors: string[];
  readonly open: Set<Promise<void>>;
}

/** The first report of each brings the document, the second says that it runs. */
async function introduce(agents: readonly SimulatedAgent[]): Promise<void> {
  const queue = [...agents, ...agents].values();
  const work = async () => {
    for (const agent of queue) await agent.report();
  };
  await Promise.all(Array.from({ length: WARM_UP_AT_ONCE }, work));
}

// A report is timed from when it was due, so that a slow control plane cannot hide behind a late sender.
function note(notes: Notes, agent: SimulatedAgent, due: number): void {
  const done = agent
    .report()
    .then(
      () => void notes.waits.push(performance.now() - due),
      (error: Error) => void notes.errors.push(error.message),
    )
    .finally(() => notes.open.delete(done));
  notes.open.add(done);
}

function conclude({ waits, errors }: Notes, cpuMs: number, memory: number): FleetFigures {
  const sorted = waits.toSorted((a, b) => a - b);
  for (const error of new Set(errors)) console.error(error);
  return {
    reports: waits.length,
    errors: errors.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    largest: sorted.at(-1) ?? Number.NaN,
    cpuMs: cpuMs / waits.length,
    memory,
  };
}
