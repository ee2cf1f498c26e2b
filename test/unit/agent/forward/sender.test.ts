import { describe, expect, it } from 'vitest';
import type { Sender } from '../../../../agent/forward/sender.ts';
import { PROPERTY } from '../../../support/properties.ts';
import { setUpSender } from './sender-rig.ts';

describe('acknowledgements nobody waits for', () => {
  it.each<[string, (target: Sender, id: number) => void, string[]]>([
    ['an unknown PUBACK', (target) => target.puback(999, 0), []],
    ['an unknown PUBREC is released', (target) => target.pubrec(999, 0), ['pubrel 999']],
    ['an unknown PUBCOMP', (target) => target.pubcomp(999), []],
    ['a PUBACK for QoS 2', (target, id) => target.puback(id, 0), []],
    ['a PUBCOMP before PUBREC', (target, id) => target.pubcomp(id), []],
    ['the highest identifier', (target) => target.puback(65_535, 0x87), []],
  ])('%s', (_name, act, answers) => {
    const { target, take, sent, packets } = setUpSender();
    take({ qos: 2 });
    const [{ packetId: id }] = sent();
    act(target, id);
    expect(target.strayAcks).toBe(1);
    expect(packets()).toEqual(answers);
    expect(target.pending).toBe(1);
  });

  it('a second PUBACK', () => {
    const { target, take, sent, lane } = setUpSender();
    take();
    const [{ packetId: id }] = sent();
    target.puback(id, 0);
    target.puback(id, 0x87);
    expect(target.strayAcks).toBe(1);
    expect(lane.counters).toMatchObject({ forwarded: 1, dropped: {} });
  });

  it('a second PUBREC is released again', () => {
    const { target, take, sent, packets, lane } = setUpSender();
    take({ qos: 2 });
    const [{ packetId: id }] = sent();
    target.pubrec(id, 0);
    target.pubrec(id, 0);
    target.pubrec(id, 0x91);
    expect(packets()).toEqual([`pubrel ${id}`, `pubrel ${id}`, `pubrel ${id}`]);
    target.pubcomp(id);
    expect(lane.counters.forwarded).toBe(1);
  });
});

describe('a reconnect', () => {
  it('repeats in order, with DUP and the old identifiers, within the new receive maximum', () => {
    const { take, sent, reconnect, target } = setUpSender();
    for (const payload of ['a', 'b', 'c']) take({ payload, qos: 2 });
    const ids = sent().map(({ packetId: id }) => id);
    reconnect({ receiveMaximum: 2 });
    const again = sent();
    expect(again.map(({ packetId: id, dup, payload }) => [id, dup, String(payload)])).toEqual([
      [ids[0], true, 'a'],
      [ids[1], true, 'b'],
    ]);
    target.pubrec(ids[0], 0);
    target.pubcomp(ids[0]);
    expect(sent().map(({ packetId: id, dup }) => [id, dup])).toEqual([[ids[2], true]]);
  });

  it('repeats without DUP when the session is gone', () => {
    const { take, sent, reconnect } = setUpSender();
    take({ payload: 'a' });
    take({ payload: 'b', qos: 2 });
    sent();
    reconnect({}, false);
    expect(sent().map(({ dup, payload }) => [dup, String(payload)])).toEqual([
      [false, 'a'],
      [false, 'b'],
    ]);
  });

  it('repeats PUBREL in the order of the PUBRECs, and counts the time without an answer anew', () => {
    const { take, sent, reconnect, packets, target, clock } = setUpSender();
    for (let i = 0; i < 3; i++) take({ qos: 2 });
    const ids = sent().map(({ packetId: id }) => id);
    for (const id of [ids[2], ids[0]]) target.pubrec(id, 0);
    packets();
    clock.now += 60_000;
    reconnect();
    expect(packets()).toEqual([`pubrel ${ids[2]}`, `pubrel ${ids[0]}`, `publish ${ids[1]}`]);
    expect(target.oldestUnanswered(clock.now + 5)).toBe(5);
  });

  it('releases what may no longer be sent under its identifier', () => {
    const { take, sent, reconnect, packets, lane } = setUpSender();
    take({ qos: 2 });
    const [{ packetId: id }] = sent();
    reconnect({ maximumQos: 1 });
    expect(packets()).toEqual([`pubrel ${id}`, `publish ${id + 1}`]);
    expect(lane.counters.qosLowered).toBe(1);
  });

  it('settles what leaves at QoS 0', () => {
    const { take, sent, reconnect, target, lane, pool } = setUpSender();
    take({ payload: 'abc' });
    sent();
    reconnect({ maximumQos: 0 });
    expect(sent()).toMatchObject([{ qos: 0, dup: false, payload: Buffer.from('abc') }]);
    expect(target.pending).toBe(0);
    expect(lane.counters.forwarded).toBe(1);
    expect(pool.outside).toBe(0);
  });
});

