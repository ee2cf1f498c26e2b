import { describe, expect, test } from 'vitest';
import { playAlert } from '../../support/promql/play-alert.ts';
import { seriesOf } from '../../support/promql/series.ts';
import { ALERT_CASES } from './cases/all.ts';
import { RULES } from './played-rules.ts';

const MINUTE = 60;

describe('alerts', () => {
  test.each(
    ALERT_CASES.map(
      (one) => [`${one.alert} ${one.fires.length > 0 ? 'fires' : 'is silent'} when ${one.when}`, one] as const,
    ),
  )('%s', (_name, { alert, series, atMinute, fires }) => {
    const rule = RULES.find((one) => one.alert === alert);
    if (rule === undefined) throw new Error(`there is no alert ${alert}`);
    const played = playAlert(rule, {
      series: Object.entries(series).map(([name, values]) => seriesOf(name, values, MINUTE)),
      from: 0,
      to: atMinute * MINUTE,
      stepSeconds: MINUTE,
    });
    expect(played.map(({ labels }) => labels)).toEqual(fires.map((labels) => ({ ...labels, ...rule.labels })));
    for (const { annotations } of played) expect(Object.values(annotations).join(' ')).not.toMatch(/\{\{|\s\s|\(\)/);
  });

  test.each(RULES.map(({ alert }) => alert))('%s is played both firing and silent', (alert) => {
    const cases = ALERT_CASES.filter((one) => one.alert === alert);
    expect(new Set(cases.map(({ fires }) => fires.length > 0))).toEqual(new Set([true, false]));
  });
});
