import mqtt, { type IPublishPacket } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { encodePublish } from '../../../local/broker/codec/publish.ts';
import { encodeUnaltered } from '../../../local/broker/codec/properties.ts';
import { startBroker } from './support/broker.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

const combinations = ([4, 5] as const).flatMap((version) => ([0, 1, 2] as const).map((qos) => ({ version, qos })));

describe('publish and subscribe with the mqtt client', () => {
  test.each(combinations)(
    'carries messages in order at QoS $qos, protocol level $version',
    async ({ version, qos }) => {
      const { port } = await startBroker();
      const url = `mqtt://127.0.0.1:${port}`;
      const subscriber = await mqtt.connectAsync(url, { protocolVersion: version });
      const publisher = await mqtt.connectAsync(url, { protocolVersion: version });
      const received: { topic: string; payload: string; qos: number }[] = [];
      const all = new Promise<void>((resolve) => {
        subscriber.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
          received.push({ topic, payload: payload.toString(), qos: packet.qos });
          if (received.length === 200) resolve();
        });
      });
      await subscriber.subscribeAsync('plant/+/value', { qos });
      await Promise.all(
        Array.from({ length: 200 }, (_, n) => publisher.publishAsync('plant/7/value', `${n}`, { qos })),
      );
      await all;
      expect(received).toEqual(
        Array.from({ length: 200 }, (_, n) => ({ topic: 'plant/7/value', payload: `${n}`, qos })),
      );
      await subscriber.endAsync();
      await publisher.endAsync();
    },
  );

  test.each([
    { published: 2, subscribed: 0, expected: 0 },
    { published: 2, subscribed: 1, expected: 1 },
    { published: 0, subscribed: 2, expected: 0 },
  ] as const)(
    'delivers at the lower of QoS $published and $subscribed',
    async ({ published, subscribed, expected }) => {
      const { broker, port } = await startBroker();
      const subscriber = await connectRaw(port, 'sub');
      await subscribeRaw(subscriber, 'a', { qos: subscribed });
      broker.publish({ topic: 'a', payload: 'x', qos: published });
      expect((await subscriber.expect('publish')).qos).toBe(expected);
    },
  );

  test('carries messages between MQTT 5 and 3.1.1 both ways', async () => {
    const { port } = await startBroker();
    const v4 = await connectRaw(port, 'v4', { protocolVersion: 4 });
    const v5 = await connectRaw(port, 'v5');
    await subscribeRaw(v4, 'to/4');
    await subscribeRaw(v5, 'to/5');
    v5.send(publishPacket('to/4', 'down', { properties: { contentType: 'text/plain' } }));
    v4.send(publishPacket('to/5', 'up'));
    expect((await v4.expect('publish')).payload.toString()).toBe('down');
    expect((await v5.expect('publish')).payload.toString()).toBe('up');
  });

  test('says that nobody subscribes with reason code 0x10', async () => {
    const { port } = await startBroker();
    const publisher = await connectRaw(port, 'pub');
    publisher.send(publishPacket('nobody/listens', 'x', { qos: 1, messageId: 7 }));
    expect(await publisher.expect('puback')).toMatchObject({ messageId: 7, reasonCode: 0x10 });
  });

  test('stops delivering after UNSUBSCRIBE', async () => {
    const { broker, port } = await startBroker();
    const subscriber = await connectRaw(port, 'sub');
    await subscribeRaw(subscriber, 'a');
    subscriber.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a', 'b'] });
    expect(await subscriber.expect('unsuback')).toMatchObject({ granted: [0x00, 0x11] });
    broker.publish({ topic: 'a', payload: 'x' });
    await roundTrip(subscriber);
  });
});

describe('properties of a message', () => {
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'application/json',
    responseTopic: 'answers/here',
    correlationData: Buffer.from([0, 255, 128]),
    // Order across names, duplicates, integer-like and prototype names, empty values: what an object would lose.
    userProperties: [
      ['b', '1'],
      ['2', 'x'],
      ['a', ''],
      ['b', '2'],
      ['__proto__', 'p'],
      ['1', ''],
      ['constructor', 'c'],
      ['b', ''],
    ],
  } as const;

  test('reach the subscriber byte for byte and in order', async () => {
    const { port } = await startBroker();
    const subscriber = await connectRaw(port, 'sub');
    const publisher = await connectRaw(port, 'pub');
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    const bytes = encodePublish({
      version: 5,
      topic: 'a',
      qos: 0,
      retain: false,
      payload: Buffer.from('x'),
      properties: encodeUnaltered(properties),
    }).frame;
    publisher.send(bytes);
    expect(await subscriber.frame()).toEqual(bytes);
  });

  test('keep their order when 60,000 user properties come', async () => {
    const { port } = await startBroker();
    const subscriber = await connectRaw(port, 'sub');
    const publisher = await connectRaw(port, 'pub');
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    const userProperties = Array.from({ length: 60_000 }, (_, n) => [`name ${n % 7}`, `${n}`] as const);
    const bytes = encodePublish({
      version: 5,
      topic: 'a',
      qos: 0,
      retain: false,
      payload: Buffer.from('x'),
      properties: encodeUnaltered({ userProperties }),
    }).frame;
    publisher.send(bytes);
    expect((await subscriber.frame()).equals(bytes)).toBe(true);
  });

  test('are left out for an MQTT 3.1.1 subscriber', async () => {
    const { broker, port } = await startBroker();
    const subscriber = await connectRaw(port, 'sub', { protocolVersion: 4 });
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    broker.publish({ topic: 'a', payload: 'x', properties });
    const expected = encodePublish({
      version: 4,
      topic: 'a',
      qos: 0,
      retain: false,
      payload: Buffer.from('x'),
      properties: Buffer.alloc(0),
    }).frame;
    expect(await subscriber.frame()).toEqual(expected);
  });
});

