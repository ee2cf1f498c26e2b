import { describe, expect, it } from 'vitest';
import { checkRate } from './pacing-rig.ts';
import { setUpSender } from './sender-rig.ts';

const publish = { messages: 100, bytes: 1_000_000 };

describe('a paced sender', () => {
  it('sends a burst, and the rest in order as time passes', () => {
    const { take, sent, pass, target, spent } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 200; i++) take({ payload: `${i}` });
    const burst = sent().map(({ payload }) => String(payload));
    expect(burst).toEqual(['0', '1', '2']);
    pass(1000);
    const second = sent().map(({ payload }) => String(payload));
    expect(second.length).toBeGreaterThanOrEqual(95);
    expect(second.length).toBeLessThanOrEqual(97);
    pass(1200);
    const rest = sent().map(({ payload }) => String(payload));
    expect([...burst, ...second, ...rest]).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
    expect(target.pending).toBe(200);
    checkRate(spent, publish);
  });

  it('keeps bytes within their limit, one larger frame excepted', () => {
    const { take, sent, pass, spent } = setUpSender({ messages: 1000, publish: { messages: 1000, bytes: 10_000 } });
    take({ payload: 'x'.repeat(20_000) });
    for (let i = 0; i < 10; i++) take({ payload: 'x'.repeat(1000) });
    expect(sent()).toHaveLength(1);
    pass(1900);
    expect(sent()).toHaveLength(0);
    pass(1500);
    expect(sent()).toHaveLength(10);
    expect(spent.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(30_000);
  });

  it('counts a retained message twice', () => {
    const { take, sent, pass, spent } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 100; i++) take({ retain: true });
    pass(1000);
    const { length } = sent();
    expect(length).toBeGreaterThanOrEqual(48);
    expect(length).toBeLessThanOrEqual(50);
    checkRate(spent, publish);
  });

  it('repeats at its rate what is in flight when it reconnects', () => {
    const { take, sent, pass, reconnect, spent } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 50; i++) take();
    pass(1000);
    expect(sent()).toHaveLength(50);
    reconnect();
    pass(200);
    expect(sent().length).toBeLessThanOrEqual(24);
    pass(1000);
    checkRate(spent, publish);
    expect(spent).toHaveLength(100);
  });

  it('does not wake to send while there is no connection', () => {
    const { take, sent, pass, target } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 10; i++) take();
    expect(sent()).toHaveLength(3);
    target.end();
    pass(1000);
    expect(sent()).toHaveLength(0);
  });
});

describe('QoS 0 at a paced sender', () => {
  it('waits in line, keeps its order, and holds its source when the line is full', () => {
    const { take, sent, pass, proceeded, lane, spent } = setUpSender({ messages: 10, publish });
    let taken = 0;
    while (take({ qos: 0, payload: `${taken}` }) === 0) taken++;
    expect(taken).toBeGreaterThan(999);
    expect(taken).toBeLessThan(1100);
    const got: string[] = [];
    for (let second = 0; second < 12; second++) {
      pass(1000);
      got.push(...sent().map(({ payload }) => String(payload)));
    }
    expect(got).toEqual(Array.from({ length: taken + 1 }, (_, i) => `${i}`));
    expect(proceeded.times).toBe(1);
    expect(lane.counters).toMatchObject({ received: taken + 1, forwarded: taken + 1, dropped: {} });
    checkRate(spent, publish);
  });

  it('goes on after a reconnect, and is counted when it is given up', () => {
    const { take, sent, pass, reconnect, target, lane, pool } = setUpSender({ messages: 10, publish });
    for (let i = 0; i < 20; i++) take({ qos: 0 });
    sent();
    reconnect();
    pass(50);
    expect(sent().length).toBeGreaterThan(0);
    target.discard();
    const { received, forwarded, dropped } = lane.counters;
    expect(forwarded + (dropped.target_unavailable ?? 0)).toBe(received);
    expect(target.pending).toBe(0);
    expect(pool.outside).toBeLessThanOrEqual(1);
  });

  it('neither waits nor holds its source without a connection', () => {
    const { take, target, lane } = setUpSender({ publish });
    for (let i = 0; i < 2000; i++) take({ qos: 1 });
    target.end();
    expect(take({ qos: 0 })).toBe(0);
    expect(lane.counters.dropped).toEqual({ target_unavailable: 1 });
  });
});

