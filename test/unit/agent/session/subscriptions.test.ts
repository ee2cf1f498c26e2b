import { describe, expect, it } from 'vitest';
import { fakeControl, filters, laneOf, setUp, settled } from './subscriptions-rig.ts';

describe('subscriptions', () => {
  it.each([
    ['a/b', true, { qos: 1, noLocal: true }],
    ['a/b', false, { qos: 1, noLocal: false }],
    ['$share/g/a/b', true, { qos: 1, noLocal: false }],
  ])('%s, publishing %s: %o', async (filter, publishes, options) => {
    const { subscriptions, add, granted } = setUp(publishes);
    const { lane } = add(filter);
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    expect(lane.subscribed).toBe(false);
    await settled();
    expect(said).toEqual([['subscribe', filter, options]]);
    expect(lane.subscribed).toBe(true);
    expect(granted).toEqual([filter]);
  });

  it('subscribes at once while connected', async () => {
    const { subscriptions, add } = setUp();
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    const { lane } = add('a');
    await settled();
    expect(filters(said)).toEqual(['subscribe a']);
    expect(lane.subscribed).toBe(true);
  });

  it.each([
    [true, ['subscribe c']],
    [false, ['subscribe a', 'subscribe b', 'subscribe c']],
  ])('after a reconnect with session present %s: %o', async (present, expected) => {
    const { subscriptions, add } = setUp();
    const lanes = [add('a').lane, add('b').lane];
    subscriptions.begin(fakeControl().control, false);
    await settled();
    subscriptions.end();
    expect(lanes.map((lane) => lane.subscribed)).toEqual([false, false]);
    add('c');
    const { control, said } = fakeControl();
    subscriptions.begin(control, present);
    expect(lanes.map((lane) => lane.subscribed)).toEqual([present, present]);
    await settled();
    expect(filters(said)).toEqual(expected);
    expect(lanes.map((lane) => lane.subscribed)).toEqual([true, true]);
  });

  it('asks again after a refusal, while the same connection lasts', async () => {
    const { subscriptions, add, refused, later } = setUp();
    const { lane } = add('a');
    const { control, said } = fakeControl([0x87]);
    subscriptions.begin(control, false);
    await settled();
    expect(refused).toEqual([['a', 0x87]]);
    expect(lane.subscribed).toBe(false);
    expect(lane.fault?.message).toContain('0x87');
    for (const run of later) run();
    await settled();
    expect(filters(said)).toEqual(['subscribe a', 'subscribe a']);
    expect(lane.subscribed).toBe(true);
    expect(lane.fault).toBeUndefined();
  });

  it('does not ask again on a later connection, nor for what nobody wants', async () => {
    const { subscriptions, add, later } = setUp();
    const { lane } = add('a');
    const first = fakeControl([0x87]);
    subscriptions.begin(first.control, false);
    await settled();
    subscriptions.end();
    const second = fakeControl([0x87]);
    subscriptions.begin(second.control, true);
    await settled();
    subscriptions.forget(lane);
    for (const run of later) run();
    await settled();
    expect(first.said).toHaveLength(1);
    expect(second.said).toHaveLength(1);
  });

  it('ignores the answer of an older connection', async () => {
    const { subscriptions, add, granted } = setUp();
    const { lane } = add('a');
    subscriptions.begin(fakeControl().control, false);
    subscriptions.end();
    await settled();
    expect(lane.subscribed).toBe(false);
    expect(granted).toEqual([]);
  });

  it('keeps what was granted when a lane takes over', async () => {
    const { subscriptions, add } = setUp();
    const old = add('a').lane;
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    await settled();
    const next = laneOf();
    subscriptions.swap(old, { filter: 'a', lane: next });
    await settled();
    expect([old.subscribed, next.subscribed]).toEqual([false, true]);
    expect(said).toHaveLength(1);
  });

  it('says that a lane is not subscribed when it takes over without a connection', async () => {
    const { subscriptions, add } = setUp();
    const old = add('a').lane;
    subscriptions.begin(fakeControl().control, false);
    await settled();
    subscriptions.end();
    const next = laneOf();
    subscriptions.swap(old, { filter: 'a', lane: next });
    expect(next.subscribed).toBe(false);
    const { control, said } = fakeControl();
    subscriptions.begin(control, true);
    expect(next.subscribed).toBe(true);
    expect(said).toEqual([]);
  });

  it('unsubscribes what is removed', async () => {
    const { subscriptions, add } = setUp();
    const { lane } = add('a');
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    await settled();
    await subscriptions.remove(lane);
    expect(filters(said)).toEqual(['subscribe a', 'unsubscribe a']);
    expect(lane.subscribed).toBe(false);
  });

  it('leaves a filter subscribed that another lane wants', async () => {
    const { subscriptions, add } = setUp();
    const old = add('a').lane;
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    await settled();
    const { lane } = add('a', { qos: 2 });
    await subscriptions.remove(old);
    await settled();
    expect(filters(said)).toEqual(['subscribe a', 'subscribe a']);
    expect(lane.subscribed).toBe(true);
  });

  it.each([
    [true, ['unsubscribe a']],
    [false, []],
  ])('unsubscribes later what was removed without a connection, session present %s', async (present, expected) => {
    const { subscriptions, add } = setUp();
    const { lane } = add('a');
    subscriptions.begin(fakeControl().control, false);
    await settled();
    subscriptions.end();
    await subscriptions.remove(lane);
    const { control, said } = fakeControl();
    subscriptions.begin(control, present);
    await settled();
    subscriptions.begin(control, true);
    await settled();
    expect(filters(said)).toEqual(expected);
  });

  it('unsubscribes again when the connection broke meanwhile', async () => {
    const { subscriptions, add } = setUp();
    const { lane } = add('a');
    const first = fakeControl();
    subscriptions.begin(first.control, false);
    await settled();
    first.control.dispose();
    await subscriptions.remove(lane);
    subscriptions.end();
    const second = fakeControl();
    subscriptions.begin(second.control, true);
    await settled();
    expect(filters(second.said)).toEqual(['unsubscribe a']);
  });
});
