import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import type { EmulatorEvent } from '../../local/emulator/life-cycle.ts';
import type { EventGridProfileName } from '../../local/emulator/profiles.ts';
import type { EventGridSettings } from '../../local/emulator/settings.ts';
import { outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { agentEvents, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { createUnhurriedClock } from '../support/unhurried-clock.ts';

interface Run {
  readonly dated: EventGridProfileName;
  readonly settings?: Partial<EventGridSettings>;
  /** Messages per second at the source. */
  readonly offered: number;
  readonly count: number;
}

/** Offers more than Event Grid takes of one session, until it has taken all. */
async function offer(scope: TestContext, { dated, settings = {}, offered, count }: Run) {
  const clock = createUnhurriedClock(scope);
  const local = await startEmbedded(scope);
  const remote = await startInside(scope, 'eventgrid', { dated, settings, clock });
  const config = { local: local.port, remote: remote.side(), routes: [outward('up', 'up/#')] };
  const bridge = await startBridge(scope, config, { now: () => clock.now() });
  const arrivals: { readonly at: number; readonly payload: string }[] = [];
  remote.broker.events.on('published', ({ payload }) => {
    arrivals.push({ at: clock.now(), payload: payload.toString() });
  });
  const began = clock.now();
  for (let sent = 0; sent < count; await delay(5)) {
    const due = Math.min(count, ((clock.now() - began) * offered) / 1000);
    for (; sent < due; sent++) local.broker.publish({ topic: 'up/a', payload: `${sent}`, qos: 1 });
  }
  const describe = () => bridge.route('up').counters;
  await eventually(() => describe().forwarded === count, { deadlineMs: 40_000, describe });
  expect(bridge.route('up').counters).toMatchObject({ received: count, forwarded: count, dropped: {} });
  expect(new Set(arrivals.map(({ payload }) => payload)).size).toBe(count);
  return { bridge, arrivals, agent: agentEvents(remote) };
}

/** Messages per second of the second half, when the agent has found out what it may. */
function steadyRate(arrivals: readonly { readonly at: number }[]): number {
  const half = arrivals.slice(arrivals.length / 2);
  return ((half.length - 1) * 1000) / (half[half.length - 1].at - half[0].at);
}

const only = (events: readonly EmulatorEvent[], wanted: EmulatorEvent['kind']) =>
  events.filter(({ kind }) => kind === wanted);

// At the same time, since they wait most of theirs.
describe.concurrent('F09 - more messages than Event Grid takes of a session', () => {
  test('arrive at the rate of the profile, without one that is refused', async (scope) => {
    const { arrivals, agent, bridge } = await offer(scope, { dated: 'eventgrid-2026', offered: 2000, count: 4000 });
    expect(agent.map(({ kind }) => kind)).toEqual(['connected']);
    expect(steadyRate(arrivals)).toBeGreaterThanOrEqual(950);
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, publishRate: { throttled: 0 } });
  });

  test('than the profile knows are refused until the agent is slow enough, and all arrive at that rate', async (scope) => {
    const { arrivals, agent, bridge } = await offer(scope, { dated: 'eventgrid-2023', offered: 500, count: 800 });
    expect(only(agent, 'connected')).toHaveLength(1);
    expect(only(agent, 'disconnected')).toEqual([]);
    const refused = only(agent, 'throttled');
    expect(refused).toContainEqual(expect.objectContaining({ throttleType: 'IncomingPublishPacketsPerConnection' }));
    expect(refused.length).toBeLessThan(800 / 2);
    expect(bridge.route('up').counters.retried).toEqual({ throttled: refused.length });
    expect(arrivals).toHaveLength(800);
    expect(steadyRate(arrivals)).toBeGreaterThanOrEqual(95);
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, disconnects: {} });
  });

  test.for([0x97, 0x96] as const)(
    'for which it ends the connection with %i come over the next ones, fewer at a time',
    async (throttleReasonCode, scope) => {
      const settings = { whenThrottled: 'disconnect', throttleReasonCode } as const;
      const run = { dated: 'eventgrid-2023', settings, offered: 500, count: 600 } as const;
      const { agent, bridge, arrivals } = await offer(scope, run);
      const ends = only(agent, 'disconnected');
      expect(ends.length).toBeGreaterThan(0);
      expect(ends.length).toBeLessThan(8);
      const reasons = ends.map((event) => 'disconnectionReason' in event && event.disconnectionReason);
      expect(new Set(reasons)).toEqual(new Set(['QuotaExceeded']));
      // No CONNECT came too soon after the one before.
      expect(only(agent, 'refused')).toEqual([]);
      expect(only(agent, 'connected')).toHaveLength(ends.length + 1);
      expect(bridge.session('remote')).toMatchObject({
        epoch: ends.length + 1,
        publishRate: { throttled: ends.length },
      });
      expect(arrivals.length - 600).toBeLessThanOrEqual(ends.length * 100);
    },
  );
});
