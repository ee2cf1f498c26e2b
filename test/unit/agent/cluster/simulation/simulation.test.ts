import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CLUSTER_TIMING } from '../../../../../agent/cluster/timing.ts';
import { type Event, World } from './world.ts';

/** As in production, but for what would only make runs long. */
const TIMING = { ...DEFAULT_CLUSTER_TIMING, cooldownMs: 20_000 };
const SETTLED_MS = 70_000;

const who = fc.nat({ max: 5 });
const ms = fc.integer({ min: 200, max: 12_000 });
const events: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), instance: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant('kill' as const), who }),
  fc.record({ kind: fc.constant('leave' as const), who }),
  fc.record({ kind: fc.constant('freeze' as const), who, ms, timersFirst: fc.boolean() }),
  fc.record({ kind: fc.constant('cut' as const), who, told: fc.boolean() }),
  fc.record({ kind: fc.constant('sever' as const), who, ms }),
  fc.record({ kind: fc.constant('lossy' as const), who, ms }),
  fc.record({
    kind: fc.constant('deny' as const),
    who,
    ms,
    what: fc.constantFrom('publish' as const, 'connect' as const),
  }),
  fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 100, max: 6_000 }) }),
  fc.record({
    kind: fc.constant('document' as const),
    slots: fc.nat({ max: 5 }),
    lag: fc.integer({ min: 0, max: 15_000 }),
  }),
);

const story = fc.array(fc.record({ event: events, wait: fc.integer({ min: 0, max: 6_000 }) }), { maxLength: 10 });
const setting = fc.record({
  slots: fc.integer({ min: 1, max: 4 }),
  instances: fc.integer({ min: 1, max: 3 }),
  delayMs: fc.constantFrom(10, 100, 500),
  seed: fc.nat(),
});

describe('simulated instances', () => {
  it('run every slot once whatever happened before, and never two at a time', () => {
    fc.assert(
      fc.property(setting, story, (options, steps) => {
        const world = new World({ ...options, timing: TIMING });
        world.pass(3_000);
        for (const { event, wait } of steps) {
          world.apply(event);
          world.pass(wait);
        }
        world.heal();
        world.pass(SETTLED_MS);
        expect(world.checks.violations).toEqual([]);
        expect(world.unsettled()).toEqual([]);
      }),
      { numRuns: Number(process.env.RUNS ?? 100) },
    );
  });
});
