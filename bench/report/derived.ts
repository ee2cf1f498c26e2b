import type { ContenderName } from '../contenders/contender.ts';
import { type Metric, medianOf, type Sample } from '../metrics.ts';

/** A figure that compares a contender with another of the same scenario; undefined when either is missing. */
export type Derived = (samples: readonly Sample[], scenario: string, contender: ContenderName) => number | undefined;

/** Median p50 minus that of the same messages through one broker without a bridge, in ms. */
export const addedLatency: Derived = (samples, scenario, contender) =>
  combine(samples, scenario, contender, 'direct', 'p50', (bridged, direct) => bridged - direct);

/** Median msg/s over that of Mosquitto's bridge. */
export const rateOverMosquitto: Derived = (samples, scenario, contender) =>
  combine(samples, scenario, contender, 'mosquitto', 'rate', (rate, mosquitto) => rate / mosquitto);

/** CPU per message of the pipelined mqtt.js bridge over that of this one: how many times cheaper it is. */
export const cheaperThanPipelined: Derived = (samples, scenario, contender) =>
  combine(samples, scenario, contender, 'pipelined', 'bridgeCpu', (cpu, pipelined) => pipelined / cpu);

function combine(
  samples: readonly Sample[],
  scenario: string,
  contender: ContenderName,
  other: ContenderName,
  metric: Metric,
  operation: (own: number, others: number) => number,
): number | undefined {
  const own = medianOf(samples, scenario, contender, metric);
  const others = medianOf(samples, scenario, other, metric);
  return own === undefined || others === undefined ? undefined : operation(own, others);
}
