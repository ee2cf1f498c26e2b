import { expect } from 'vitest';
import type { Version } from '../support/codec.ts';
import { PROPERTY, type Property } from '../support/properties.ts';
import type { Arrival } from './arrival.ts';
import type { Contender, Difference, Scenario } from './scenario.ts';

/** What arrived through each contender. */
export type Arrivals = Readonly<Record<Contender, readonly Arrival[]>>;

const HOPS = 'mqttbridge-hops';

/**
 * Fails unless both contenders delivered the same: the same messages equally often, and in the same order per topic and
 * QoS (MQTT5 4.6 promises no more).
 */
export function expectEqualDelivery(scenario: Scenario, version: Version, arrived: Arrivals): void {
  const differences = (scenario.differences ?? []).filter((one) => (one.version ?? version) === version);
  const select = scenario.repeats ? firstOccurrences : (all: readonly Arrival[]) => all;
  const mosquitto = select(applyDifferences('mosquitto', differences, arrived.mosquitto));
  const ours = select(applyDifferences('ours', differences, arrived.ours.map(version === 5 ? withoutHops : same)));
  expect(multiset(ours), 'messages').toEqual(multiset(mosquitto));
  expect(streams(ours), 'order per topic and QoS').toEqual(streams(mosquitto));
  expect(ours.length, 'number of messages').toBe(scenario.arrivals);
}

const same = (arrival: Arrival): Arrival => arrival;

/** Takes off the user property that our agent appends, which must be there and be the last. */
function withoutHops(arrival: Arrival): Arrival {
  const own: Property = [PROPERTY.userProperty, HOPS, '1'];
  expect(arrival.properties.filter(([id]) => id === PROPERTY.userProperty).at(-1), 'our hop count').toEqual(own);
  return { ...arrival, properties: arrival.properties.filter(([, name]) => name !== HOPS) };
}

/** Checks that the difference is there as it is written, and evens it out. */
function applyDifferences(
  contender: Contender,
  differences: readonly Difference[],
  arrivals: readonly Arrival[],
): readonly Arrival[] {
  return differences.reduce((all, difference) => {
    const { topic, because, [contender]: fields, ours } = difference;
    const concerned = all.filter((arrival) => arrival.topic === topic);
    expect(concerned.length, `no message on ${topic}: ${because}`).toBeGreaterThan(0);
    for (const arrival of concerned) expect(arrival, `${contender}: ${because}`).toMatchObject(fields);
    return all.map((arrival) => (arrival.topic === topic ? { ...arrival, ...ours } : arrival));
  }, arrivals);
}

function firstOccurrences(arrivals: readonly Arrival[]): readonly Arrival[] {
  const seen = new Set<string>();
  return arrivals.filter(({ topic, payload }) => {
    const key = JSON.stringify([topic, payload]);
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}

function multiset(arrivals: readonly Arrival[]): readonly string[] {
  return arrivals.map((arrival) => JSON.stringify(arrival)).sort();
}

function streams(arrivals: readonly Arrival[]): Readonly<Record<string, readonly string[]>> {
  const streams: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const { end, topic, qos, payload } of arrivals) (streams[`${end} ${topic} QoS ${qos}`] ??= []).push(payload);
  return streams;
}
