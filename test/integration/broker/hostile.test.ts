import { fc, test as property } from '@fast-check/vitest';
import { generate } from 'mqtt-packet';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodePublish } from '../../../local/broker/codec/publish.ts';
import { createBroker } from '../../../local/broker/broker.ts';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { attack } from './support/attack.ts';
import { mutatedStream } from './support/mutated.ts';
import { connectPacket, connectRaw, openRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

/** A PUBLISH with any bytes as topic and any bytes as property block. */
function publishBytes(topic: Uint8Array, properties: readonly number[] = []): Buffer {
  const body = Buffer.from([topic.length >> 8, topic.length & 0xff, ...topic, properties.length, ...properties, 0x78]);
  const length = body.length < 0x80 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

describe('a bad PUBLISH ends its connection and reaches nobody', () => {
  test.each([
    ['a topic with +', publishBytes(utf8('a/+')), 0x90],
    ['a topic with #', publishBytes(utf8('a/#')), 0x90],
    ['a topic with NUL', publishBytes(utf8('a\0b')), 0x81],
    ['an empty topic without alias', publishBytes(utf8('')), 0x82],
    ['a topic that is not UTF-8', publishBytes(Buffer.from([0x61, 0xff])), 0x81],
    ['a surrogate in its topic', publishBytes(Buffer.from([0xed, 0xa0, 0x80])), 0x81],
    ['an overlong encoding in its topic', publishBytes(Buffer.from([0xc0, 0x80])), 0x81],
    ['topic alias 0', publishBytes(utf8('a'), [0x23, 0, 0]), 0x94],
    ['topic alias beyond the maximum', publishBytes(utf8('a'), [0x23, 0xff, 0xff]), 0x94],
    ['an alias never set up', publishBytes(utf8(''), [0x23, 0, 1]), 0x82],
    ['a subscription identifier', publishBytes(utf8('a'), [0x0b, 1]), 0x82],
    ['an unknown property', publishBytes(utf8('a'), [0x7e, 1]), 0x81],
    ['a property of another packet', publishBytes(utf8('a'), [0x11, 0, 0, 0, 1]), 0x82],
    ['a repeated property', publishBytes(utf8('a'), [0x01, 0, 0x01, 0]), 0x82],
    ['a payload format of 2', publishBytes(utf8('a'), [0x01, 2]), 0x82],
    ['a property cut off', publishBytes(utf8('a'), [0x02, 0]), 0x81],
    ['a property length beyond the packet', Buffer.from([0x30, 5, 0, 1, 0x61, 9, 0x78]), 0x81],
    ['a topic length beyond the packet', Buffer.from([0x30, 4, 0, 9, 0x61, 0]), 0x81],
    ['both QoS bits', Buffer.from([0x36, 7, 0, 1, 0x61, 0, 1, 0, 0x78]), 0x81],
    ['DUP at QoS 0', Buffer.from([0x38, 5, 0, 1, 0x61, 0, 0x78]), 0x81],
    ['packet identifier 0', Buffer.from([0x32, 7, 0, 1, 0x61, 0, 0, 0, 0x78]), 0x82],
  ])('%s', async (_name, bytes, reasonCode) => {
    const { broker, port } = await startBroker();
    const witness = await connectRaw(port, 'witness');
    await subscribeRaw(witness, '#');
    const client = await connectRaw(port, 'c');
    const fault = broker.events.next('fault');
    client.send(bytes);
    expect((await client.expect('disconnect')).reasonCode).toBe(reasonCode);
    expect(await fault).toMatchObject({ clientId: 'c', reasonCode });
    await client.closed;
    await roundTrip(witness);
  });

  test.each([
    ['$SYS/fake', utf8('$SYS/fake')],
    ['$share/g/a', utf8('$share/g/a')],
    ['a topic with U+FFFE', utf8('a\ufffe')],
    ['a topic of 65,535 bytes', Buffer.alloc(65_535, 0x61)],
  ])('%s is legal and reaches only exact subscribers', async (_name, topic) => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'c');
    const { frame } = encodePublish({
      version: 5,
      topic: topic.toString(),
      qos: 1,
      packetId: 3,
      retain: false,
      properties: Buffer.alloc(0),
      payload: utf8('x'),
    });
    client.send(frame);
    expect(await client.expect('puback')).toMatchObject({ reasonCode: 0x10 });
  });
});

