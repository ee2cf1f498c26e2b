import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TERM } from '../../../../../agent/cluster/heartbeat.ts';
import { DEFAULT_CLUSTER_TIMING } from '../../../../../agent/cluster/timing.ts';
import { type Event, World } from './world.ts';

/** As in production, but for what would only make runs long. */
const TIMING = { ...DEFAULT_CLUSTER_TIMING, cooldownMs: 20_000 };
const SETTLED_MS = 70_000;
/** The same stories in every run; other numbers tell others. */
const SEED = 2026;

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
    what: fc.constantFrom('publish' as const, 'connect' as const, 'kick' as const),
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

/** Heartbeats that somebody makes up, in the name of an instance or of none. */
const forgeries: fc.Arbitrary<Event> = fc
  .record({
    v: fc.constant(1),
    id: fc.constantFrom('0.0', '1.1', 'nobody'),
    instance: fc.constantFrom(0, 1, 2, 65_535),
    seq: fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER, 2 ** 53, -1),
    state: fc.constantFrom('running', 'leaving', 'gone', 'lost'),
    revision: fc.constantFrom('', 'forged'),
    claims: fc.array(fc.tuple(fc.constantFrom(0, 1, 77, 9_999, -1), fc.constantFrom(1, MAX_TERM, 2 ** 53 - 1, 1e300))),
    avoided: fc.array(fc.constantFrom(0, 1, 2)),
    reading: fc.array(fc.constantFrom(0, 1, 2)),
  })
  .map((heartbeat) => ({ kind: 'forge', payload: Buffer.from(JSON.stringify(heartbeat)) }));

const garbage: fc.Arbitrary<Event> = fc.uint8Array().map((bytes) => ({ kind: 'forge', payload: Buffer.from(bytes) }));

function settle(world: World): void {
  world.heal();
  world.pass(SETTLED_MS);
  expect(world.unsettled()).toEqual([]);
}

/** Least time between two take-overs of one session after a moment, in milliseconds. */
function leastPause({ table }: World, from: number): number {
  const slots = Map.groupBy(
    table.takeOvers.filter(({ at }) => at > from),
    ({ slot }) => slot,
  );
  const pauses = [...slots.values()].flatMap((overs) => overs.slice(1).map(({ at }, index) => at - overs[index].at));
  return Math.min(Number.POSITIVE_INFINITY, ...pauses);
}

const calm = { slots: 2, instances: 2, delayMs: 100, seed: 1, timing: TIMING };

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
        settle(world);
        expect(world.checks.violations).toEqual([]);
      }),
      { numRuns: 80, seed: SEED },
    );
  });

  it('recover from heartbeats that somebody made up', () => {
    fc.assert(
      fc.property(setting, fc.array(fc.oneof(forgeries, garbage), { maxLength: 12 }), (options, forged) => {
        const world = new World({ ...options, timing: TIMING });
        world.pass(3_000);
        for (const event of forged) {
          world.apply(event);
          world.pass(700);
        }
        settle(world);
      }),
      { numRuns: 20, seed: SEED },
    );
  });

  it('go on as before when somebody says for long what is not true, and then no more', () => {
    const world = new World({ ...calm, instances: 3, slots: 3 });
    world.pass(3_000);
    const claims = [0, 1, 2, 77].map((slot) => [slot, MAX_TERM]);
    for (let seq = 1; seq <= 60; seq++) {
      const forged = {
        v: 1,
        id: '!',
        instance: 1,
        seq,
        state: 'running',
        revision: '',
        claims,
        avoided: [],
        reading: [],
      };
      world.apply({ kind: 'forge', payload: Buffer.from(JSON.stringify(forged)) });
      world.pass(500);
    }
    expect(world.live.flatMap((node) => node.claims)).toEqual([]);
    world.pass(10_000);
    expect(world.unsettled()).toEqual([]);
  });

  it('take over at most once in 30 s while they do not see each other', () => {
    const world = new World({ ...calm, slots: 3 });
    world.pass(15_000);
    const from = world.clock.now();
    world.apply({ kind: 'sever', who: 1, ms: 600_000 });
    world.pass(300_000);
    expect(world.table.takeOvers.filter(({ at }) => at > from).length).toBeGreaterThan(0);
    expect(leastPause(world, from)).toBeGreaterThanOrEqual(30_000);
    settle(world);
  });

  it.each(['publish', 'connect', 'kick'] as const)('settle around one that may not %s', (what) => {
    const world = new World({ ...calm, instances: 3, slots: 3, timing: DEFAULT_CLUSTER_TIMING });
    world.pass(3_000);
    const from = world.clock.now();
    const [, denied] = world.live;
    world.apply({ kind: 'deny', who: 1, ms: 1_200_000, what });
    world.pass(600_000);
    const overs = world.table.takeOvers.filter(({ at }) => at > from);
    expect(leastPause(world, from)).toBeGreaterThanOrEqual(30_000);
    expect(overs.length).toBeLessThan(8);
    expect(denied.instances.snapshot().standing).toBe('blind');
    settle(world);
  });

  it('adopt the slot of one that was killed within half a second, and of a frozen one within four', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const world = new World({ ...calm, seed, instances: 3, slots: 3, delayMs: 10 });
      world.pass(3_000 + seed * 170);
      world.apply({ kind: 'kill', who: 1 });
      world.pass(600);
      expect(world.unsettled()).toEqual([]);
      world.apply({ kind: 'freeze', who: 1, ms: 20_000, timersFirst: true });
      world.pass(4_200);
      expect(world.live[0].claims).toHaveLength(3);
    }
  });
});
