import { describe, expect, it } from 'vitest';
import { DEFAULT_CLUSTER_TIMING as timing } from '../../../../agent/cluster/timing.ts';
import { connectorDocument } from '../../../../shared/plan/document.ts';
import { sampleConnector } from '../../shared/sample.ts';
import { documentOf, joined, other, prepare } from './instance-rig.ts';

describe('an instance', () => {
  it('may connect only once it has listened, and then runs its slot', () => {
    const { instances, begin, peer, pass, slots } = prepare();
    begin();
    peer(1, [1]);
    pass(timing.settleMs - 100);
    expect([instances.cleared(0), instances.settled, slots()]).toEqual([false, false, []]);
    pass(300);
    expect([instances.cleared(0), instances.settled, slots()]).toEqual([true, true, [0]]);
  });

  it('answers a newcomer at once, and nobody else', () => {
    const { said, peer } = joined();
    const before = said.length;
    peer(1, [1]);
    expect(said).toHaveLength(before);
    peer(2, []);
    expect(said).toHaveLength(before + 1);
  });

  it('answers one that comes back at once', () => {
    const { said, peer, peers, pass } = joined();
    peers.delete(1);
    pass(5_000);
    const before = said.length;
    peer(1, []);
    expect(said).toHaveLength(before + 1);
  });

  it('says at once that it lives when the broker said it was lost', () => {
    const { said, hear } = joined();
    const before = said.length;
    const [last] = said.slice(-1);
    if (last) hear({ ...last, state: 'lost' });
    expect(said).toHaveLength(before + 1);
  });

  it('claims a slot with a term above all that it has heard of', () => {
    const { said, begin, peer, pass } = prepare();
    begin();
    peer(1, [], { claims: new Map([[0, 41]]) });
    pass(2_000);
    peer(1, [1]);
    pass(1_000);
    expect(said.at(-1)?.claims.get(0)).toBe(42);
  });

  it('claims with the largest term there is when somebody made one up, and is read', () => {
    const { said, begin, peer, pass } = prepare();
    begin();
    peer(1, [], { claims: new Map([[0, 1_000_000_000]]) });
    pass(2_000);
    peer(1, [1]);
    pass(1_000);
    expect(said.at(-1)?.claims.get(0)).toBe(1_000_000_000);
  });

  it('speaks to nobody but itself about slots it will never run', () => {
    const { said, begin, pass } = prepare(documentOf(65_535));
    begin();
    pass(12_000);
    expect(said.at(-1)?.claims.size).toBe(10_000);
  });

  it('connects anew when the document names another broker', () => {
    const { instances, links } = joined();
    instances.follow(other);
    expect(links).toHaveLength(1);
    const moved = sampleConnector({
      bridgeInstances: 2,
      localBrokerConnection: { endpoint: 'elsewhere.test:1883', authentication: { anonymous: {} } },
    });
    instances.follow(connectorDocument(moved, []));
    expect(links).toHaveLength(2);
    expect(instances.cleared(0)).toBe(false);
  });

  it('leaves in three steps', async () => {
    const { instances, said, pass } = joined();
    instances.leave();
    expect(said.at(-1)).toMatchObject({ state: 'leaving', claims: new Map([[0, 1]]) });
    await instances.stop();
    expect(said.at(-1)).toMatchObject({ state: 'gone' });
    const { length } = said;
    pass(5_000);
    expect(said).toHaveLength(length);
  });
});

describe('a process that stood still', () => {
  it('reads what has come before it goes on', () => {
    const { instances, clock, peers, peer, pass, slots } = joined();
    peers.delete(1);
    pass(1_500);
    clock.now += 1_900;
    expect(instances.cleared(0)).toBe(false);
    pass(timing.tickMs);
    expect([instances.cleared(0), slots()]).toEqual([false, [0]]);
    peer(2, [1]);
    pass(2 * timing.tickMs);
    expect([instances.cleared(0), slots()]).toEqual([true, [0]]);
  });
});

describe('a slot', () => {
  it('is handed back in order: it stops here before it is free', () => {
    const { instances, peer, peers, pass, slots, said } = joined();
    peers.delete(1);
    pass(5_000);
    expect(slots()).toEqual([0, 1]);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    peer(1, []);
    pass(timing.handBackMs + 200);
    expect(slots()).toEqual([0]);
    expect([...(said.at(-1)?.claims.keys() ?? [])]).toEqual([0, 1]);
    instances.running(new Set([0]), new Set([0]));
    expect([...(said.at(-1)?.claims.keys() ?? [])]).toEqual([0]);
  });

  it('that was taken is taken back only after it has stopped here', () => {
    const { instances, peer, pass, slots, changes } = joined();
    const before = changes();
    peer(1, [], {
      claims: new Map([
        [0, 2],
        [1, 1],
      ]),
    });
    expect([slots(), changes()]).toEqual([[], before + 1]);
    peer(1, [1]);
    pass(1_000);
    expect(slots()).toEqual([]);
    instances.running(new Set(), new Set());
    pass(1_000);
    expect(slots()).toEqual([0]);
  });

  it('of an older document is free once nothing of it is left', () => {
    const { instances, peers, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    instances.follow(documentOf(1));
    instances.running(new Set([0, 1]), new Set([0, 1]));
    expect(slots()).toEqual([0, 1]);
    instances.running(new Set([0, 1]), new Set([0]));
    expect(slots()).toEqual([0]);
    pass(1_000);
    expect(slots()).toEqual([0]);
  });

  it('that the broker gave to somebody unseen is left alone, and the others are told', () => {
    const { instances, peers, said, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    instances.takenOver(1);
    instances.running(new Set([0]), new Set([0]));
    pass(10_000);
    expect(slots()).toEqual([0]);
    expect(said.at(-1)?.avoided).toEqual(new Set([1]));
    pass(timing.cooldownMs);
    expect(slots()).toEqual([0, 1]);
    expect(said.at(-1)?.avoided).toEqual(new Set());
  });

  it('of its own is kept when the broker gave it to somebody', () => {
    const { instances, slots } = joined();
    instances.takenOver(0);
    expect(slots()).toEqual([0]);
  });
});

describe('a session that was given to somebody else', () => {
  it('does not connect again, and its slot is free soon when it was contested a moment ago', () => {
    const { instances, peers, peer, pass, slots, said } = joined();
    peers.delete(1);
    pass(5_000);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    peer(1, [1]);
    peer(1, []);
    instances.takenOver(1);
    expect([instances.cleared(0), instances.cleared(1), said.at(-1)?.avoided]).toEqual([true, false, new Set([1])]);
    peers.delete(1);
    instances.running(new Set([0]), new Set([0]));
    pass(5_000);
    expect([instances.cleared(1), slots()]).toEqual([true, [0, 1]]);
  });
});
