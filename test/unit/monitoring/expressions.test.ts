import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DropReason, RetryReason } from '../../../agent/forward/counters.ts';
import { HARMLESS_DROPS } from '../../../cli/generate/monitoring/thresholds.ts';
import { labelsWithin } from '../../support/promql/known-labels.ts';
import { parsePromql } from '../../support/promql/parse.ts';
import { KNOWN_METRICS } from './known-metrics.ts';
import { RULES } from './played-rules.ts';

const PAGE = join(import.meta.dirname, '../../../docs/operations.md');
const HEADINGS = [...(await readFile(PAGE, 'utf8')).matchAll(/^### (MqttBridge\w+)$/gm)].map((match) => match[1]);

describe('alert rules', () => {
  test.each(RULES.map((rule) => [rule.alert, rule] as const))(
    '%s asks for metrics and labels of the registry, and speaks of labels that it has',
    (_name, { expr, annotations }) => {
      const labels = labelsWithin(parsePromql(expr), KNOWN_METRICS);
      const spoken = [
        ...Object.values(annotations)
          .join(' ')
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label]) => label);
      for (const label of spoken) expect(labels).toContain(label);
    },
  );

  test.each(RULES.map((rule) => [rule.alert, rule] as const))(
    '%s has a summary, a description and a runbook whose heading exists',
    (alert, { labels, annotations }) => {
      expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url']);
      expect(annotations['runbook_url']).toBe(`docs/operations.md#${alert.toLowerCase()}`);
      expect(HEADINGS).toContain(alert);
      expect(['critical', 'warning']).toContain(labels['severity']);
    },
  );

  test('each has its own name, and no heading is left of one that is gone', () => {
    const names = RULES.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    expect([...HEADINGS].sort()).toEqual([...names].sort());
  });

  test('reasons in selectors are reasons of the counters', () => {
    const harmless: readonly DropReason[] = HARMLESS_DROPS;
    const retries: readonly RetryReason[] = ['blocked', 'transient_refusal', 'throttled'];
    const used = RULES.flatMap(({ expr }) => [...expr.matchAll(/reason(?:=|=~|!~)"([^"]*)"/g)]);
    for (const [, reasons = ''] of used) {
      for (const reason of reasons.split('|')) expect([...harmless, ...retries]).toContain(reason);
    }
  });
});

describe('the check itself', () => {
  test.each([
    ['mqttbridge_nothing', 'there is no metric'],
    ['sum by (route) (mqttbridge_connection_up)', 'sum has no label route'],
    ['mqttbridge_connection_up{topic="a"}', 'has no label topic'],
    ['mqttbridge_lanes unless on (side) mqttbridge_connection_up', 'unless has no label side'],
    ['rate(mqttbridge_lanes)', 'rate gets the wrong kind of vector'],
    ['mqttbridge_lanes[5m] > 1 2', 'is too much'],
    ['sum(mqttbridge_lanes', 'ends too early'],
    ['deriv(mqttbridge_lanes[5m])', 'is no function that is used here'],
    ['mqttbridge_lanes{', 'ends too early'],
    ['mqttbridge_lanes ; 1', 'no PromQL'],
  ])('refuses %s', (expr, why) => {
    expect(() => labelsWithin(parsePromql(expr), KNOWN_METRICS)).toThrow(why);
  });
});
