import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { HIGHEST_PUBLISH_ID, PacketIds } from '../../../../agent/forward/packet-ids.ts';
import { Transit } from '../../../../agent/forward/transit.ts';

describe('PacketIds', () => {
  it('gives out every identifier once, 1 to 64,999', () => {
    const ids = new PacketIds();
    const given = new Set<number>();
    for (let i = 0; i < HIGHEST_PUBLISH_ID; i++) given.add(ids.take(new Transit()));
    expect(given.size).toBe(HIGHEST_PUBLISH_ID);
    expect(Math.min(...given)).toBe(1);
    expect(Math.max(...given)).toBe(HIGHEST_PUBLISH_ID);
    expect(ids.used).toBe(HIGHEST_PUBLISH_ID);
    ids.free(4711);
    expect(ids.take(new Transit())).toBe(4711);
  });

  it('lets an identifier rest before it is used again', () => {
    const ids = new PacketIds();
    const seen: number[] = [];
    for (let i = 0; i < 100; i++) {
      const id = ids.take(new Transit());
      ids.free(id);
      seen.push(id);
    }
    expect(new Set(seen).size).toBe(100);
  });

  it('finds exactly what is in use', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 400 }), (steps) => {
        const ids = new PacketIds();
        const used = new Map<number, Transit>();
        for (const freed of steps) {
          const key = freed === null ? undefined : [...used.keys()][freed % Math.max(used.size, 1)];
          if (key !== undefined) {
            ids.free(key);
            used.delete(key);
            expect(ids.find(key)).toBeUndefined();
          } else {
            const transit = new Transit();
            const id = ids.take(transit);
            expect(used.has(id)).toBe(false);
            used.set(id, transit);
          }
          expect(ids.used).toBe(used.size);
        }
        for (const [id, transit] of used) expect(ids.find(id)).toBe(transit);
        for (const id of [0, 65_000, 65_535]) expect(ids.find(id)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
