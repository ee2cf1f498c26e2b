import { execFile, execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ruleFile } from '../../../cli/generate/monitoring/rules.ts';
import { playAlert } from '../../support/promql/play-alert.ts';
import { seriesOf } from '../../support/promql/series.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import type { AlertCase } from './cases/alert-case.ts';
import { ALERT_CASES } from './cases/all.ts';
import { RULES } from './played-rules.ts';

const run = promisify(execFile);

function isInstalled(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A case as promtool reads it; what must fire is what our own evaluator says. */
function promtoolCase({ alert, when, series, atMinute }: AlertCase): object {
  const rule = RULES.find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  const played = playAlert(rule, {
    series: Object.entries(series).map(([name, values]) => seriesOf(name, values, 60)),
    from: 0,
    to: atMinute * 60,
    stepSeconds: 60,
  });
  const firing = played.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations }));
  return {
    name: `${alert}: ${when}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ alertname: alert, eval_time: `${atMinute}m`, exp_alerts: firing }],
  };
}

// The rules are played by our own evaluator in every run (alerts.test.ts); this compares that with the real one.
test.runIf(isInstalled())('Prometheus takes the rules, and plays them as our evaluator does', async (context) => {
  const folder = await createTempDir(context, 'promtool');
  await writeFile(join(folder, 'rules.yaml'), stringify(ruleFile()));
  const cases = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: ALERT_CASES.map(promtoolCase),
  };
  await writeFile(join(folder, 'cases.yaml'), stringify(cases));
  await run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], { cwd: folder });
  const { stdout } = await run('promtool', ['test', 'rules', 'cases.yaml'], { cwd: folder });
  expect(stdout).toContain('SUCCESS');
});
