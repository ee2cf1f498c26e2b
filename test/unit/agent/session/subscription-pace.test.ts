import { describe, expect, it } from 'vitest';
import { fakeControl, filters, setUp, settled } from './subscriptions-rig.ts';

describe('a broker that counts subscription requests', () => {
  const setting = { filtersPerSubscribe: 3, perSecond: 2 };

  it('gets several filters in one SUBSCRIBE, each judged by its own code', async () => {
    const { subscriptions, add, refused } = setUp(true, setting);
    const lanes = ['a', 'b', 'c', 'd'].map((filter) => add(filter).lane);
    const { control, said } = fakeControl([1, 0x87, 0]);
    subscriptions.begin(control, false);
    await settled();
    expect(filters(said)).toEqual(['subscribe a b c', 'subscribe d']);
    expect(lanes.map((lane) => lane.subscribed)).toEqual([true, false, true, true]);
    expect(refused).toEqual([['b', 0x87]]);
  });

  it('gets filters with other options, and a filter twice, apart', async () => {
    const { subscriptions, add } = setUp(true, { filtersPerSubscribe: 10 });
    add('a');
    add('b', { qos: 2 });
    add('c', { qos: 2 });
    add('$share/g/d', { qos: 2 });
    add('e');
    add('e');
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    await settled();
    expect(filters(said)).toEqual([
      'subscribe a',
      'subscribe b c',
      'subscribe $share/g/d',
      'subscribe e',
      'subscribe e',
    ]);
  });

  it('gets no more requests per second than it allows, in their order', async () => {
    const { subscriptions, add, pass } = setUp(true, setting);
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    const lanes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((filter) => add(filter).lane);
    await settled();
    const removed = subscriptions.remove(lanes[0]);
    await settled();
    expect(filters(said)).toEqual(['subscribe a b c', 'subscribe d e f']);
    expect(pass()).toBeGreaterThanOrEqual(1000);
    await removed;
    await settled();
    expect(filters(said).slice(2)).toEqual(['subscribe g h', 'unsubscribe a']);
    expect(pass()).toBeUndefined();
  });

  it('is not told what became needless while it waited', async () => {
    const { subscriptions, add, pass } = setUp(true, { filtersPerSubscribe: 1, perSecond: 1 });
    const { control, said } = fakeControl();
    subscriptions.begin(control, false);
    const lanes = ['a', 'b', 'c'].map((filter) => add(filter).lane);
    await settled();
    subscriptions.forget(lanes[1]);
    pass();
    await settled();
    expect(filters(said)).toEqual(['subscribe a', 'subscribe c']);
  });

  it('counts across connections, and what waited is asked on the next one', async () => {
    const { subscriptions, add, pass } = setUp(true, { filtersPerSubscribe: 1, perSecond: 1 });
    subscriptions.begin(fakeControl().control, false);
    const first = add('a').lane;
    const second = add('b').lane;
    await settled();
    const removed = subscriptions.remove(first);
    subscriptions.end();
    await removed;
    const { control, said } = fakeControl();
    subscriptions.begin(control, true);
    await settled();
    expect(said).toEqual([]);
    expect(pass()).toBeGreaterThanOrEqual(1000);
    await settled();
    pass();
    await settled();
    expect(filters(said)).toEqual(['unsubscribe a', 'subscribe b']);
    expect(second.subscribed).toBe(true);
  });
});
