import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDesk } from '../processes/desk.ts';
import { describeMachine } from '../report/machine.ts';
import { replaceSection } from '../report/section.ts';
import { renderMarkdown, renderText } from '../report/table.ts';
import { median } from '../statistics.ts';
import { costSection, costTable } from './cost-table.ts';
import { type FleetFigures, runFleet } from './fleet.ts';
import { type Figures, figureTable, isGood } from './figures.ts';
import { startPlane } from './plane.ts';
import { measurePromptness } from './promptness.ts';
import { defineSites } from './sites.ts';

// node bench/control-plane/main.ts [--document] [--quick]: what the control plane costs on the local host; --cost: only the model.
const quick = process.argv.includes('--quick');
const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const STARTS = quick ? 3 : 9;
const IDLE_SECONDS = quick ? 5 : 60;
const ROUNDS = quick ? 3 : 15;
const LONE_REPORTS_PER_SECOND = 100;
const LONE_SECONDS = quick ? 5 : 30;
const FLEET = { agents: quick ? 1000 : 10_000, connectorsPerSite: 100, interval: 30, seconds: quick ? 10 : 120 };

const cost = costTable();
if (process.argv.includes('--document')) document('control-plane-cost', costSection(cost));
if (process.argv.includes('--cost')) {
  console.log(renderText(cost));
  process.exit(0);
}

const desk = openDesk();
const { pool, folder } = desk;

const figures: Figures = {
  starts: await measureStarts(),
  idle: await measureIdle(),
  lone: await measureFleet(2, 2 / LONE_REPORTS_PER_SECOND, LONE_SECONDS),
  fleet: await measureFleet(FLEET.agents, FLEET.interval, FLEET.seconds),
  promptness: await measurePromptness(desk, ROUNDS),
};
const table = figureTable(figures, FLEET.agents);
console.log(`${renderText(table)}\n\n${renderText(cost)}`);
if (process.argv.includes('--document')) {
  const { cores, processor, node, date } = describeMachine(process.versions.node, new Date());
  const measured = `Measured by \`node bench/control-plane/main.ts\` on ${cores} cores (${processor}), Node ${node}, ${date}; the load comes from the same machine.`;
  document('control-plane', `${renderMarkdown(table)}\n\n${measured}`);
}
process.exitCode = isGood(figures) ? 0 : 1;

function document(section: string, text: string): void {
  fs.writeFileSync(DOCUMENT, replaceSection(fs.readFileSync(DOCUMENT, 'utf8'), section, text));
}

async function measureStarts(): Promise<number> {
  const waits: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    const plane = await startPlane(pool, path.join(folder, 'starts'));
    waits.push(plane.startMs);
    await plane.stop();
  }
  return median(waits);
}

/** With one site defined, whose two agents are silent: the orchestration waits. */
async function measureIdle(): Promise<Figures['idle']> {
  const plane = await startPlane(pool, path.join(folder, 'idle'));
  await defineSites(plane, 2, 1);
  await pause(2_000);
  const before = plane.cpu();
  await pause(IDLE_SECONDS * 1000);
  const share = (plane.cpu() - before) / (IDLE_SECONDS * 1e6);
  const idle = { share, memory: plane.memory() };
  await plane.stop();
  return idle;
}

async function measureFleet(agents: number, interval: number, seconds: number): Promise<FleetFigures> {
  const plane = await startPlane(pool, path.join(folder, `fleet-${agents}`));
  const places = await defineSites(plane, agents, FLEET.connectorsPerSite);
  console.error(`${agents} agents: defined`);
  const figures = await runFleet(plane, places, interval, seconds);
  await plane.stop();
  return figures;
}
