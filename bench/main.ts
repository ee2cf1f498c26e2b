import fs from 'node:fs';
import type { Lab } from './contenders/contender.ts';
import { type Options, parseOptions, usage } from './options.ts';
import { openDesk } from './processes/desk.ts';
import { describeMachine } from './report/machine.ts';
import { renderPage } from './report/page.ts';
import { sectionOf } from './report/section.ts';
import { renderText } from './report/table.ts';
import { buildTables } from './report/tables.ts';
import { judge, targetTable } from './report/targets.ts';
import { runAll } from './schedule.ts';

const document = new URL('../docs/benchmarks.md', import.meta.url);

const { pool, folder } = openDesk();
const options = readOptions();
process.exitCode = options ? await run(options) : 2;

function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: ${usage}`);
    return undefined;
  }
}

async function run(options: Options): Promise<number> {
  const nodeOptions = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
  const lab: Lab = { pool, folder, node: process.execPath, nodeOptions };
  const machine = describeMachine(process.versions.node, new Date());
  const samples = await runAll(lab, options, (line) => console.error(line));
  const verdicts = judge(samples);
  const tables = [...buildTables(options.scenarios, samples), targetTable(verdicts, options.document)];
  if (options.json) console.log(JSON.stringify({ machine, samples, verdicts }, null, 2));
  else
    console.log(
      tables
        .filter(({ rows }) => rows.length > 1)
        .map(renderText)
        .join('\n\n'),
    );
  if (options.document) {
    // The control plane is measured on its own.
    const page = fs.readFileSync(document, 'utf8');
    const kept = ['control-plane', 'control-plane-cost', 'operator'].flatMap((name) => sectionOf(page, name) ?? []);
    fs.writeFileSync(document, [renderPage(machine, tables), ...kept].join('\n'));
  }

  const losses = samples.filter(({ qos, metrics }) => qos === 1 && (metrics.lost ?? 0) > 0);
  for (const { scenario, contender, metrics } of losses) {
    console.error(`LOST at QoS 1: ${scenario} ${contender}: ${metrics.lost} of ${metrics.sent}`);
  }
  const failed = samples.filter(({ problem }) => problem !== undefined);
  if (failed.length > 0) console.error(`${failed.length} measurements failed, see above`);
  return failed.length + losses.length > 0 ? 1 : 0;
}