describe('a message the broker chokes on', () => {
  it('is found among others, and the others arrive', () => {
    const { take, sent, target, reconnect, lane } = setUpSender();
    for (const payload of ['good', 'poison', 'fine']) take({ payload });
    for (let connection = 0; connection < 20 && target.pending > 0; connection++) {
      let next = sent();
      while (next.length > 0 && next.every(({ payload }) => payload.toString() !== 'poison')) {
        for (const { packetId: id } of next) target.puback(id, 0);
        next = sent();
      }
      if (next.length > 0) target.blame('payload_refused');
      reconnect();
    }
    expect(lane.counters).toMatchObject({ forwarded: 2, dropped: { payload_refused: 1 } });
  });

  it('blames nobody when nothing is in flight', () => {
    const { target, take, sent } = setUpSender();
    target.blame('refused');
    take();
    take();
    expect(sent()).toHaveLength(2);
  });
});

describe('an expiry of 0 seconds, for a target that takes it for "never"', () => {
  const expiry = (seconds: number): [number, number] => [PROPERTY.messageExpiryInterval, seconds];

  it.each([0, 1] as const)('is sent as 1 at QoS %i', (qos) => {
    const { take, sent } = setUpSender({ limits: { zeroExpiryIsNever: true } });
    take({ qos, properties: [expiry(0)] });
    take({ qos, properties: [expiry(7)] });
    expect(sent().map(({ properties }) => properties)).toEqual([[expiry(1)], [expiry(7)]]);
  });

  it('has run out after a second', () => {
    const { take, sent, reconnect, clock, lane, target } = setUpSender({ limits: { zeroExpiryIsNever: true } });
    target.end();
    take({ properties: [expiry(0)] });
    clock.now += 1000;
    reconnect({ zeroExpiryIsNever: true });
    expect(sent()).toEqual([]);
    expect(lane.counters.dropped).toEqual({ expired: 1 });
  });

  it('is left out when the source means "never"', () => {
    const { take, sent } = setUpSender({ zeroExpiryIsNever: true });
    const rest: [number, string] = [PROPERTY.contentType, 'text/plain'];
    take({ properties: [expiry(0), rest] });
    take({ properties: [rest, expiry(7)] });
    expect(sent().map(({ properties }) => properties)).toEqual([[rest], [rest, expiry(7)]]);
  });

  it('is passed on as it is to any other', () => {
    const { take, sent } = setUpSender();
    take({ properties: [expiry(0)] });
    expect(sent().map(({ properties }) => properties)).toEqual([[expiry(0)]]);
  });
});

describe('a topic that the target does not take', () => {
  const limits = { maximumTopicBytes: 5, maximumTopicLevels: 2 };

  it.each([
    ['t/abc', true],
    ['t/abcd', false],
    ['t/é', true],
    ['t/éé', false],
    ['t/a/b', false],
    ['t//', false],
  ])('%s: %s', (topic, fits) => {
    for (const qos of [0, 1] as const) {
      const { take, sent, lane, target } = setUpSender({ limits });
      take({ topic, qos });
      expect(sent().length).toBe(fits ? 1 : 0);
      expect(lane.counters.dropped).toEqual(fits ? {} : { topic_refused: 1 });
      expect(target.pending).toBe(fits ? qos : 0);
    }
  });
});

describe('back-pressure', () => {
  it('holds a QoS 0 source while the socket is full', () => {
    const { take, out, sent, target, proceeded } = setUpSender();
    out.congest();
    expect(take({ qos: 0 })).toBe(0);
    sent();
    expect(take({ qos: 0 })).toBe(-1);
    out.drain();
    target.drained();
    expect(proceeded.times).toBe(1);
    expect(take({ qos: 0 })).toBe(0);
  });

  it('holds a source that sends beyond its window, until half of it is gone', () => {
    const { take, target, proceeded, sent } = setUpSender();
    let taken = 0;
    while (take() === 0) taken++;
    expect(taken).toBeGreaterThan(999);
    expect(taken).toBeLessThan(1100);
    for (let answered = 0; proceeded.times === 0; answered++) {
      expect(answered).toBeLessThan(taken);
      for (const { packetId: id } of sent()) target.puback(id, 0);
    }
    expect(target.pending).toBeLessThan(taken / 2 + 20);
  });

  it('lets go of its sources when the connection ends', () => {
    const { take, out, sent, target, proceeded } = setUpSender();
    out.congest();
    take({ qos: 0 });
    sent();
    take({ qos: 0 });
    target.end();
    expect(proceeded.times).toBe(1);
  });
});