describe('bad control packets', () => {
  const subscribe = (options: number): Buffer => Buffer.from([0x82, 7, 0, 1, 0, 0, 1, 0x61, options]);
  test.each([
    ['a second CONNECT', generate(connectPacket('c'), { protocolVersion: 5 }), 0x82],
    ['CONNACK from a client', Buffer.from([0x20, 3, 0, 0, 0]), 0x82],
    ['SUBACK from a client', Buffer.from([0x90, 4, 0, 1, 0, 0]), 0x82],
    ['PINGRESP from a client', Buffer.from([0xd0, 0]), 0x82],
    ['packet type 0', Buffer.from([0x00, 0]), 0x82],
    ['AUTH without a method', Buffer.from([0xf0, 2, 0x19, 0]), 0x82],
    ['SUBSCRIBE without a filter', Buffer.from([0x82, 3, 0, 1, 0]), 0x82],
    ['SUBSCRIBE with subscription identifier 0', Buffer.from([0x82, 9, 0, 1, 2, 0x0b, 0, 0, 1, 0x61, 0]), 0x82],
    ['SUBSCRIBE with packet identifier 0', Buffer.from([0x82, 7, 0, 0, 0, 0, 1, 0x61, 0]), 0x82],
    ['SUBSCRIBE with wrong flags', Buffer.from([0x80, 7, 0, 1, 0, 0, 1, 0x61, 0]), 0x81],
    ['SUBSCRIBE with QoS 3', subscribe(3), 0x81],
    ['SUBSCRIBE with Retain Handling 3', subscribe(0x30), 0x81],
    ['SUBSCRIBE with reserved option bits', subscribe(0xc0), 0x81],
    ['SUBSCRIBE with a filter that is not UTF-8', Buffer.from([0x82, 7, 0, 1, 0, 0, 1, 0xff, 0]), 0x81],
    ['UNSUBSCRIBE without a filter', Buffer.from([0xa2, 3, 0, 1, 0]), 0x82],
    ['PUBREL with wrong flags', Buffer.from([0x60, 2, 0, 1]), 0x81],
    ['PUBACK with packet identifier 0', Buffer.from([0x40, 2, 0, 0]), 0x82],
    ['PINGREQ with a body', Buffer.from([0xc0, 1, 0]), 0x82],
    ['DISCONNECT with a repeated property', Buffer.from([0xe0, 12, 0, 10, 0x11, 0, 0, 0, 0, 0x11, 0, 0, 0, 0]), 0x82],
    ['a remaining length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]), 0x81],
  ])('%s ends the connection', async (_name, bytes, reasonCode) => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'c');
    client.send(bytes);
    expect((await client.expect('disconnect')).reasonCode).toBe(reasonCode);
    await client.closed;
  });

  test.each([
    ['no CONNECT first', generate({ cmd: 'pingreq' })],
    ['AUTH first', Buffer.from([0xf0, 2, 0x19, 0])],
    ['PUBLISH first', publishBytes(utf8('a'))],
    ['HTTP', utf8('GET / HTTP/1.1\r\n\r\n')],
    ['256 MiB announced first', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
  ])('%s is closed without an answer', async (_name, bytes) => {
    const { port } = await startBroker();
    const client = await openRaw(port);
    client.send(bytes);
    await client.closed;
    expect(client.unread()).toEqual([]);
  });

  test.each([
    ['a receive maximum of 0', [0x21, 0, 0], 0x82],
    ['authentication data without a method', [0x16, 0, 1, 0x61], 0x82],
    ['a repeated property', [0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1], 0x82],
    ['an unknown property', [0x7f, 0], 0x81],
  ])('CONNECT with %s is refused', async (_name, properties, reasonCode) => {
    const { port } = await startBroker();
    const client = await openRaw(port);
    const body = [0, 4, ...utf8('MQTT'), 5, 2, 0, 0, properties.length, ...properties, 0, 1, 0x63];
    client.send(Buffer.from([0x10, body.length, ...body]));
    expect((await client.expect('connack')).reasonCode).toBe(reasonCode);
    await client.closed;
  });

  test('acknowledgements nobody waits for change nothing', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a', { qos: 2 });
    client.send({ cmd: 'puback', messageId: 1 }, { cmd: 'pubcomp', messageId: 1 }, { cmd: 'pubrec', messageId: 99 });
    expect(await client.expect('pubrel')).toMatchObject({ messageId: 99, reasonCode: 0x92 });
    client.send({ cmd: 'pubrel', messageId: 77 });
    expect(await client.expect('pubcomp')).toMatchObject({ messageId: 77, reasonCode: 0x92 });
    broker.publish({ topic: 'a', payload: 'x', qos: 2 });
    const { messageId = 0 } = await client.expect('publish');
    client.send({ cmd: 'puback', messageId }, { cmd: 'pubcomp', messageId });
    await roundTrip(client);
    expect(broker.sessions()).toMatchObject([{ inflight: 1 }]);
    client.send({ cmd: 'pubrec', messageId });
    await client.expect('pubrel');
    client.send({ cmd: 'pubrec', messageId });
    await client.expect('pubrel');
    client.send({ cmd: 'pubcomp', messageId }, { cmd: 'pubcomp', messageId });
    await roundTrip(client);
    expect(broker.sessions()).toMatchObject([{ inflight: 0 }]);
  });
});

