import { contenders } from '../contenders/all.ts';
import type { ContenderName } from '../contenders/contender.ts';
import { type Metric, medianOf, type Sample } from '../metrics.ts';
import type { Group, Scenario } from '../scenarios.ts';
import type { Table } from './table.ts';

interface Column {
  readonly heading: string;
  readonly metric: Metric;
  readonly digits: number;
}

const rate: Column = { heading: 'msg/s', metric: 'rate', digits: 0 };
const bridgeCpu: Column = { heading: 'bridge CPU µs/msg', metric: 'bridgeCpu', digits: 2 };
const systemCpu: Column = { heading: 'brokers+bridge CPU µs/msg', metric: 'systemCpu', digits: 1 };
const loadCpu: Column = { heading: 'load CPU µs/msg', metric: 'loadCpu', digits: 2 };
const lost: Column = { heading: 'lost', metric: 'lost', digits: 0 };
const duplicates: Column = { heading: 'dup', metric: 'duplicates', digits: 0 };
const rss: Column = { heading: 'RSS MiB', metric: 'rss', digits: 0 };

const groups: Readonly<Record<Group, { title: string; columns: readonly Column[] }>> = {
  throughput: {
    title: 'Throughput between two Mosquitto brokers, closed loop',
    columns: [rate, bridgeCpu, systemCpu, loadCpu, rss, lost, duplicates],
  },
  alone: {
    title: 'The bridge alone, between a synthetic source and sink',
    columns: [rate, bridgeCpu, loadCpu, rss, lost, duplicates],
  },
  latency: {
    title: 'Latency, open loop',
    columns: [
      rate,
      { heading: 'p50 ms', metric: 'p50', digits: 3 },
      { heading: 'p99 ms', metric: 'p99', digits: 3 },
      bridgeCpu,
      lost,
    ],
  },
  lanes: {
    title: 'Lanes: memory and cost per message at the same total rate',
    columns: [
      { heading: 'RSS MiB connected', metric: 'rssIdle', digits: 0 },
      { heading: 'RSS MiB after traffic', metric: 'rss', digits: 0 },
      bridgeCpu,
      systemCpu,
      { heading: 'p50 ms', metric: 'p50', digits: 3 },
      { heading: 'first message ms', metric: 'startMs', digits: 0 },
      lost,
    ],
  },
  start: {
    title: 'Start',
    columns: [{ heading: 'first message ms', metric: 'startMs', digits: 0 }],
  },
};

/** One table per group that was measured; medians over the rounds, loss and duplicates summed over them. */
export function buildTables(scenarios: readonly Scenario[], samples: readonly Sample[]): Table[] {
  const present = [...new Set(scenarios.map(({ group }) => group))];
  return present.map((group) => {
    const { title, columns } = groups[group];
    const added = group === 'latency' ? ['p50 added ms'] : [];
    const heading = [
      title === 'Start' ? 'bridge' : 'scenario, bridge',
      ...columns.map(({ heading }) => heading),
      ...added,
    ];
    const rows = scenarios
      .filter((scenario) => scenario.group === group)
      .flatMap((scenario) => scenario.contenders.map((name) => row(scenario, name, samples)));
    return { title, rows: [heading, ...rows] };
  });
}

function row(scenario: Scenario, contender: ContenderName, samples: readonly Sample[]): string[] {
  const label = `${scenario.title}: ${contenders[contender].title}`;
  const cells = groups[scenario.group].columns.map(({ metric, digits }) =>
    cell(
      metric === 'lost' || metric === 'duplicates' ? total : medianOf,
      samples,
      scenario.name,
      contender,
      metric,
      digits,
    ),
  );
  if (scenario.group !== 'latency') return [label, ...cells];
  const added = addedLatency(samples, scenario.name, contender);
  return [label, ...cells, added === undefined ? '-' : format(added, 3)];
}

/** Median p50 of a contender minus that of the same run through one broker without a bridge, in ms. */
export function addedLatency(
  samples: readonly Sample[],
  scenario: string,
  contender: ContenderName,
): number | undefined {
  const bridged = medianOf(samples, scenario, contender, 'p50');
  const direct = medianOf(samples, scenario, 'direct', 'p50');
  return bridged === undefined || direct === undefined ? undefined : bridged - direct;
}

/** Sum over all rounds; undefined where nothing was measured. */
export function total(
  samples: readonly Sample[],
  scenario: string,
  contender: ContenderName,
  metric: Metric,
): number | undefined {
  const values = samples
    .filter((sample) => sample.scenario === scenario && sample.contender === contender)
    .map((sample) => sample.metrics[metric])
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

function cell(
  reduce: typeof medianOf,
  samples: readonly Sample[],
  scenario: string,
  contender: ContenderName,
  metric: Metric,
  digits: number,
): string {
  const value = reduce(samples, scenario, contender, metric);
  return value === undefined ? '-' : format(value, digits);
}

/** Fixed digits with thousands separated. */
export function format(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
