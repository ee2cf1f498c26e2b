import type { Lab } from './contenders/contender.ts';
import { measure } from './measure.ts';
import type { Sample } from './metrics.ts';
import type { Options } from './options.ts';
import type { Scenario } from './scenarios.ts';

/** No measurement starts later than this into a run; what is left out shows as not measured. */
const budgetMs = 14 * 60_000;
const quickBudgetMs = 110_000;

/** Measures everything asked for, contenders in turn within each round, and reports each sample as a line. */
export async function runAll(lab: Lab, options: Options, report: (line: string) => void): Promise<Sample[]> {
  const deadline = performance.now() + (options.quick ? quickBudgetMs : budgetMs);
  const failed = new Set<string>();
  const samples: Sample[] = [];
  for (const scenario of options.scenarios) {
    for (const { round, contender } of turns(scenario, options.rounds)) {
      // A contender that cannot run a scenario once will not the next time either.
      if (failed.has(`${scenario.name} ${contender}`) || performance.now() > deadline) continue;
      const sample = await measure(lab, scenario, contender, round);
      samples.push(sample);
      if (sample.problem !== undefined) failed.add(`${scenario.name} ${contender}`);
      report(line(sample));
    }
  }
  if (performance.now() > deadline) report('time is up: the rest was not measured');
  return samples;
}

function turns(scenario: Scenario, rounds: number) {
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    scenario.contenders.map((contender) => ({ round, contender })),
  );
}

function line({ scenario, contender, round, metrics, problem }: Sample): string {
  if (problem !== undefined) return `${scenario} ${contender} #${round}: ${problem}`;
  const { rate = 0, bridgeCpu, p50, lost = 0 } = metrics;
  const cpu = bridgeCpu === undefined ? '' : `, ${bridgeCpu.toFixed(2)} µs CPU/msg`;
  const latency = p50 === undefined ? '' : `, p50 ${p50.toFixed(3)} ms`;
  return `${scenario} ${contender} #${round}: ${Math.round(rate)} msg/s${cpu}${latency}, lost ${lost}`;
}