describe('slow and oversize input', () => {
  test('no CONNECT within ten seconds ends the connection, however many bytes dribble in', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock });
    const client = await openRaw(port);
    const bytes = generate(connectPacket('c'), { protocolVersion: 5 });
    client.send(bytes.subarray(0, 5));
    const other = await connectRaw(port, 'other');
    clock.advance(9_999);
    await roundTrip(other);
    const fault = broker.events.next('fault');
    clock.advance(1);
    expect((await fault).detail).toBe('no CONNECT in time');
    await client.closed;
    await roundTrip(other);
  });

  test('a length beyond the maximum is answered 0x95 before its body comes', async () => {
    const { port } = await startBroker({ profile: { maximumPacketSize: 1_000 } });
    const client = await connectRaw(port, 'c');
    client.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0x00]));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x95);
    await client.closed;
  });

  test('packets cut into single bytes are put together', async () => {
    const { port } = await startBroker();
    const subscriber = await connectRaw(port, 's');
    await subscribeRaw(subscriber, 'a');
    const client = await connectRaw(port, 'c');
    for (const byte of generate(publishPacket('a', 'x'.repeat(300)), { protocolVersion: 5 })) {
      client.socket.write(Buffer.from([byte]));
    }
    expect((await subscriber.expect('publish')).payload).toHaveLength(300);
  });

  test.each([
    { count: 1_001, reasonCode: 0x97 },
    { count: 60_000, reasonCode: 0x95 },
  ])('$count user properties outside PUBLISH cost the sender its connection', async ({ count, reasonCode }) => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'c');
    const userProperties = { a: Array.from({ length: count }, () => 'b') };
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'a', qos: 0, nl: false, rap: false, rh: 0 }],
      properties: { userProperties },
    });
    expect((await client.expect('disconnect')).reasonCode).toBe(reasonCode);
  });
});

describe('mutated packets', () => {
  const shared = createBroker({ profile: { lingerMs: 20 } });
  let port = 0;
  beforeAll(async () => {
    ({ port } = await shared.listen());
  });

  property.prop([fc.array(mutatedStream, { minLength: 30, maxLength: 30 })], { numRuns: 100 })(
    'leave other connections untouched and the broker alive',
    (streams) => attack({ port, broker: shared }, streams),
    120_000,
  );

  test('leave nothing behind that keeps the broker from closing', async () => {
    await shared.close();
    expect(shared.sessions()).toEqual([]);
  });
});
