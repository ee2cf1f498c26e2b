import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  OPEN,
  recovered,
  shareAt,
  type ThrottleRules,
  type ThrottleState,
  throttled,
} from '../../../../agent/forward/throttle.ts';

const rules: ThrottleRules = {
  cut: { refused: 0.8, disconnected: 0.5 },
  resume: { refused: 0.95, disconnected: 0.75 },
  floor: 0.01,
  step: 0.1,
  quietMs: 1000,
  holdMs: 10_000,
  holdMostMs: 40_000,
};

/** The states after signals at full use, each at its time. */
function after(...signals: readonly (readonly ['refused' | 'disconnected', number])[]): ThrottleState {
  return signals.reduce<ThrottleState>((state, [kind, now]) => throttled(state, { kind, used: 1, now }, rules), OPEN);
}

describe('a throttled session', () => {
  it.each([
    ['refused', 0.8, 0.95],
    ['disconnected', 0.5, 0.75],
  ] as const)('that was %s goes on at %d, comes back to %d, and holds that', (kind, share, edge) => {
    const state = after([kind, 5000]);
    expect(shareAt(state, 5000, rules)).toBeCloseTo(share);
    expect(shareAt(state, 6000, rules)).toBeCloseTo(share);
    expect(shareAt(state, 7000, rules)).toBeCloseTo(share + 0.1);
    expect(shareAt(state, 10_000, rules)).toBeCloseTo(edge);
    expect(shareAt(state, 15_000, rules)).toBeCloseTo(edge);
    expect(shareAt(state, 15_200, rules)).toBeCloseTo(edge + 0.02);
  });

  it('is open again when it has regained its whole rate', () => {
    const state = after(['refused', 0]);
    expect(recovered(state, 10_000, rules)).toBe(state);
    expect(recovered(state, 11_000, rules)).toEqual(OPEN);
    expect(shareAt(OPEN, 0, rules)).toBe(1);
  });

  it('starts from the rate in use, not from the one it was allowed', () => {
    const state = throttled(OPEN, { kind: 'refused', used: 0.5, now: 0 }, rules);
    expect(shareAt(state, 0, rules)).toBeCloseTo(0.4);
  });

  it('takes signals that come close together for one', () => {
    const state = after(['refused', 0]);
    expect(throttled(state, { kind: 'refused', used: 1, now: 999 }, rules)).toBe(state);
    expect(shareAt(throttled(state, { kind: 'refused', used: 1, now: 1000 }, rules), 1000, rules)).toBeCloseTo(0.64);
  });

  it('keeps the rate that had held when more than it is refused, and waits longer before it tries again', () => {
    const held = after(['refused', 0]);
    const probed = throttled(held, { kind: 'refused', used: 1, now: 10_300 }, rules);
    expect(probed).toMatchObject({ kind: 'slowed', edge: 0.95, holdMs: 20_000 });
    const again = throttled(probed, { kind: 'refused', used: 1, now: 30_600 }, rules);
    const last = throttled(again, { kind: 'refused', used: 1, now: 71_000 }, rules);
    expect([again, last]).toMatchObject([{ holdMs: 40_000 }, { holdMs: 40_000 }]);
  });

  it('gives way when the rate that had held is refused as well', () => {
    const held = after(['refused', 0]);
    const state = throttled(held, { kind: 'refused', used: 1, now: 9000 }, rules);
    expect(state).toMatchObject({ share: 0.95 * 0.8, edge: 0.95 * 0.95, holdMs: 10_000 });
  });

  it('never falls below the floor, never grows by jumps, and always recovers', () => {
    const signal = fc.record({
      ms: fc.nat(60_000),
      kind: fc.constantFrom('refused' as const, 'disconnected' as const),
      used: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 30 }), (signals) => {
        let now = 0;
        let state = OPEN;
        for (const { ms, kind, used } of signals) {
          now += ms;
          const before = shareAt(state, now, rules);
          state = throttled(recovered(state, now, rules), { kind, used, now }, rules);
          const share = shareAt(state, now, rules);
          expect(share).toBeGreaterThanOrEqual(rules.floor);
          expect(share).toBeLessThanOrEqual(before + 1e-9);
          expect(shareAt(state, now + 1000, rules) - share).toBeLessThanOrEqual(rules.step + 1e-9);
        }
        expect(recovered(state, now + 60_000, rules)).toEqual(OPEN);
      }),
    );
  });
});