describe('topic aliases', () => {
  test('of a client are resolved and not handed on', async () => {
    const { port } = await startBroker({ profile: { topicAliasMaximum: 5 } });
    const subscriber = await connectRaw(port, 'sub');
    const publisher = await connectRaw(port, 'pub');
    expect(publisher.connack.properties?.topicAliasMaximum).toBe(5);
    await subscribeRaw(subscriber, 'a/#', { qos: 0 });
    publisher.send(
      publishPacket('a/1', 'first', { properties: { topicAlias: 5 } }),
      publishPacket('', 'second', { properties: { topicAlias: 5 } }),
      publishPacket('a/2', 'third', { properties: { topicAlias: 5 } }),
      publishPacket('', 'fourth', { properties: { topicAlias: 5 } }),
    );
    for (const topic of ['a/1', 'a/1', 'a/2', 'a/2']) {
      const packet = await subscriber.expect('publish');
      expect(packet.topic).toBe(topic);
      expect(packet.properties?.topicAlias).toBeUndefined();
    }
  });

  test('towards a client stay within its maximum', async () => {
    const { broker, port } = await startBroker({ profile: { outgoingTopicAliases: true } });
    const subscriber = await connectRaw(port, 'sub', { properties: { topicAliasMaximum: 1 } });
    await subscribeRaw(subscriber, '#', { qos: 0 });
    for (const topic of ['a', 'a', 'b', 'a']) broker.publish({ topic, payload: 'x' });
    const seen = [];
    for (let n = 0; n < 4; n += 1) {
      const { topic, properties } = await subscriber.expect('publish');
      seen.push([topic, properties?.topicAlias]);
    }
    expect(seen).toEqual([
      ['a', 1],
      ['', 1],
      ['b', undefined],
      ['', 1],
    ]);
  });

  test('are not used towards a client that allows none', async () => {
    const { broker, port } = await startBroker({ profile: { outgoingTopicAliases: true } });
    const subscriber = await connectRaw(port, 'sub');
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    broker.publish({ topic: 'a', payload: 'x' });
    expect((await subscriber.expect('publish')).properties?.topicAlias).toBeUndefined();
  });
});

describe('subscription options', () => {
  test('No Local keeps a client from hearing itself', async () => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'one');
    const other = await connectRaw(port, 'two');
    await subscribeRaw(client, 'a', { nl: true });
    client.send(publishPacket('a', 'own'));
    await roundTrip(client);
    other.send(publishPacket('a', 'foreign'));
    expect((await client.expect('publish')).payload.toString()).toBe('foreign');
  });

  test('No Local on a shared subscription is a protocol error', async () => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'one');
    const subscription = { topic: '$share/g/a', qos: 1, nl: true, rap: false, rh: 0 } as const;
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [subscription] });
    expect((await client.expect('disconnect')).reasonCode).toBe(0x82);
    await client.closed;
  });

  test('subscription identifiers of all matching subscriptions come with one copy', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'one');
    await subscribeRaw(client, 'a/#', { identifier: 5, qos: 0 });
    await subscribeRaw(client, 'a/+', { identifier: 200_000, qos: 1 });
    broker.publish({ topic: 'a/b', payload: 'x', qos: 2 });
    const packet = await client.expect('publish');
    expect(packet.qos).toBe(1);
    expect(new Set([packet.properties?.subscriptionIdentifier].flat())).toEqual(new Set([5, 200_000]));
    client.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    await roundTrip(client);
  });

  test('overlapping subscriptions get one copy each when the profile says so', async () => {
    const { broker, port } = await startBroker({ profile: { overlappingSubscriptions: 'each' } });
    const client = await connectRaw(port, 'one');
    await subscribeRaw(client, 'a/#', { qos: 0 });
    await subscribeRaw(client, 'a/+', { qos: 0 });
    broker.publish({ topic: 'a/b', payload: 'x' });
    await client.expect('publish');
    await client.expect('publish');
    await roundTrip(client);
  });

  test('subscribing again replaces the options', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'one');
    await subscribeRaw(client, 'a', { qos: 2 });
    await subscribeRaw(client, 'a', { qos: 0 });
    broker.publish({ topic: 'a', payload: 'x', qos: 2 });
    expect((await client.expect('publish')).qos).toBe(0);
    await roundTrip(client);
  });

  test.each([
    ['a/#/b', 0x8f],
    ['a+', 0x8f],
    ['$share/g', 0x8f],
    ['$share//a', 0x8f],
    ['$share/g+/a', 0x8f],
  ])('the filter %s is refused alone', async (filter, code) => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'one');
    expect(await subscribeRaw(client, filter)).toEqual([code]);
    expect(await subscribeRaw(client, 'fine')).toEqual([1]);
  });

  test('the bridge bit gives an MQTT 3.1.1 client No Local and Retain As Published', async () => {
    const { broker, port } = await startBroker();
    const bridge = await connectRaw(port, 'bridge', { protocolVersion: 4, bridgeMode: true } as object);
    await subscribeRaw(bridge, 'a');
    bridge.send(publishPacket('a', 'own'));
    await roundTrip(bridge);
    broker.publish({ topic: 'a', payload: 'x', retain: true });
    expect(await bridge.expect('publish')).toMatchObject({ retain: true });
  });
});
