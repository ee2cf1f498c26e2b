import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDesk } from '../processes/desk.ts';
import { describeMachine } from '../report/machine.ts';
import { replaceSection } from '../report/section.ts';
import { renderMarkdown, renderText } from '../report/table.ts';
import { measureAgent } from './agent.ts';
import { type BenchCluster, startDouble, useCluster } from './cluster.ts';
import { type Figures, figureTable, isGood } from './figures.ts';
import { PROGRAM, runToRest } from './operator.ts';
import { populate } from './resources.ts';

// node bench/operator/main.ts [--document] [--quick] [--kubeconfig FILE]: what the operator costs against the API server double, or
// in the (empty) namespace of a context. Nobody plays the StatefulSet controller: no agent reports but the one that is measured.
const quick = process.argv.includes('--quick');
const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const SIZE = quick ? { connectors: 20, maps: 100 } : { connectors: 200, maps: 1_000 };
const STEADY_SECONDS = quick ? 10 : 120;
const TIMES = quick ? { starts: 3, changes: 5 } : { starts: 15, changes: 30 };
/** What an operator does without being told anything. */
const OWN_PACE = /^watch |^(?:get|update|create) leases$/;

const at = process.argv.indexOf('--kubeconfig');
const desk = openDesk();
const cluster = at === -1 ? await startDouble(desk) : await useCluster(process.argv[at + 1] ?? '');
const figures = await measure(cluster);
await desk.pool.stopAll();
const table = figureTable(figures, SIZE);
console.log(renderText(table));
if (process.argv.includes('--document')) {
  const { cores, processor, node, date } = describeMachine(process.versions.node, new Date());
  const measured = `Measured by \`node bench/operator/main.ts\` on ${cores} cores (${processor}), Node ${node}, ${date}, against the API server double of the tests as a process of its own on the same machine.`;
  const text = `${renderMarkdown(table)}\n\n${measured}`;
  fs.writeFileSync(DOCUMENT, replaceSection(fs.readFileSync(DOCUMENT, 'utf8'), 'operator', text));
}
process.exit(isGood(figures) ? 0 : 1);

async function measure(cluster: BenchCluster): Promise<Figures> {
  const idle = await runToRest(desk, cluster, 0);
  const empty = { memory: idle.memory() };
  await idle.stop();
  const agent = await measureAgent(desk, cluster, TIMES);
  await populate(cluster, SIZE);
  console.error('defined');
  const first = await runToRest(desk, cluster, SIZE.connectors);
  await first.stop();
  cluster.clear();
  const again = await runToRest(desk, cluster, SIZE.connectors);
  const memory = again.memory();
  cluster.clear();
  const before = { cpu: again.cpu(), writes: await again.writesNow() };
  await pause(STEADY_SECONDS * 1000);
  const counts = await cluster.counts();
  const requests =
    counts && Object.entries(counts).reduce((sum, [what, count]) => (OWN_PACE.test(what) ? sum : sum + count), 0);
  const steady = {
    seconds: STEADY_SECONDS,
    writes: (await again.writesNow()) - before.writes,
    requests,
    cpuSeconds: again.cpu() - before.cpu,
  };
  await again.stop();
  return { empty, first, again: { ...again, memory }, steady, agent, bundleBytes: bundleBytes() };
}

/** Everything beside the entry file that it may load, source maps aside. */
function bundleBytes(): number {
  const folder = path.dirname(PROGRAM);
  const files = fs.readdirSync(folder).filter((file) => file.endsWith('.cjs'));
  return files.reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
}