describe('a refusal because of the rate', () => {
  it('keeps the message, lowers the rate, and lets it come back', () => {
    const { take, sent, pass, target, lane } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 100; i++) take({ payload: `${i}` });
    pass(1000);
    const [first, ...others] = sent();
    for (const { packetId } of others) target.puback(packetId, 0);
    target.puback(first.packetId, 0x97);
    expect(target.rates).toMatchObject({ allowedMessages: 67, throttled: 1 });
    expect(lane.counters).toMatchObject({ retried: { throttled: 1 }, dropped: {} });
    pass(100);
    const again = sent();
    expect(again).toContainEqual(expect.objectContaining({ dup: false, payload: first.payload }));
    for (const { packetId } of again) target.puback(packetId, 0);
    pass(60_000);
    expect(target.rates).toMatchObject({ allowedMessages: 97, throttled: 1 });
    expect(target.pending).toBe(0);
  });

  it('of messages that left before the rate was lowered changes nothing more', () => {
    const { take, sent, pass, target } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 100; i++) take();
    pass(1000);
    const ids = sent().map(({ packetId }) => packetId);
    target.puback(ids[0], 0x97);
    const { rates } = target;
    pass(2000);
    for (const id of ids.slice(1, 20)) target.puback(id, 0x97);
    expect(target.rates?.allowedMessages).toBeGreaterThanOrEqual(rates?.allowedMessages ?? 0);
  });

  it('halves the rate in use when it ends the connection', () => {
    const { take, pass, target } = setUpSender({ messages: 1000, publish });
    for (let i = 0; i < 100; i++) take();
    pass(1000);
    target.slowDown();
    expect(target.rates?.allowedMessages).toBeLessThanOrEqual(49);
  });
});

/** A broker that takes `perSecond` messages and refuses the others. */
function strictBroker(clock: { now: number }, perSecond: number, depth: number) {
  let [tokens, at] = [depth, clock.now];
  return () => {
    tokens = Math.min(depth, tokens + ((clock.now - at) * perSecond) / 1000);
    at = clock.now;
    if (tokens < 1) return 0x97;
    tokens--;
    return 0;
  };
}

describe('a broker that takes 100 messages per second of 500 offered', () => {
  it.each([
    ['known in advance', { messages: 100, bytes: 1e6 }, 100, 0],
    ['found out, with a second of burst', { messages: 1000, bytes: 1e6 }, 100, 1],
    ['found out, with hardly a burst', { messages: 1000, bytes: 1e6 }, 10, 1],
  ] as const)('gets all of them at no less than 95 per second: %s', (_name, limit, depth, refusals) => {
    const { take, sent, pass, target, clock, proceeded, spent, lane } = setUpSender({ messages: 100, publish: limit });
    const answer = strictBroker(clock, 100, depth);
    const OFFERED = 6000;
    const taken = new Set<string>();
    const start = clock.now;
    let offered = 0;
    let holding = false;
    let refused = 0;
    while (taken.size < OFFERED && clock.now - start < 120_000) {
      if (holding && proceeded.times > 0) holding = false;
      for (let due = Math.min(OFFERED, ((clock.now - start) * 500) / 1000); offered < due && !holding; offered++) {
        proceeded.times = 0;
        holding = take({ payload: `${offered}` }) < 0;
      }
      for (const { packetId, payload } of sent()) {
        const code = answer();
        if (code === 0) taken.add(String(payload));
        else refused++;
        target.puback(packetId, code);
      }
      pass(5);
    }
    expect(taken.size).toBe(OFFERED);
    expect(OFFERED / ((clock.now - start) / 1000)).toBeGreaterThanOrEqual(95);
    expect(Math.sign(refused)).toBe(refusals);
    expect(refused).toBeLessThan(OFFERED / 5);
    expect(lane.counters).toMatchObject({ received: OFFERED, forwarded: OFFERED, dropped: {} });
    checkRate(spent, limit);
  });
});
