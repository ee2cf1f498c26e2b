import { describe, expect, it } from 'vitest';
import { DEFAULT_CLUSTER_TIMING as timing } from '../../../../agent/cluster/timing.ts';
import { joined, other, two } from './instance-rig.ts';

const settledWithin = (promise: Promise<void>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 60))]);

describe('before a session starts that another may have', () => {
  const never = new AbortController().signal;

  it('all agree when nobody has another document', async () => {
    await expect(settledWithin(joined().instances.agreed(never))).resolves.toBe(true);
  });

  it.each([
    ['runs an older one', { revision: 'old', applied: 'old' }],
    ['is about to change', { applied: 'old' }],
    ['is about to go back', { revision: 'old' }],
    ['has not begun', { applied: undefined }],
  ])('it waits for one that %s', async (_, more) => {
    const { instances, peer } = joined();
    peer(1, [1], more);
    const agreed = instances.agreed(never);
    await expect(settledWithin(agreed)).resolves.toBe(false);
    peer(1, [1]);
    await agreed;
  });

  it.each([
    ['has no slot', (rig: ReturnType<typeof joined>) => rig.peer(1, [], { revision: 'old' })],
    ['is dead', (rig: ReturnType<typeof joined>) => rig.hear({ ...rig.peers.get(1)!, state: 'gone' })],
  ])('it does not wait for one that %s', async (_, change) => {
    const rig = joined();
    rig.peer(1, [1], { revision: 'old' });
    change(rig);
    await expect(settledWithin(rig.instances.agreed(never))).resolves.toBe(true);
  });

  it('it waits for a while only', async () => {
    const { instances, peer, clock } = joined();
    peer(1, [1], { revision: 'old' });
    const agreed = instances.agreed(never);
    clock.now += timing.disagreementMs;
    await agreed;
  });

  it('it waits no longer than the process runs', async () => {
    const { instances, peer } = joined();
    peer(1, [1], { revision: 'old' });
    const ending = new AbortController();
    const agreed = instances.agreed(ending.signal);
    ending.abort();
    await agreed;
  });
});

describe('what left may be unsubscribed', () => {
  it('once every slot is read by somebody with the document', () => {
    const { instances, peer } = joined();
    expect(instances.covered).toBe(true);
    peer(1, []);
    expect(instances.covered).toBe(false);
    peer(1, [1], { reading: new Set() });
    expect(instances.covered).toBe(false);
    peer(1, [], { reading: new Set([1]) });
    expect(instances.covered).toBe(false);
    peer(1, [1], { applied: 'old' });
    expect(instances.covered).toBe(false);
  });

  it('not before the document is in force here', () => {
    const { instances } = joined();
    instances.follow(other);
    expect(instances.covered).toBe(false);
  });

  it('not before an adopted slot is at work', () => {
    const { instances, said, peers, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    expect(slots()).toEqual([0, 1]);
    expect([instances.covered, said.at(-1)?.applied]).toEqual([false, undefined]);
    instances.applied(two, new Set([0]));
    expect(instances.covered).toBe(false);
    instances.applied(two, new Set([0, 1]));
    expect(instances.covered).toBe(false);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    expect([instances.covered, said.at(-1)?.applied]).toEqual([true, two.revision]);
  });
});
