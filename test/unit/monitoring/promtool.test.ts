import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test, type TestContext } from 'vitest';
import { stringify } from 'yaml';
import { dashboard } from '../../../cli/generate/monitoring/dashboard/dashboard.ts';
import { ruleFile } from '../../../cli/generate/monitoring/rules.ts';
import { playAlert } from '../../support/promql/play-alert.ts';
import { seriesOf } from '../../support/promql/series.ts';
import { isInstalled } from '../../support/installed-tool.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import type { AlertCase } from './cases/alert-case.ts';
import { ALERT_CASES } from './cases/all.ts';
import { RULES } from './played-rules.ts';

const run = promisify(execFile);

const installed = isInstalled('promtool', '--version');

type SeriesByName = Readonly<Record<string, string>>;

/** What promtool is to find at the end of a case: what our own evaluator says. */
function expectation({ alert, atMinute }: Pick<AlertCase, 'alert' | 'atMinute'>, series: SeriesByName): object {
  const rule = RULES.find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  const played = playAlert(rule, {
    series: Object.entries(series).map(([name, values]) => seriesOf(name, values, 60)),
    from: 0,
    to: atMinute * 60,
    stepSeconds: 60,
  });
  const firing = played.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations }));
  return { alertname: alert, eval_time: `${atMinute}m`, exp_alerts: firing };
}

function promtoolTest(name: string, series: SeriesByName, expected: readonly object[]): object {
  const inputs = Object.entries(series).map(([one, values]) => ({ series: one, values }));
  return { name, interval: '1m', input_series: inputs, alert_rule_test: expected };
}

/** Every case as promtool reads it. All share one test, each in a namespace of its own, but those about what is absent. */
function promtoolTests(): object[] {
  const isAlone = ({ alert }: AlertCase) =>
    RULES.find((one) => one.alert === alert)?.expr.startsWith('absent(') === true;
  const alone = ALERT_CASES.filter(isAlone);
  const shared = ALERT_CASES.filter((one) => !isAlone(one));
  const series = Object.fromEntries(
    shared.flatMap((one, index) =>
      Object.entries(one.series).map(([name, values]) => [
        name.replace('namespace="plant"', `namespace="plant-${index}"`),
        values,
      ]),
    ),
  );
  const moments = new Map(shared.map((one) => [`${one.alert} ${one.atMinute}`, one]));
  return [
    promtoolTest(
      'side by side',
      series,
      [...moments.values()].map((one) => expectation(one, series)),
    ),
    ...alone.map((one) => promtoolTest(`${one.alert}: ${one.when}`, one.series, [expectation(one, one.series)])),
  ];
}

// The rules are played by our own evaluator in every run (alerts.test.ts); this compares that with the real one.
if (!installed) {
  test('alerts are played by our own evaluator only: there is no promtool here to compare it with', () => {
    expect(promtoolTests().length).toBeGreaterThan(0);
  });
} else {
  test('Prometheus takes the rules, and plays them as our evaluator does', playsAlike);
  test('Prometheus takes every query of the dashboard', takesQueries);
}

async function playsAlike(context: TestContext): Promise<void> {
  const folder = await createTempDir(context, 'promtool');
  await writeFile(join(folder, 'rules.yaml'), stringify(ruleFile()));
  const cases = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: promtoolTests(),
  };
  await writeFile(join(folder, 'cases.yaml'), stringify(cases));
  await run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], { cwd: folder });
  const { stdout } = await run('promtool', ['test', 'rules', 'cases.yaml'], { cwd: folder });
  expect(stdout).toContain('SUCCESS');
}

async function takesQueries(context: TestContext): Promise<void> {
  const folder = await createTempDir(context, 'promtool');
  const queries = [...JSON.stringify(dashboard()).matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(
    ([, text = '']) => JSON.parse(text) as string,
  );
  const rules = queries.map((query, index) => ({
    record: `query_${index}`,
    expr: query.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*'),
  }));
  expect(rules.length).toBeGreaterThan(30);
  await writeFile(join(folder, 'queries.yaml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { stdout } = await run('promtool', ['check', 'rules', 'queries.yaml'], { cwd: folder });
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
}
