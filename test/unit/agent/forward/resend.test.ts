import { describe, expect, it } from 'vitest';
import type { TargetLimits } from '../../../../agent/forward/window.ts';
import type { OutgoingPublish } from '../../../support/codec.ts';
import { PROPERTY, type Property } from '../../../support/properties.ts';
import { setUpSender } from './sender-rig.ts';

const expiry = (seconds: number): Property[] => [[PROPERTY.messageExpiryInterval, seconds]];

describe('expiry', () => {
  it.each([
    [10, 0, 10],
    [10, 999, 10],
    [10, 2500, 8],
    [10, 9000, 1],
    [0xffff_ffff, 5000, 0xffff_fffa],
    [0, 5000, 0],
  ])('%i s, %i ms in line: %i s left', (seconds, held, left) => {
    const { take, sent, reconnect, clock, target } = setUpSender();
    target.end();
    take({ properties: expiry(seconds) });
    clock.now += held;
    reconnect();
    expect(sent()[0].properties).toEqual(expiry(left));
  });

  it.each([10_000, 70_000])('drops what waited %i ms of 10 s', (held) => {
    const { take, sent, reconnect, clock, target, lane } = setUpSender();
    target.end();
    take({ properties: expiry(10) });
    clock.now += held;
    reconnect();
    expect(sent()).toEqual([]);
    expect(lane.counters.dropped).toEqual({ expired: 1 });
  });

  it('does not take seconds off twice, and repeats what has none left with one', () => {
    const { take, sent, reconnect, clock } = setUpSender();
    take({ properties: expiry(10) });
    sent();
    const left: unknown[] = [];
    for (const pause of [1500, 1500, 1500, 60_000]) {
      clock.now += pause;
      reconnect();
      left.push(sent()[0].properties);
    }
    expect(left).toEqual([9, 7, 6, 1].map(expiry));
  });
});

describe('limits of the target', () => {
  it.each<[string, Partial<TargetLimits>, Partial<OutgoingPublish>, object, object | undefined]>([
    ['QoS is lowered to 1', { maximumQos: 1 }, { qos: 2 }, { qosLowered: 1 }, { qos: 1 }],
    ['QoS is lowered to 0', { maximumQos: 0 }, { qos: 1 }, { qosLowered: 1, forwarded: 1 }, { qos: 0, packetId: 0 }],
    ['retain is cleared', { retainAvailable: false }, { retain: true }, { retainCleared: 1 }, { retain: false }],
    [
      'retain is cleared at QoS 0',
      { retainAvailable: false },
      { retain: true, qos: 0 },
      { retainCleared: 1 },
      { retain: false },
    ],
    ['retain is kept', {}, { retain: true }, { retainCleared: 0 }, { retain: true }],
    ['too large', { maximumPacketSize: 20 }, { payload: 'x'.repeat(20) }, { dropped: { too_large: 1 } }, undefined],
    [
      'too large at QoS 0',
      { maximumPacketSize: 20 },
      { payload: 'x'.repeat(20), qos: 0 },
      { dropped: { too_large: 1 } },
      undefined,
    ],
    [
      'exactly as large as allowed',
      { maximumPacketSize: 20 },
      { payload: 'x'.repeat(10) },
      { dropped: {} },
      { qos: 1 },
    ],
  ])('%s', (_name, limits, publish, counters, expected) => {
    const { take, sent, lane } = setUpSender({ limits });
    take(publish);
    const frames = sent();
    expect(lane.counters).toMatchObject(counters);
    expect(frames).toHaveLength(expected ? 1 : 0);
    if (expected) expect(frames[0]).toMatchObject(expected);
  });

  it.each([
    [1, 1],
    [3, 3],
    [65_535, 10],
  ])('receive maximum %i: %i in flight, the next with each answer', (receiveMaximum, inflight) => {
    const { take, sent, target } = setUpSender({ limits: { receiveMaximum } });
    for (let i = 0; i < 20; i++) take();
    const first = sent();
    expect(first).toHaveLength(inflight);
    target.puback(first[0].packetId, 0);
    expect(sent()).toHaveLength(1);
    expect(target.load.inflight.messages).toBe(inflight);
  });

  it('never takes more identifiers than there are', () => {
    const { target } = setUpSender({ messages: 65_535 });
    expect(target.window.messages).toBe(64_999);
  });
});
