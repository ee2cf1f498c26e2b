import { describe, expect, it } from 'vitest';
import { decide } from '../../../../agent/cluster/decide.ts';
import type { Heartbeat } from '../../../../agent/cluster/heartbeat.ts';
import {
  createRoster,
  heard,
  type Roster,
  sent,
  withConnection,
  withDocument,
  withoutConnection,
} from '../../../../agent/cluster/roster.ts';
import { DEFAULT_CLUSTER_TIMING as timing } from '../../../../agent/cluster/timing.ts';

const NOW = 20_000;

type Claims = Readonly<Record<number, number>>;
type Saying = Partial<Omit<Heartbeat, 'claims' | 'avoided' | 'reading'>> & {
  readonly claims?: Claims;
  readonly avoided?: readonly number[];
};

const mapOf = (claims: Claims = {}) => new Map(Object.entries(claims).map(([slot, term]) => [Number(slot), term]));

let seq = 0;

function beat(instance: number, saying: Saying = {}): Heartbeat {
  const { claims, avoided, ...rest } = saying;
  const common = { id: `id-${instance}`, instance, seq: ++seq, state: 'running', revision: 'r', applied: 'r' } as const;
  return { ...common, ...rest, claims: mapOf(claims), avoided: new Set(avoided), reading: new Set() };
}

interface Self extends Partial<Omit<Roster, 'claims'>> {
  readonly claims?: Claims;
  readonly awaited?: boolean;
}

/** Instance 0 of three slots, joined for long, with what it runs and what it heard last. */
function roster(self: Self = {}, ...beats: Heartbeat[]): Roster {
  const { claims, slots = 3, awaited = false, ...rest } = self;
  let state = createRoster({ id: 'id-0', instance: 0, timing });
  state = withDocument(state, slots, 'r', awaited ? NOW - 5_000 : 0);
  state = withConnection(state, 1_000);
  for (let at = 1_000; at <= NOW; at += 1_000) {
    state = heard(state, beat(0), at);
    for (const one of beats) state = heard(state, { ...one, seq: ++seq }, at);
  }
  return { ...state, claims: mapOf(claims), ...rest };
}

const all = (state: Roster, now = NOW) => {
  const { acquire, release, surrender } = decide(state, now);
  return { acquire: [...acquire], release: [...release], surrender: [...surrender] };
};
const nothing = { acquire: [], release: [], surrender: [] };

