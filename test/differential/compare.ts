import { expect } from 'vitest';
import type { Version } from '../support/codec.ts';
import { PROPERTY, type Property } from '../support/properties.ts';
import type { Arrival } from './arrival.ts';
import type { Contender, Difference, Loss, Scenario } from './scenario.ts';

/** What arrived through each contender. */
export type Arrivals = Readonly<Record<Contender, readonly Arrival[]>>;

const HOPS = 'mqttbridge-hops';

/**
 * Fails unless both contenders delivered the same: the same messages equally often, and in the same order per topic and
 * QoS (MQTT5 4.6 promises no more).
 */
export function expectEqualDelivery(scenario: Scenario, version: Version, arrived: Arrivals): void {
  const { differences = [], losses = [], repeats, arrivals } = scenario;
  const written = differences.filter((one) => (one.version ?? version) === version);
  const select = repeats ? firstOccurrences : (all: readonly Arrival[]) => all;
  const mosquitto = select(applyDifferences('mosquitto', written, arrived.mosquitto));
  const ours = select(applyDifferences('ours', written, arrived.ours.map(version === 5 ? withoutHops : same)));
  expect(ours.length, 'number of messages').toBe(arrivals);
  const known = losses.filter((loss) => loss.version === version);
  const judged = known.reduce((all, loss) => applyLoss(loss, mosquitto, all), ours);
  expect(multiset(judged), 'messages').toEqual(multiset(mosquitto));
  if (scenario.unordered?.versions.includes(version)) return;
  expect(streams(judged), 'order per topic and QoS').toEqual(streams(mosquitto));
}

/** Leaves out of ours what Mosquitto's bridge lost, as it was written that it would. */
function applyLoss({ topics, lost, because }: Loss, mosquitto: readonly Arrival[], ours: readonly Arrival[]) {
  const delivered = new Set(mosquitto.map(keyOf));
  const concerned = ours.filter(({ topic }) => topics.includes(topic));
  expect(concerned.length, `no message on ${topics.join(', ')}: ${because}`).toBeGreaterThan(0);
  if (lost === 'all') {
    expect(
      concerned.filter((arrival) => delivered.has(keyOf(arrival))),
      because,
    ).toEqual([]);
  }
  return ours.filter((arrival) => !topics.includes(arrival.topic) || delivered.has(keyOf(arrival)));
}

const same = (arrival: Arrival): Arrival => arrival;

/** Takes off the user property that our agent appends, which must be there and be the last. */
function withoutHops(arrival: Arrival): Arrival {
  const own: Property = [PROPERTY.userProperty, HOPS, '1'];
  expect(arrival.properties.filter(([id]) => id === PROPERTY.userProperty).at(-1), 'our hop count').toEqual(own);
  return { ...arrival, properties: arrival.properties.filter(([, name]) => name !== HOPS) };
}

/** Checks that the differences are there as they are written, and evens them out. */
function applyDifferences(
  contender: Contender,
  differences: readonly Difference[],
  arrivals: readonly Arrival[],
): readonly Arrival[] {
  return differences.reduce((all, { topic, because, ours, [contender]: { fields = {}, repeated } }) => {
    const concerned = all.filter((arrival) => arrival.topic === topic);
    expect(concerned.length, `no message on ${topic}: ${because}`).toBeGreaterThan(0);
    for (const arrival of concerned) expect(arrival, `${contender}: ${because}`).toMatchObject(fields);
    const first = firstOccurrences(concerned);
    if (repeated) expect(concerned.length, `${contender}: ${because}`).toBeGreaterThan(first.length);
    const kept = repeated ? new Set(first) : new Set(concerned);
    const even = all.filter((arrival) => arrival.topic !== topic || kept.has(arrival));
    return even.map((arrival) => (kept.has(arrival) ? { ...arrival, ...ours.fields } : arrival));
  }, arrivals);
}

function firstOccurrences(arrivals: readonly Arrival[]): readonly Arrival[] {
  const seen = new Set<string>();
  return arrivals.filter((arrival) => {
    const key = keyOf(arrival);
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}

function keyOf({ topic, payload }: Arrival): string {
  return JSON.stringify([topic, payload]);
}

function multiset(arrivals: readonly Arrival[]): readonly string[] {
  return arrivals.map((arrival) => JSON.stringify(arrival)).sort();
}

function streams(arrivals: readonly Arrival[]): Readonly<Record<string, readonly string[]>> {
  const streams: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const { end, topic, qos, payload } of arrivals) (streams[`${end} ${topic} QoS ${qos}`] ??= []).push(payload);
  return streams;
}
