import type { ContenderName } from '../contenders/contender.ts';
import { type Metric, medianOf, type Sample } from '../metrics.ts';
import { addedLatency } from './derived.ts';
import { format, type Table } from './table.ts';

/** A figure the bridge must reach; `measure` yields undefined when the run lacks what it needs. */
interface Target {
  readonly text: string;
  readonly bound: 'least' | 'most';
  readonly limit: number;
  readonly unit: string;
  measure(samples: readonly Sample[]): number | undefined;
}

/** A target with what this run says of it. */
export interface Verdict {
  readonly target: string;
  readonly limit: string;
  readonly measured: number | undefined;
  readonly unit: string;
  readonly verdict: 'pass' | 'miss' | 'not measured';
}

type Measure = Target['measure'];

const value =
  (scenario: string, contender: ContenderName, metric: Metric): Measure =>
  (samples) =>
    medianOf(samples, scenario, contender, metric);

const ratio =
  (over: Measure, under: Measure): Measure =>
  (samples) => {
    const [upper, lower] = [over(samples), under(samples)];
    return upper === undefined || lower === undefined ? undefined : upper / lower;
  };

const least = (text: string, limit: number, measure: Measure): Target => ({
  text,
  bound: 'least',
  limit,
  unit: 'x',
  measure,
});

const most = (text: string, limit: number, unit: string, measure: Measure): Target => ({
  text,
  bound: 'most',
  limit,
  unit,
  measure,
});

const ours = (scenario: string, metric: Metric) => value(scenario, 'ours', metric);
const against = (scenario: string, contender: ContenderName) =>
  ratio(ours(scenario, 'rate'), value(scenario, contender, 'rate'));

const throughputTargets = (['v4', 'v5'] as const).flatMap((version): Target[] => {
  const [one, zero] = [`qos1-128-${version}`, `qos0-128-${version}`];
  const name = version === 'v4' ? 'v3.1.1' : 'v5';
  return [
    least(`QoS 1, 128 B, ${name}: msg/s over Mosquitto's bridge`, 1.05, against(one, 'mosquitto')),
    least(`QoS 1, 128 B, ${name}: msg/s over plain mqtt.js`, 7, against(one, 'plain')),
    most(`QoS 1, 128 B, ${name}: CPU per message`, 7, 'µs', ours(one, 'bridgeCpu')),
    least(`QoS 0, 128 B, ${name}: msg/s over Mosquitto's bridge`, 0.8, against(zero, 'mosquitto')),
    most(`QoS 0, 128 B, ${name}: CPU per message`, 3, 'µs', ours(zero, 'bridgeCpu')),
  ];
});

const aloneTargets = ([1, 0] as const).flatMap((qos): Target[] => {
  const scenario = `alone-qos${qos}-128-v4`;
  const cpu = ours(scenario, 'bridgeCpu');
  return [
    least(
      `Alone, QoS ${qos}: pipelined mqtt.js's CPU over ours`,
      10,
      ratio(value(scenario, 'pipelined', 'bridgeCpu'), cpu),
    ),
    most(`Alone, QoS ${qos}: CPU per message`, qos === 1 ? 4 : 1.5, 'µs', cpu),
  ];
});

/** Every target of the issue that a bench can show. */
const targets: readonly Target[] = [
  ...throughputTargets,
  ...aloneTargets,
  least(
    'v5 with 3 user properties, QoS 1: msg/s over its own v3.1.1',
    0.8,
    ratio(ours('qos1-128-v5-props', 'rate'), ours('qos1-128-v4', 'rate')),
  ),
  most(
    'CPU per message, 100 lanes over 1',
    1.2,
    'x',
    ratio(ours('lanes-100', 'bridgeCpu'), ours('lanes-1', 'bridgeCpu')),
  ),
  most(
    'CPU per message, 1,000 lanes over 1',
    1.2,
    'x',
    ratio(ours('lanes-1000', 'bridgeCpu'), ours('lanes-1', 'bridgeCpu')),
  ),
  most('p50 added at 2,000 msg/s, QoS 1', 0.5, 'ms', (samples) => addedLatency(samples, 'latency-qos1', 'ours')),
  most('p50 added at 2,000 msg/s, QoS 0', 0.5, 'ms', (samples) => addedLatency(samples, 'latency-qos0', 'ours')),
  most('RSS with 100 lanes', 90, 'MiB', ours('lanes-100', 'rss')),
  most('Lost at QoS 1, all scenarios and rounds', 0, 'messages', lostByOurs),
];

function lostByOurs(samples: readonly Sample[]): number | undefined {
  const measured = samples.filter(({ qos, contender }) => qos === 1 && contender === 'ours');
  const counts = measured.map(({ metrics }) => metrics.lost).filter((lost) => lost !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, lost) => sum + lost, 0);
}

/** Holds every target against the samples of one run. */
export function judge(samples: readonly Sample[]): Verdict[] {
  return targets.map((target) => {
    const measured = target.measure(samples);
    const sign = target.bound === 'least' ? '>=' : '<=';
    const limit = `${sign} ${target.limit} ${target.unit}`;
    return { target: target.text, limit, measured, unit: target.unit, verdict: verdictOf(target, measured) };
  });
}

function verdictOf(target: Target, measured: number | undefined): Verdict['verdict'] {
  if (measured === undefined || Number.isNaN(measured)) return 'not measured';
  const reached = target.bound === 'least' ? measured >= target.limit : measured <= target.limit;
  return reached ? 'pass' : 'miss';
}

/** The verdicts that could be reached, as a table; all of them when `complete`. */
export function targetTable(verdicts: readonly Verdict[], complete: boolean): Table {
  const rows = verdicts
    .filter(({ verdict }) => complete || verdict !== 'not measured')
    .map(({ target, limit, measured, unit, verdict }) => [target, limit, shown(measured, unit), verdict]);
  return { title: 'Targets', rows: [['target', 'limit', 'measured', 'verdict'], ...rows] };
}

function shown(measured: number | undefined, unit: string): string {
  if (measured === undefined) return '-';
  return `${format(measured, unit === 'messages' ? 0 : unit === 'MiB' ? 1 : 2)} ${unit}`;
}