describe('an instance that is heard', () => {
  it('takes its own slot', () => {
    expect(all(roster({}, beat(1, { claims: { 1: 1 } }), beat(2, { claims: { 2: 1 } })))).toEqual({
      ...nothing,
      acquire: [0],
    });
  });

  it('does nothing while all is as it should be', () => {
    expect(all(roster({ claims: { 0: 1 } }, beat(1, { claims: { 1: 1 } }), beat(2, { claims: { 2: 1 } })))).toEqual(
      nothing,
    );
  });

  it('leaves slots to instances that nobody has seen yet', () => {
    expect(all(roster({ claims: { 0: 1 }, awaited: true }))).toEqual(nothing);
  });

  it('takes them when they did not come', () => {
    expect(all(roster({ claims: { 0: 1 } }))).toEqual({ ...nothing, acquire: [1, 2] });
  });

  it('shares slots without an instance with the others', () => {
    expect(all(roster({ claims: { 0: 1 }, slots: 4 }, beat(1, { claims: { 1: 1 } })))).toEqual({
      ...nothing,
      acquire: [2],
    });
  });

  it('takes no slot that somebody runs', () => {
    expect(all(roster({}, beat(1, { claims: { 0: 3, 1: 1, 2: 1 } })))).toEqual(nothing);
  });

  it('takes no slot that somebody who is leaving still runs', () => {
    expect(all(roster({ claims: { 0: 1 } }, beat(1, { state: 'leaving', claims: { 1: 1, 2: 1 } })))).toEqual(nothing);
  });

  it('takes the slots of one that is gone at once', () => {
    const state = heard(
      roster({ claims: { 0: 1 } }, beat(1, { claims: { 1: 1, 2: 1 } })),
      beat(1, { state: 'gone' }),
      NOW,
    );
    expect(all(state)).toEqual({ ...nothing, acquire: [1, 2] });
  });

  it('takes the slots of one whose connection broke soon', () => {
    const state = heard(
      roster({ claims: { 0: 1, 2: 1 } }, beat(1, { claims: { 1: 1 } })),
      beat(1, { state: 'lost' }),
      NOW,
    );
    expect(all(state, NOW + timing.suspectMs)).toEqual(nothing);
    expect(all(state, NOW + timing.suspectMs + 1)).toEqual({ ...nothing, acquire: [1] });
  });

  it('takes no slot of one whose connection broke and that is back', () => {
    let state = heard(
      roster({ claims: { 0: 1, 2: 1 } }, beat(1, { claims: { 1: 1 } })),
      beat(1, { state: 'lost' }),
      NOW,
    );
    state = heard(state, beat(1, { claims: { 1: 1 } }), NOW + 100);
    expect(all(state, NOW + 1_000)).toEqual(nothing);
  });

  it('takes the slots of a silent one', () => {
    let state = roster({ claims: { 0: 1, 2: 1 } }, beat(1, { claims: { 1: 1 } }));
    for (const at of [1_000, 2_000, 3_000]) state = heard(state, beat(0), NOW + at);
    expect(all(state, NOW + 3_999)).toEqual(nothing);
    state = heard(state, beat(0), NOW + 3_001);
    expect(all(state, NOW + 3_001)).toEqual({ ...nothing, acquire: [1] });
  });

  it('believes nobody silent while the broker stands still', () => {
    const state = roster({ claims: { 0: 1, 2: 1 } }, beat(1, { claims: { 1: 1 } }));
    expect(all(state, NOW + timing.echoMs)).toEqual(nothing);
    expect(all(heard(state, beat(0), NOW + 60_000), NOW + 60_000)).toEqual(nothing);
  });

  it('takes what would go to one that does not have the document yet', () => {
    const late = beat(1, { claims: { 1: 1 }, revision: 'older' });
    expect(all(roster({ claims: { 0: 1, 2: 1 }, slots: 4 }, late))).toEqual({ ...nothing, acquire: [3] });
    const soon = { slotsSince: NOW - timing.awaitedMs + 1, seen: new Set([2, 3]) };
    expect(all(roster({ claims: { 0: 1, 2: 1 }, slots: 4, ...soon }, late))).toEqual(nothing);
  });

  it('leaves a slot to its own instance though that does not have the document yet', () => {
    expect(all(roster({ claims: { 0: 1, 2: 1 } }, beat(1, { revision: 'older' })))).toEqual(nothing);
  });

  it('hands a slot back to its own instance once that has lasted', () => {
    const state = heard(roster({ claims: { 0: 1, 1: 2, 2: 2 } }), beat(1), NOW);
    const alive = heard(heard(state, beat(0), NOW + 999), beat(1), NOW + 999);
    expect(all(alive, NOW + 999)).toEqual(nothing);
    expect(all(alive, NOW + timing.handBackMs)).toEqual({ ...nothing, release: [1] });
  });

  it('keeps a slot whose instance does not have the document yet', () => {
    expect(all(roster({ claims: { 0: 1, 1: 2, 2: 1 } }, beat(1, { revision: 'older' })))).toEqual(nothing);
  });

  it('keeps a slot whose instance is leaving', () => {
    expect(all(roster({ claims: { 0: 1, 1: 2, 2: 1 } }, beat(1, { state: 'leaving' })))).toEqual(nothing);
  });

  it('hands over what makes loads even', () => {
    expect(all(roster({ claims: { 0: 1, 2: 1, 3: 1 }, slots: 4 }, beat(1, { claims: { 1: 1 } })))).toEqual({
      ...nothing,
      release: [3],
    });
  });

  it('does not hand over twice', () => {
    const state = roster({ claims: { 0: 1, 1: 2, 2: 1 }, releasing: new Set([1]) }, beat(1));
    expect(all(state)).toEqual(nothing);
  });

  it('takes nothing back that has not stopped here', () => {
    expect(all(roster({ ending: new Set([0]) }, beat(1, { claims: { 1: 1, 2: 1 } })))).toEqual(nothing);
  });

  it('finishes the slots of an older document before it lets them go, and hands them to nobody', () => {
    expect(all(roster({ claims: { 0: 1, 1: 1 }, slots: 1 }, beat(1)))).toEqual(nothing);
  });

  it('finishes what one that died had not, and only once', () => {
    const died = beat(1, { claims: { 1: 3 } });
    const state = heard(
      roster({ claims: { 0: 1 }, slots: 1 }, died),
      beat(1, { claims: { 1: 3 }, state: 'gone' }),
      NOW,
    );
    expect(all(state)).toEqual({ ...nothing, acquire: [1] });
    expect(all({ ...state, terms: new Map([[1, 4]]) })).toEqual(nothing);
  });
});

