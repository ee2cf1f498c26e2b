import type { ContenderName } from './contenders/contender.ts';
import type { Qos } from './load/frames.ts';
import type { LoadResult } from './load/protocol.ts';
import { median } from './statistics.ts';

/**
 * What one measurement yields. `rate` msg/s; `bridgeCpu`, `systemCpu` (brokers and bridge) and `loadCpu` in CPU µs per
 * message; `p50`, `p99` in ms; `rssIdle` (after connecting) and `rss` (after traffic) in MiB; `startMs` from spawn to
 * the first message across; `lost` and `duplicates` in messages.
 */
export type Metric =
  | 'rate'
  | 'bridgeCpu'
  | 'systemCpu'
  | 'loadCpu'
  | 'p50'
  | 'p99'
  | 'rssIdle'
  | 'rss'
  | 'startMs'
  | 'sent'
  | 'lost'
  | 'duplicates';
export type Metrics = Readonly<Partial<Record<Metric, number>>>;

/** One measurement, or the reason why there is none. */
export interface Sample {
  readonly scenario: string;
  readonly qos: Qos;
  readonly contender: ContenderName;
  readonly round: number;
  readonly metrics: Metrics;
  readonly problem?: string;
}

/** Per-message figures of a run; `bridgeCpu` only when the bridge is a process of its own. */
export function metricsOf(result: LoadResult): Metrics {
  const { cpuMicros, messages } = result;
  const perMessage = (micros: number) => micros / messages;
  const { load = 0, bridge, ...rest } = cpuMicros;
  const system = Object.values(rest).reduce((sum, micros) => sum + micros, bridge ?? 0);
  return {
    rate: messages / result.seconds,
    ...(bridge === undefined ? {} : { bridgeCpu: perMessage(bridge) }),
    systemCpu: perMessage(system),
    loadCpu: perMessage(load),
    sent: result.sent,
    lost: result.lost,
    duplicates: result.duplicates,
    ...result.latency,
  };
}

/** Median over the rounds of a scenario and contender; undefined where nothing was measured. */
export function medianOf(samples: readonly Sample[], scenario: string, contender: ContenderName, metric: Metric) {
  const values = valuesOf(samples, scenario, contender, metric);
  return values.length === 0 ? undefined : median(values);
}

/** Sum over all rounds; undefined where nothing was measured. */
export function totalOf(samples: readonly Sample[], scenario: string, contender: ContenderName, metric: Metric) {
  const values = valuesOf(samples, scenario, contender, metric);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

function valuesOf(samples: readonly Sample[], scenario: string, contender: ContenderName, metric: Metric): number[] {
  return samples
    .filter((sample) => sample.scenario === scenario && sample.contender === contender)
    .map((sample) => sample.metrics[metric])
    .filter((value) => value !== undefined);
}
