import type { HealthState, Track } from './state.ts';

/**
 * The last state as it is to be used now. Where our own clock was set back by more than an interval, what was heard "later"
 * counts as heard now: the time line goes on, and silence is counted from here.
 */
export function recall(previous: HealthState | undefined, now: number, intervalMs: number): HealthState {
  if (previous === undefined) return begin(now);
  return previous.judgedAt > now + intervalMs ? setBack(previous, now) : previous;
}

function begin(now: number): HealthState {
  const outbox = { events: [], alerts: [] };
  return {
    version: 1,
    epoch: now,
    judgedAt: now,
    events: 0,
    alerts: 0,
    verdict: 'Unknown',
    since: now,
    connectors: {},
    outbox,
  };
}

function setBack(state: HealthState, now: number): HealthState {
  const connectors = mapValues(state.connectors, (connector) => ({
    ...clamp(connector, now),
    ...(connector.desired && { desired: { ...connector.desired, since: Math.min(connector.desired.since, now) } }),
    written: undefined,
    instances: mapValues(connector.instances, (instance) => ({
      ...clamp(instance, now),
      heardAt: Math.min(instance.heardAt, now),
      ...(instance.openSince !== undefined && { openSince: Math.min(instance.openSince, now) }),
    })),
    routes: mapValues(connector.routes, (route) => clamp(route, now)),
  }));
  return { ...state, since: Math.min(state.since, now), connectors };
}

function clamp<T extends Track>(track: T, now: number): T {
  const { better, setbacks } = track;
  return {
    ...track,
    since: Math.min(track.since, now),
    ...(better && { better: { ...better, since: Math.min(better.since, now) } }),
    ...(setbacks && { setbacks: { ...setbacks, at: Math.min(setbacks.at, now) } }),
  };
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value)]));
}