describe('of two that run one slot', () => {
  it.each([
    ['the one with the older claim gives way', { 1: 1 }, beat(2, { claims: { 1: 2 } }), [1]],
    ['the one with the newer claim stays', { 1: 2 }, beat(2, { claims: { 1: 1 } }), []],
    ['its own instance stays at a tie', { 0: 1 }, beat(2, { claims: { 0: 1 } }), []],
    ['the one that is not its own instance gives way at a tie', { 1: 1 }, beat(1, { claims: { 1: 1 } }), [1]],
    ['the smaller ID stays otherwise', { 1: 1 }, beat(2, { claims: { 1: 1 } }), []],
    ['one gives way to another that is leaving', { 1: 1 }, beat(2, { claims: { 1: 2 }, state: 'leaving' }), [1]],
  ] as const)('%s', (_, claims, other, surrender) => {
    expect(all(roster({ claims }, other)).surrender).toEqual(surrender);
  });

  it('gives way before it may connect again', () => {
    const state = {
      ...roster({ claims: { 0: 1 } }, beat(1, { claims: { 0: 2 } })),
      echoAt: undefined,
      joinedAt: undefined,
    };
    expect(all(state)).toEqual({ ...nothing, surrender: [0] });
  });
});

describe('a slot that somebody unseen took', () => {
  it('is left alone for a while', () => {
    const state = roster({ claims: { 0: 1, 2: 1 }, cooling: new Map([[1, NOW + 1]]) });
    expect(all(state)).toEqual(nothing);
    expect(all(state, NOW + 1)).toEqual({ ...nothing, acquire: [1] });
  });

  it('is left alone by the others too', () => {
    const others = [beat(1, { claims: { 1: 1, 3: 1 }, avoided: [2] })];
    expect(all(roster({ claims: { 0: 1 }, slots: 4 }, ...others))).toEqual(nothing);
  });

  it('may be taken back by its own instance', () => {
    expect(all(roster({}, beat(1, { claims: { 1: 1, 2: 1 }, avoided: [0] })))).toEqual({ ...nothing, acquire: [0] });
  });

  it('is open again once whoever took it is heard', () => {
    let state = roster({ claims: { 0: 1, 2: 1 }, cooling: new Map([[1, NOW + 100_000]]) });
    state = heard(state, beat(1, { claims: { 1: 1 } }), NOW);
    state = heard(state, beat(1, { state: 'gone' }), NOW);
    expect(all(state)).toEqual({ ...nothing, acquire: [1] });
  });
});

