import { describe, expect, test } from 'vitest';
import { createEventHub } from '../../../../local/broker/events.ts';
import { openBooks } from '../../../../local/demo/books.ts';
import { summary } from '../../../../local/demo/lines.ts';

/** Two brokers of which there is nothing but what they say. */
function setUp() {
  const hubs = { local: createEventHub(), remote: createEventHub() };
  const firsts: string[] = [];
  const books = openBooks({ local: { events: hubs.local }, remote: { events: hubs.remote } }, ({ at, topic }) =>
    firsts.push(`${at} ${topic}`),
  );
  const publish =
    (clientId: string | undefined) =>
    (place: 'local' | 'remote', topic: string, payload: string, { qos = 1, receivers = 1 } = {}) =>
      hubs[place].emit('published', {
        clientId,
        topic,
        qos: qos as 0 | 1,
        retain: false,
        payload: Buffer.from(payload),
        receivers,
      });
  return { books, firsts, send: publish(undefined), forward: publish('bridge') };
}

describe('books of the demo', () => {
  test('count each message once, repeats apart, and what is missing', () => {
    const { books, firsts, send, forward } = setUp();
    send('local', 'a', '{"sample":0}');
    send('remote', 'c', '{"sample":1,"command":"x"}');
    send('local', 'a', '{"sample":2}');
    forward('remote', 'factory/a', '{"sample":0}');
    forward('remote', 'factory/a', '{"sample":0}');
    forward('local', 'c', '{"sample":1,"command":"x"}');
    expect(books.accounts()[1]).toEqual({ sent: 3, arrived: 2, repeated: 1 });
    expect(books.missing()).toBe(1);
    expect(firsts).toEqual(['remote factory/a', 'local c']);
  });

  test('begin a topic with the first message that a subscription took', () => {
    const { books, send } = setUp();
    send('local', 'a', '{"sample":0}', { receivers: 0 });
    expect(books.accounts()[1].sent).toBe(0);
    send('local', 'a', '{"sample":1}');
    send('local', 'a', '{"sample":2}', { receivers: 0 });
    expect(books.missing()).toBe(2);
  });

  test('keep QoS 0 apart and leave out what is not the demo’s', () => {
    const { books, send, forward } = setUp();
    send('local', 'a', '{"sample":0}', { qos: 0 });
    send('local', 'a', 'hello');
    forward('remote', 'a', 'hello');
    forward('remote', 'a', '{"sample":77}');
    expect(books.accounts()).toEqual({
      0: { sent: 1, arrived: 0, repeated: 0 },
      1: { sent: 0, arrived: 0, repeated: 0 },
    });
    expect(books.missing()).toBe(0);
  });

  test('call nothing lost that had no time to arrive', () => {
    const { books, send } = setUp();
    send('local', 'a', '{"sample":0}');
    expect(summary(books, { seconds: 1.23, time: true })).toBe(
      'sent 1 messages at QoS 1 in 1.2 s: arrived 0, twice 0, lost 1\nsent 0 at QoS 0, which promises nothing: arrived 0',
    );
    expect(summary(books, { seconds: 1, time: false })).toMatch(/under way 1$/m);
  });
});
