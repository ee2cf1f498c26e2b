import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type Mishap, type Simulated, simulateLease } from './lease-simulation.ts';

function oneWriter(candidates: readonly Simulated[]): void {
  const writers = candidates.filter((candidate) => candidate.writes()).map(({ identity }) => identity);
  if (writers.length > 1) throw new Error(`${writers.join(' and ')} write`);
}

function writersOf(candidates: readonly Simulated[]): string[] {
  return candidates.filter((candidate) => candidate.writes()).map(({ identity }) => identity);
}

test('election - the first one to ask leads, and renews without another look', async () => {
  const { candidates, advance, lease } = simulateLease([1, 1], oneWriter);
  await advance(60_000);
  expect(writersOf(candidates)).toEqual(['candidate-0']);
  expect(candidates.map(({ terms }) => terms())).toEqual([1, 0]);
  expect(lease()).toMatchObject({
    spec: { holderIdentity: 'candidate-0', leaseDurationSeconds: 15, leaseTransitions: 0 },
  });
});

test('election - a leader that stops hands over at once', async () => {
  const { candidates, advance } = simulateLease([1, 1], oneWriter);
  await advance(10_000);
  candidates[0]?.suffer('stop');
  await advance(4_000);
  expect(writersOf(candidates)).toEqual(['candidate-1']);
});

test('election - a leader that is cut off stops writing after 10 s, and another leads within 20 s', async () => {
  const { candidates, advance, lease } = simulateLease([1, 1], oneWriter);
  await advance(10_000);
  candidates[0]?.suffer('cut');
  await advance(10_000);
  expect(writersOf(candidates)).toEqual([]);
  await advance(10_000);
  expect(writersOf(candidates)).toEqual(['candidate-1']);
  expect(lease()).toMatchObject({ spec: { leaseTransitions: 1 } });
  candidates[0]?.suffer('heal');
  await advance(30_000);
  expect(writersOf(candidates)).toEqual(['candidate-1']);
});

test('election - a leader that was frozen does not write when it wakes', async () => {
  const { candidates, advance } = simulateLease([1, 1], oneWriter);
  await advance(10_000);
  candidates[0]?.suffer('freeze');
  await advance(40_000);
  expect(writersOf(candidates)).toEqual(['candidate-1']);
  candidates[0]?.suffer('thaw');
  expect(writersOf(candidates)).toEqual(['candidate-1']);
  await advance(10_000);
  expect(writersOf(candidates)).toEqual(['candidate-1']);
});

test('election - one that does not hear the answer takes what it had got without knowing', async () => {
  const { candidates, advance } = simulateLease([1], oneWriter);
  candidates[0]?.suffer('cut-answers');
  await advance(6_000);
  candidates[0]?.suffer('heal');
  await advance(10_000);
  expect(writersOf(candidates)).toEqual(['candidate-0']);
});

const mishap = (last: number): fc.Arbitrary<Mishap> =>
  fc.record({
    at: fc.integer({ min: 0, max: 120_000 }),
    who: fc.integer({ min: 0, max: last }),
    what: fc.constantFrom('freeze', 'thaw', 'cut', 'cut-answers', 'heal', 'wall-jump'),
  });

const course = fc.integer({ min: 2, max: 3 }).chain((count) =>
  fc.record({
    rates: fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: count, maxLength: count }),
    mishaps: fc.array(mishap(count - 1), { maxLength: 25 }),
  }),
);

property.prop([course], { numRuns: 60 })(
  'election - never has two writers, whatever happens, and has one again when all is well',
  async ({ rates, mishaps }) => {
    const { candidates, advance, now } = simulateLease(rates, oneWriter);
    for (const { at, who, what } of mishaps.toSorted((a, b) => a.at - b.at)) {
      await advance(at - now());
      candidates[who]?.suffer(what);
      oneWriter(candidates);
    }
    for (const candidate of candidates) for (const what of ['thaw', 'heal'] as const) candidate.suffer(what);
    await advance(45_000);
    expect(writersOf(candidates)).toHaveLength(1);
  },
);
