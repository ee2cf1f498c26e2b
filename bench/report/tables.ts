import { contenders } from '../contenders/all.ts';
import type { ContenderName } from '../contenders/contender.ts';
import { type Metric, medianOf, type Sample, totalOf } from '../metrics.ts';
import type { Group, Scenario } from '../scenarios.ts';
import { addedLatency, cheaperThanPipelined, type Derived, rateOverMosquitto } from './derived.ts';
import { format, type Table } from './table.ts';

interface Column {
  readonly heading: string;
  readonly digits: number;
  readonly value: Derived;
}

interface Layout {
  readonly title: string;
  readonly columns: readonly Column[];
}

const middle = (heading: string, metric: Metric, digits: number): Column => ({
  heading,
  digits,
  value: (samples, scenario, contender) => medianOf(samples, scenario, contender, metric),
});

const sum = (heading: string, metric: Metric): Column => ({
  heading,
  digits: 0,
  value: (samples, scenario, contender) => totalOf(samples, scenario, contender, metric),
});

const rate = middle('msg/s', 'rate', 0);
const bridgeCpu = middle('bridge CPU µs/msg', 'bridgeCpu', 2);
const systemCpu = middle('brokers+bridge CPU µs/msg', 'systemCpu', 1);
const loadCpu = middle('load CPU µs/msg', 'loadCpu', 2);
const p50 = middle('p50 ms', 'p50', 3);
const rss = middle('RSS MiB', 'rss', 0);
const firstMessage = middle('first message ms', 'startMs', 0);
const lost = sum('lost', 'lost');
const duplicates = sum('dup', 'duplicates');

const layouts: Readonly<Record<Group, Layout>> = {
  throughput: {
    title: 'Throughput between two Mosquitto brokers, closed loop',
    columns: [
      rate,
      { heading: "x Mosquitto's", digits: 2, value: rateOverMosquitto },
      bridgeCpu,
      systemCpu,
      loadCpu,
      rss,
      lost,
      duplicates,
    ],
  },
  alone: {
    title: 'The bridge alone, between a synthetic source and sink',
    columns: [
      rate,
      bridgeCpu,
      { heading: 'x cheaper than pipelined', digits: 1, value: cheaperThanPipelined },
      loadCpu,
      rss,
      lost,
      duplicates,
    ],
  },
  latency: {
    title: 'Latency, open loop',
    columns: [
      rate,
      p50,
      middle('p99 ms', 'p99', 3),
      { heading: 'p50 added ms', digits: 3, value: addedLatency },
      bridgeCpu,
      lost,
    ],
  },
  lanes: {
    title: 'Lanes: memory and cost per message at the same total rate',
    columns: [
      middle('RSS MiB connected', 'rssIdle', 0),
      middle('RSS MiB after traffic', 'rss', 0),
      bridgeCpu,
      systemCpu,
      p50,
      firstMessage,
      lost,
    ],
  },
  start: { title: 'Start', columns: [firstMessage, middle('RSS MiB connected', 'rssIdle', 0)] },
};

/** One table per group that was measured; medians over the rounds, loss and duplicates summed over them. */
export function buildTables(scenarios: readonly Scenario[], samples: readonly Sample[]): Table[] {
  const groups = [...new Set(scenarios.map(({ group }) => group))];
  return groups.map((group) => {
    const { title, columns } = layouts[group];
    const rows = scenarios
      .filter((scenario) => scenario.group === group)
      .flatMap((scenario) => scenario.contenders.map((contender) => row(columns, scenario, contender, samples)));
    return { title, rows: [['scenario, bridge', ...columns.map(({ heading }) => heading)], ...rows] };
  });
}

function row(
  columns: readonly Column[],
  scenario: Scenario,
  contender: ContenderName,
  samples: readonly Sample[],
): string[] {
  const cells = columns.map(({ digits, value }) => {
    const figure = value(samples, scenario.name, contender);
    return figure === undefined ? '-' : format(figure, digits);
  });
  return [`${scenario.title}: ${contenders[contender].title}`, ...cells];
}
