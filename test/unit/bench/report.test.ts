import { expect, test } from 'vitest';
import { type Metrics, metricsOf, type Sample } from '../../../bench/metrics.ts';
import { renderPage } from '../../../bench/report/page.ts';
import { renderMarkdown, renderText } from '../../../bench/report/table.ts';
import { buildTables } from '../../../bench/report/tables.ts';
import { judge, targetTable } from '../../../bench/report/targets.ts';
import { scenarios } from '../../../bench/scenarios.ts';

const sample = (scenario: string, contender: Sample['contender'], metrics: Metrics, round = 1): Sample => ({
  scenario,
  qos: scenario.includes('qos0') ? 0 : 1,
  contender,
  round,
  metrics,
});

const verdictOn = (samples: Sample[], target: string) => judge(samples).find((verdict) => verdict.target === target);

test('metrics - are per message, and the bridge counts towards the system', () => {
  const metrics = metricsOf({
    seconds: 2,
    messages: 1000,
    sent: 1500,
    lost: 0,
    duplicates: 3,
    cpuMicros: { bridge: 5000, source: 2000, target: 3000, load: 1000 },
    latency: { p50: 0.2, p99: 1 },
  });
  expect(metrics).toEqual({
    rate: 500,
    bridgeCpu: 5,
    systemCpu: 10,
    loadCpu: 1,
    p50: 0.2,
    p99: 1,
    sent: 1500,
    lost: 0,
    duplicates: 3,
  });
});

test('table - pads text to the left and figures to the right', () => {
  const table = {
    title: 'T',
    rows: [
      ['name', 'n'],
      ['a', '1,000'],
    ],
  };
  expect(renderText(table)).toBe('T\nname      n\na     1,000');
  expect(renderMarkdown(table)).toBe('## T\n\n| name | n |\n| --- | ---: |\n| a | 1,000 |');
});

test('tables - show the median rate, the sum of lost messages and a dash for what is missing', () => {
  const scenario = scenarios.filter(({ name }) => name === 'qos1-128-v4');
  const samples = [
    ...[10_000, 30_000, 20_000].map((rate, index) =>
      sample('qos1-128-v4', 'ours', { rate, bridgeCpu: 5, lost: index }, index),
    ),
    sample('qos1-128-v4', 'mosquitto', { rate: 16_000, lost: 0 }),
  ];
  const [table] = buildTables(scenario, samples);
  const row = (title: string) => table?.rows.find(([label]) => label?.endsWith(title));
  expect(row('mqttbridge')).toEqual([
    'QoS 1, 128 B, v3.1.1: mqttbridge',
    '20,000',
    '1.25',
    '5.00',
    '-',
    '-',
    '-',
    '3',
    '-',
  ]);
  expect(row("Mosquitto's bridge")?.slice(1, 4)).toEqual(['16,000', '1.00', '-']);
  expect(row('plain mqtt.js')?.slice(1)).toEqual(Array.from({ length: 8 }, () => '-'));
});

test.each([
  [42_000, 'pass'],
  [41_999, 'miss'],
])("targets - %d msg/s over Mosquitto's 40,000 is a %s", (rate, verdict) => {
  const samples = [sample('qos1-128-v4', 'ours', { rate }), sample('qos1-128-v4', 'mosquitto', { rate: 40_000 })];
  expect(verdictOn(samples, "QoS 1, 128 B, v3.1.1: msg/s over Mosquitto's bridge")?.verdict).toBe(verdict);
});

test.each([
  [0.4, 'pass'],
  [0.8, 'miss'],
])('targets - a p50 of %d ms over 0.2 ms without a bridge is a %s', (p50, verdict) => {
  const samples = [sample('latency-qos1', 'ours', { p50 }), sample('latency-qos1', 'direct', { p50: 0.2 })];
  expect(verdictOn(samples, 'p50 added at 2,000 msg/s, QoS 1')?.verdict).toBe(verdict);
});

test('targets - one lost QoS 1 message in any round is a miss, a lost QoS 0 message is not', () => {
  const target = 'Lost at QoS 1, all scenarios and rounds';
  const clean = [sample('qos1-128-v4', 'ours', { lost: 0 }), sample('qos0-128-v4', 'ours', { lost: 7 })];
  expect(verdictOn(clean, target)).toMatchObject({ measured: 0, verdict: 'pass' });
  expect(verdictOn([...clean, sample('lanes-1', 'ours', { lost: 1 }, 2)], target)).toMatchObject({ verdict: 'miss' });
});

test('targets - say that nothing was measured, and leave such rows out of a narrowed run', () => {
  const verdicts = judge([]);
  expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
  expect(targetTable(verdicts, false).rows).toHaveLength(1);
  expect(targetTable(verdicts, true).rows).toHaveLength(1 + verdicts.length);
});

test('targets - name only scenarios and contenders that exist', () => {
  const every = scenarios.flatMap(({ name, shape, contenders }) =>
    contenders.map((contender) => ({
      ...sample(name, contender, { rate: 1, bridgeCpu: 1, p50: 1, rss: 1, lost: 0 }),
      qos: shape.qos,
    })),
  );
  expect(judge(every).filter(({ verdict }) => verdict === 'not measured')).toEqual([]);
});

test('page - names the machine and holds every table', () => {
  const machine = {
    cores: 2,
    processor: 'X',
    memoryGiB: 24,
    kernel: 'Linux 6',
    node: '24.0.0',
    mosquitto: '2.0.11',
    date: '2026-01-02T03:04:05.000Z',
  };
  const page = renderPage(machine, [
    {
      title: 'Targets',
      rows: [
        ['target', 'verdict'],
        ['a', 'pass'],
      ],
    },
  ]);
  expect(page).toContain('2 cores (X), 24 GiB, Linux 6');
  expect(page).toContain('Node 24.0.0, Mosquitto 2.0.11');
  expect(page).toContain('## Targets\n\n| target | verdict |');
});