describe('an instance that is not heard', () => {
  const joined = roster({ claims: { 0: 1, 1: 2 } });

  it.each([
    ['without a connection', withoutConnection(joined, false, NOW), NOW + 60_000],
    ['whose heartbeats do not come back any more', joined, NOW + timing.echoMs + 1],
    ['that has just connected', withConnection(joined, NOW), NOW + 10],
    ['that has just been heard', heard(withConnection(joined, NOW), beat(0), NOW), NOW + timing.settleMs - 1],
    ['that was refused a moment ago', withoutConnection(joined, true, NOW), NOW + 4_999],
  ])('%s takes and leaves nothing', (_, state, now) => expect(all(state, now)).toEqual(nothing));

  it('waits for those it knew before it goes on', () => {
    const known = beat(1, { claims: { 1: 1, 2: 1 } });
    let state = withConnection(roster({}, known), NOW + 1);
    for (const at of [1, 1_001, 2_001]) state = heard(state, beat(0), NOW + at);
    expect(all(state, NOW + 2_500)).toEqual(nothing);
    expect(all(heard(state, { ...known, seq: ++seq }, NOW + 2_500), NOW + 2_500)).toEqual({ ...nothing, acquire: [0] });
    for (const at of [3_001, 3_002]) state = heard(state, beat(0), NOW + at);
    expect(all(state, NOW + 3_002)).toEqual({ ...nothing, acquire: [0, 1, 2] });
  });

  it('runs its own slot alone when the broker does not let it in', () => {
    expect(all(withoutConnection(joined, true, NOW), NOW + 5_000)).toEqual({ ...nothing, release: [1] });
    const idle = withoutConnection(roster({}), true, NOW);
    expect(all(idle, NOW + 5_000)).toEqual({ ...nothing, acquire: [0] });
  });

  it('runs its own slot alone when none of its heartbeats comes back', () => {
    const beats = (state: Roster, count: number) => Array.from({ length: count }).reduce<Roster>(sent, state);
    const fresh = withConnection(roster({}), NOW);
    expect(all(beats(fresh, 4), NOW)).toEqual(nothing);
    expect(all(beats(fresh, 5), NOW)).toEqual({ ...nothing, acquire: [0] });
    const silenced = roster({});
    expect(all(beats(silenced, 9), NOW + 9_000)).toEqual(nothing);
    expect(all(beats(silenced, 10), NOW + 10_000)).toEqual({ ...nothing, acquire: [0] });
  });

  it('runs its own slot alone when the broker ends the connection for what it says', () => {
    let state = withoutConnection(joined, true, NOW);
    for (const at of [2_000, 4_000]) {
      state = withConnection(state, NOW + at);
      state = withoutConnection(state, true, NOW + at + 10);
    }
    expect(all(state, NOW + 5_000)).toEqual({ ...nothing, release: [1] });
    expect(all(heard(withConnection(state, NOW + 6_000), beat(0), NOW + 6_010), NOW + 6_020)).toEqual(nothing);
  });

  it('leaves its own slot to a peer that says to run it', () => {
    const state = { ...withoutConnection(roster({}, beat(1, { claims: { 0: 2 } })), true, NOW), claims: new Map() };
    expect(all(state, NOW + timing.retakeMs - 1)).toEqual(nothing);
    expect(all(state, NOW + timing.retakeMs)).toEqual({ ...nothing, acquire: [0] });
  });

  it('runs nothing when the document has no slot for it', () => {
    const idle = withoutConnection(roster({ slots: 0 }), true, NOW);
    expect(all(idle, NOW + 5_000)).toEqual(nothing);
  });
});

describe('made-up heartbeats', () => {
  it('cannot silence an instance for good', () => {
    let state = roster({ claims: { 0: 1 } }, beat(1, { claims: { 1: 1 } }), beat(2, { claims: { 2: 1 } }));
    state = heard(state, beat(1, { seq: Number.MAX_SAFE_INTEGER, claims: {} }), NOW);
    for (let at = 1_000; at <= 10_000; at += 1_000) {
      state = heard(state, beat(0), NOW + at);
      for (const instance of [1, 2]) state = heard(state, beat(instance, { claims: { [instance]: 1 } }), NOW + at);
    }
    expect(state.peers.get('id-1')?.claims).toEqual(new Map([[1, 1]]));
    expect(all(state, NOW + 10_000)).toEqual(nothing);
  });

  it('of slots that do not exist are not taken over again and again', () => {
    const state = roster({ claims: { 0: 1, 1: 1, 2: 1 } }, beat(9, { claims: { 77: 1_000_000_000 } }));
    expect(all(heard(state, beat(9, { claims: { 77: 1_000_000_000 }, state: 'gone' }), NOW))).toEqual(nothing);
  });

  it('do not fill the memory', () => {
    let state = roster();
    for (let number = 0; number < 1_100; number++) state = heard(state, beat(5, { id: `x${number}` }), NOW);
    expect(state.peers.size).toBe(1_000);
  });
});
