import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  checkDelivery,
  createConsumerLog,
  createProducerLog,
  type ReceivedMessage,
  type SentMessage,
} from '../../support/delivery.ts';
import { makePayload, readPayload } from '../../support/payload.ts';

function produce(topics: readonly string[], producer = 'p'): readonly SentMessage[] {
  const log = createProducerLog(producer);
  for (const topic of topics) log.next(topic);
  return log.sent;
}

const topics = fc.array(fc.constantFrom('a', 'b', 'a/b', 'c d'), { minLength: 1, maxLength: 50 });

describe('delivery', () => {
  property.prop([topics])('is ok when everything arrives once in order, whatever the payload size', (names) => {
    const producer = createProducerLog('p-1');
    const consumer = createConsumerLog();
    names.forEach((topic, i) => consumer.record(topic, producer.next(topic, i * 7)));
    expect(checkDelivery(producer.sent, consumer.received)).toMatchObject({ ok: true, expected: names.length });
    expect(consumer.distinct()).toBe(names.length);
  });

  property.prop([topics, fc.infiniteStream(fc.boolean())])(
    'names exactly the messages that are missing',
    (names, keep) => {
      const sent = produce(names);
      const received = sent.filter(() => keep.next().value);
      const report = checkDelivery(sent, received);
      expect(report.lost.toSorted(bySequence)).toEqual(sent.filter((message) => !received.includes(message)));
      expect(report.ok).toBe(received.length === sent.length);
      expect(checkDelivery(sent, received, { allowLost: report.lost.length }).ok).toBe(true);
    },
  );

  property.prop([topics, fc.nat()])('names the second receipt of a message, wherever it comes', (names, pick) => {
    const sent = produce(names);
    const twice = sent[pick % sent.length];
    const report = checkDelivery(sent, [...sent, twice]);
    expect(report).toMatchObject({ ok: false, duplicates: [twice], misordered: [], lost: [] });
    expect(checkDelivery(sent, [...sent, twice], { allowDuplicates: 1 }).ok).toBe(true);
    expect(checkDelivery(sent, [...sent, twice, twice], { allowDuplicates: 1 }).ok).toBe(false);
  });

  property.prop([
    topics.chain((names) => fc.shuffledSubarray(produce(names) as SentMessage[], { minLength: names.length })),
  ])('calls a shuffle misordered exactly when a topic sees a lower number after a higher one', (received) => {
    const sent = received.toSorted(bySequence);
    const report = checkDelivery(sent, received);
    expect(report.misordered).toEqual(received.filter((message, i) => overtaken(message, received.slice(0, i))));
    expect(checkDelivery(sent, received, { ignoreOrder: true }).ok).toBe(true);
  });

  test('calls a changed payload corrupted and an unnumbered or strange one unexpected', () => {
    const producer = createProducerLog('p');
    const consumer = createConsumerLog();
    const payload = Buffer.from(producer.next('a'));
    payload[payload.length - 1] ^= 1;
    consumer.record('a', payload);
    consumer.record('a', Buffer.from('hello'));
    consumer.record('b', payload);
    const report = checkDelivery(producer.sent, consumer.received);
    expect(report.corrupted).toHaveLength(1);
    expect(report.unexpected.map(({ topic, sequence }) => [topic, sequence])).toEqual([
      ['a', -1],
      ['b', 0],
    ]);
    expect(report.text).toContain('corrupted  1  (p:0 on a)');
  });

  test('expects a message on every topic it is mapped to, and nowhere if it is mapped to none', () => {
    const sent = produce(['in/1', 'out']);
    const arrived = (topic: string): ReceivedMessage => ({ ...sent[0], topic });
    const mapped = (topic: string) => (topic === 'in/1' ? ['x', 'y'] : []);
    expect(checkDelivery(sent, [arrived('x'), arrived('y')], { topics: mapped }).ok).toBe(true);
    expect(checkDelivery(sent, [arrived('x')], { topics: mapped }).lost).toEqual([arrived('y')]);
  });

  test('keeps producers apart', () => {
    const one = produce(['a', 'a'], 'one');
    const two = produce(['a', 'a'], 'two');
    expect(checkDelivery([...one, ...two], [one[0], two[0], two[1], one[1]]).ok).toBe(true);
  });

  test('judges a million messages', () => {
    const sent = produce(Array.from({ length: 1_000_000 }, (_, i) => `t/${i % 10}`));
    expect(checkDelivery(sent, sent).ok).toBe(true);
  });

  property.prop([fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), fc.nat(), fc.nat(300)])(
    'reads back who sent a payload as which number',
    (producer, sequence, size) => {
      const payload = makePayload(producer, sequence, size);
      expect(readPayload(payload)).toEqual({ producer, sequence });
      expect(payload.length).toBeGreaterThanOrEqual(size);
    },
  );
});

function bySequence(a: SentMessage, b: SentMessage): number {
  return a.sequence - b.sequence;
}

function overtaken(message: ReceivedMessage, before: readonly ReceivedMessage[]): boolean {
  return before.some((other) => other.topic === message.topic && other.sequence > message.sequence);
}
