import { describe, expect, it } from 'vitest';
import { PROPERTY, type Property } from '../../../support/properties.ts';
import { setUpSender } from './sender-rig.ts';

describe('a refused message', () => {
  const properties: Property[] = [
    [PROPERTY.contentType, 'text/plain'],
    [PROPERTY.userProperty, 'a', '1'],
    [PROPERTY.userProperty, 'a', '2'],
  ];
  it.each([4, 5] as const)('becomes a dead letter in MQTT version %i, and is settled with it', (version) => {
    const { take, sent, target, letters, deadLetters, lane, pool } = setUpSender({
      version,
      route: { qos: 2, onReject: 'deadLetter' },
    });
    for (const qos of [1, 2] as const) take({ qos, retain: true, payload: `of ${qos}`, properties });
    const [one, two] = sent();
    target.puback(one.packetId, 0x99);
    target.pubrec(two.packetId, 0x87);
    const copies = letters();
    const reason = (value: string): Property[] => [[PROPERTY.userProperty, 'mqttbridge-reason', value]];
    const common = { topic: 'dead/t/a', qos: 1, retain: false, dup: false };
    expect(copies).toMatchObject([
      { ...common, payload: Buffer.from('of 1') },
      { ...common, payload: Buffer.from('of 2') },
    ]);
    expect(copies.map((copy) => copy.properties)).toEqual(
      version === 4
        ? [[], []]
        : [
            [...properties, ...reason('payload_refused')],
            [...properties, ...reason('not_authorized')],
          ],
    );
    expect(lane.counters).toMatchObject({ received: 2, forwarded: 0, dropped: {} });
    deadLetters.puback(copies[0].packetId, 0);
    deadLetters.puback(copies[1].packetId, version === 5 ? 0x87 : 0);
    expect(lane.counters.dropped).toEqual(
      version === 5 ? { dead_lettered: 1, not_authorized: 1 } : { dead_lettered: 2 },
    );
    expect([target.pending, deadLetters.pending, pool.outside]).toEqual([0, 0, 0]);
  });

  it('is dropped when its dead-letter topic would be too long', () => {
    const { take, sent, target, lane } = setUpSender({ route: { onReject: 'deadLetter' } });
    take({ topic: `t/${'x'.repeat(65_533)}` });
    target.puback(sent()[0].packetId, 0x90);
    expect(lane.counters.dropped).toEqual({ topic_refused: 1 });
  });

  it('blocks its route until it is taken, in its old place', () => {
    const { take, sent, target, retry, lane } = setUpSender({ route: { onReject: 'block' } });
    take({ payload: 'a' });
    target.puback(sent()[0].packetId, 0x87);
    take({ payload: 'b' });
    expect(sent()).toEqual([]);
    retry();
    expect(sent().map(({ payload, dup }) => [String(payload), dup])).toEqual([
      ['a', false],
      ['b', false],
    ]);
    expect(lane.counters.retried).toEqual({ blocked: 1 });
  });

  it('for now is sent again after a pause', () => {
    const { take, sent, target, retry, lane } = setUpSender();
    take({ payload: 'a' });
    target.puback(sent()[0].packetId, 0x97);
    expect(sent()).toEqual([]);
    retry();
    const [again] = sent();
    target.puback(again.packetId, 0x10);
    expect(lane.counters).toMatchObject({ forwarded: 1, retried: { transient_refusal: 1 } });
  });
});
