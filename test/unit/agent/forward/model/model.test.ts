import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { snapshotCounters } from '../../../../../agent/forward/counters.ts';
import { NO_LIMITS } from '../../../../../agent/forward/window.ts';
import { type Action, arbitraryAction, perform } from './actions.ts';
import { World, type WorldOptions } from './world.ts';

const arbitraryOptions: fc.Arbitrary<WorldOptions> = fc.record({
  version: fc.constantFrom(4, 5),
  qos: fc.constantFrom(1, 2, 2, 1, 0),
  onReject: fc.constantFrom('drop', 'deadLetter', 'block'),
  window: fc.record({ messages: fc.integer({ min: 1, max: 8 }), bytes: fc.constantFrom(100, 400, 100_000) }),
  publish: fc.constantFrom(
    undefined,
    undefined,
    { messages: 10, bytes: 100_000 },
    { messages: 200, bytes: 2_000 },
    { messages: 50, bytes: 20_000 },
  ),
});

function play(options: WorldOptions, actions: readonly Action[]): World {
  const world = new World(options);
  world.sourceUp(false);
  world.targetUp(NO_LIMITS, false);
  for (const action of actions) {
    perform(world, action);
    world.check();
  }
  return world;
}

describe('a receiver and a sender between two brokers', () => {
  it('lose, invent and misorder nothing, whatever breaks', () => {
    fc.assert(
      fc.property(
        arbitraryOptions,
        fc.array(arbitraryAction, { minLength: 20, maxLength: 150, size: 'max' }),
        (options, actions) => {
          const world = play(options, actions);
          world.settle();
          for (const message of world.messages) {
            if (message.qos === 0 || message.forgotten) continue;
            expect(message.acknowledged, `message ${message.key} acknowledged`).toBe(true);
            expect(message.delivered > 0 || world.mayBeLost(message), `message ${message.key} delivered`).toBe(true);
          }
          expect(snapshotCounters(world.lane.counters).inflight).toBe(0);
          expect(world.pool.outside).toBe(0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('give everything back that has no outcome when they stop', () => {
    fc.assert(
      fc.property(arbitraryOptions, fc.array(arbitraryAction, { maxLength: 80, size: 'max' }), (options, actions) => {
        const world = play(options, actions);
        world.receiver.drain();
        world.sourceCut();
        world.deadLetters.discard();
        world.targetCut(true, false);
        world.target.discard();
        world.endTurn();
        expect(world.target.pending + world.deadLetters.pending).toBe(0);
        expect(snapshotCounters(world.lane.counters).inflight).toBe(0);
        expect(world.pool.outside).toBe(0);
      }),
      { numRuns: 600 },
    );
  });
});
