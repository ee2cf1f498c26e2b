import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Member, outranks, ownersOf } from '../../../../shared/plan/ownership.ts';
import { planConnector } from '../../../../shared/plan/plan.ts';
import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { sampleConnector, sampleMap } from '../sample.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function member(instance: number, claims: Record<number, number> = {}, id = `id-${instance}`): Member {
  return { id, instance, claims: new Map(Object.entries(claims).map(([slot, term]) => [Number(slot), term])) };
}

/** Members once everybody runs what it is to run; a slot that changes hands has a newer term. */
function settled(members: readonly Member[], slots: number): Member[] {
  const owners = ownersOf({ slots: upTo(slots), members });
  const terms = (slot: number) => Math.max(0, ...members.map(({ claims }) => claims.get(slot) ?? 0));
  return members.map((one) => ({
    ...one,
    claims: new Map(
      upTo(slots)
        .filter((slot) => owners.get(slot) === one.id)
        .map((slot) => [slot, one.claims.get(slot) ?? terms(slot) + 1]),
    ),
  }));
}

function loadsOf(owners: ReadonlyMap<number, string>, members: readonly Member[]): number[] {
  return members.map(({ id }) => [...owners.values()].filter((owner) => owner === id).length);
}

const spread = (loads: readonly number[]) => Math.max(...loads) - Math.min(...loads);

/** Two processes may have the same number, and numbers may be beyond the slots. */
const membersOf = (most: number) =>
  fc
    .uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 3 }),
        instance: fc.nat({ max: 8 }),
        claims: fc.array(fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 3 }))).map((claims) => new Map(claims)),
      }),
      { selector: ({ id }) => id, minLength: 1, maxLength: most },
    )
    .map((members): Member[] => members);

const routesOf = (count: number, shares: number): RouteInput[] =>
  upTo(count).map((index) => ({
    direction: index % 2 === 0 ? 'local-to-remote' : 'remote-to-local',
    name: `r${index}`,
    source: `r${index}`,
    target: `t${index}`,
    ...(index === 0 && { sharedSubscription: { groupMinimumShareNumber: shares, groupName: 'g' } }),
  }));

type Change = { readonly kind: 'join' | 'die'; readonly instance: number };

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({ kind: fc.constantFrom('join' as const, 'die' as const), instance: fc.nat({ max: 7 }) }),
  { maxLength: 12 },
);

function change(members: readonly Member[], { kind, instance }: Change, number: number): Member[] {
  if (kind === 'join') return [...members, member(instance, {}, `${instance}-${number}`)];
  const dying = members.find((one) => one.instance === instance);
  return members.filter((one) => one !== dying);
}

describe('lanes', () => {
  it('have exactly one owner after any joins and deaths, and loads are even', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        changes,
        (slots, shares, count, sequence) => {
          const document = {
            connector: sampleConnector({ bridgeInstances: slots }),
            topicMaps: [sampleMap(routesOf(count, shares))],
          };
          const { lanes } = planConnector(document);
          let members: Member[] = [member(0)];
          for (const [number, one] of sequence.entries()) {
            members = settled(change(members, one, number), slots);
            const running = lanes.map((lane) => members.filter(({ claims }) => claims.has(lane.slot)).length);
            expect(running).toEqual(lanes.map(() => (members.length === 0 ? 0 : 1)));
            if (members.length > 0) expect(spread(members.map(({ claims }) => claims.size))).toBeLessThanOrEqual(1);
          }
          expect(lanes).toHaveLength(count - 1 + shares);
          expect(spread(upTo(slots).map((slot) => lanes.filter((lane) => lane.slot === slot).length))).toBeLessThan(2);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('slots', () => {
  it('have one owner each, spread evenly, whatever members claim', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), membersOf(6), (slots, members) => {
        const owners = ownersOf({ slots: upTo(slots), members });
        expect([...owners.keys()].sort((a, b) => a - b)).toEqual(upTo(slots));
        expect(spread(loadsOf(owners, members))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('belong to the instance of their number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), membersOf(6), (slots, members) => {
        const owners = ownersOf({ slots: upTo(slots), members });
        for (const slot of upTo(slots)) {
          const homes = members.filter(({ instance }) => instance === slot).map(({ id }) => id);
          if (homes.length > 0) expect(homes).toContain(owners.get(slot));
        }
      }),
    );
  });

  it('have the same owners in whatever order slots and members are named', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), membersOf(6), (slots, members) => {
        const forward = ownersOf({ slots: upTo(slots), members });
        const backward = ownersOf({ slots: upTo(slots).toReversed(), members: members.toReversed() });
        for (const slot of upTo(slots)) expect(backward.get(slot)).toBe(forward.get(slot));
      }),
    );
  });

  it('stay where they are once everybody runs its own', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), membersOf(6), (slots, members) => {
        const first = settled(members, slots);
        expect(settled(first, slots)).toEqual(first);
      }),
    );
  });

  it('move no more than even loads and homes take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), changes, (slots, sequence) => {
        let members: Member[] = [member(0)];
        for (const [number, one] of sequence.entries()) {
          const present = change(members, one, number);
          if (present.length > 0 && present.length <= 3) {
            expect(keptOf(ownersOf({ slots: upTo(slots), members: present }), present)).toBe(mostKept(present, slots));
          }
          members = settled(present, slots);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are kept for an instance that is awaited, and the rest is spread', () => {
    const owners = ownersOf({ slots: upTo(4), members: [member(0), member(1)], awaited: new Set([1, 3]) });
    expect([...owners]).toEqual([
      [0, 'id-0'],
      [1, 'id-1'],
      [2, 'id-0'],
    ]);
  });

  it('have no owner without members', () => expect(ownersOf({ slots: [0, 1], members: [] }).size).toBe(0));
});

function keptOf(owners: ReadonlyMap<number, string>, members: readonly Member[]): number {
  return [...owners].filter(([slot, id]) => members.some((one) => one.id === id && one.claims.has(slot))).length;
}

/** By trying every way to give slots to members. */
function mostKept(members: readonly Member[], slots: number): number {
  let most = 0;
  for (const number of upTo(members.length ** slots)) {
    const owners = new Map(
      upTo(slots).map((slot) => [slot, members[Math.floor(number / members.length ** slot) % members.length]]),
    );
    const home = [...owners].every(
      ([slot, { instance }]) => instance === slot || !members.some((one) => one.instance === slot),
    );
    const ids = new Map([...owners].map(([slot, { id }]) => [slot, id]));
    if (home && spread(loadsOf(ids, members)) <= 1) most = Math.max(most, keptOf(ids, members));
  }
  return most;
}

describe('of two claims to one slot', () => {
  it.each([
    ['the newer one goes first', member(3, { 0: 2 }), member(0, { 0: 1 })],
    ['that of its own instance does at a tie', member(0, { 0: 1 }, 'z'), member(3, { 0: 1 }, 'a')],
    ['that with the smaller ID does otherwise', member(4, { 0: 1 }, 'a'), member(3, { 0: 1 }, 'b')],
    ['any goes before none', member(3, { 0: 0 }), member(0)],
  ])('%s', (_, first, second) => {
    expect(outranks(0, first, second)).toBe(true);
    expect(outranks(0, second, first)).toBe(false);
  });
});
