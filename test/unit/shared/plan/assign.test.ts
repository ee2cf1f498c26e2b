import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSlots } from '../../../../shared/plan/assign.ts';

const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 60 });
const slots = fc.integer({ min: 1, max: 12 });
const items = (names: readonly string[]) => names.map((key) => ({ key }));

describe('slots', () => {
  it('every item has one, and loads differ by at most one', () => {
    fc.assert(
      fc.property(keys, slots, (names, count) => {
        const assigned = assignSlots(items(names), count);
        expect([...assigned.keys()].sort()).toEqual(names.toSorted());
        const loads = Array.from(
          { length: count },
          (_, slot) => [...assigned.values()].filter((one) => one === slot).length,
        );
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('do not depend on the order of the items', () => {
    fc.assert(
      fc.property(keys, slots, (names, count) => {
        const forward = assignSlots(items(names), count);
        const backward = assignSlots(items(names.toReversed()), count);
        for (const name of names) expect(backward.get(name)).toBe(forward.get(name));
      }),
    );
  });

  it('change for few items when one is added', () => {
    const names = Array.from({ length: 300 }, (_, index) => `map/route-${index}`);
    const before = assignSlots(items(names), 6);
    const moves = Array.from({ length: 50 }, (_, index) => {
      const after = assignSlots(items([...names, `map/new-${index}`]), 6);
      return names.filter((name) => before.get(name) !== after.get(name)).length;
    });
    expect(moves.reduce((sum, moved) => sum + moved, 0) / moves.length).toBeLessThan(10);
  });

  it('keep the members of a group apart while there is room', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), slots, (members, count) => {
        const group = Array.from({ length: members }, (_, share) => ({ key: `m/r/${share}`, group: 'm/r' }));
        const used = [...assignSlots(group, count).values()];
        const most = Math.max(...used.map((slot) => used.filter((one) => one === slot).length));
        expect(most).toBe(Math.ceil(members / count));
      }),
    );
  });

  it('do not exist without instances', () => expect(assignSlots(items(['a']), 0).size).toBe(0));
});
