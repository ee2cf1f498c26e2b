import { describe, expect, test } from 'vitest';
import type { BrokerProfile } from '../../../local/broker/profile.ts';
import { startBroker } from './support/broker.ts';
import { connectRaw, openRaw, publishPacket, subscribeRaw } from './support/raw-client.ts';

test('CONNACK tells the limits of the profile', async () => {
  const { port } = await startBroker({
    profile: {
      maximumQos: 1,
      retainAvailable: false,
      receiveMaximum: 5,
      maximumPacketSize: 524_288,
      topicAliasMaximum: 10,
      serverKeepAlive: 30,
      wildcardSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
    },
  });
  const { connack } = await connectRaw(port, 'c');
  expect(connack.properties).toEqual({
    maximumQoS: 1,
    retainAvailable: false,
    receiveMaximum: 5,
    maximumPacketSize: 524_288,
    topicAliasMaximum: 10,
    serverKeepAlive: 30,
    wildcardSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
  });
});

describe('a PUBLISH beyond a limit ends the connection', () => {
  const cases: readonly { limit: Partial<BrokerProfile>; publish: ReturnType<typeof publishPacket>; code: number }[] = [
    { limit: { maximumQos: 1 }, publish: publishPacket('a', 'x', { qos: 2, messageId: 1 }), code: 0x9b },
    { limit: { retainAvailable: false }, publish: publishPacket('a', 'x', { retain: true }), code: 0x9a },
    { limit: { maximumPacketSize: 50 }, publish: publishPacket('a', 'x'.repeat(60)), code: 0x95 },
    {
      limit: { topicAliasMaximum: 3 },
      publish: publishPacket('a', 'x', { properties: { topicAlias: 4 } }),
      code: 0x94,
    },
    { limit: { maximumTopicBytes: 4 }, publish: publishPacket('äää', 'x'), code: 0x90 },
    { limit: { maximumTopicLevels: 2 }, publish: publishPacket('a/b/c', 'x'), code: 0x90 },
  ];
  test.each(cases)('$limit with $code', async ({ limit, publish, code }) => {
    const { broker, port } = await startBroker({ profile: limit });
    const client = await connectRaw(port, 'c');
    const gone = broker.events.next('disconnected');
    client.send(publish);
    expect((await client.expect('disconnect')).reasonCode).toBe(code);
    expect((await gone).cause).toBe('protocol');
    await client.closed;
  });
});

describe('a subscription beyond a limit', () => {
  const cases: readonly { limit: Partial<BrokerProfile>; filter: string; code: number }[] = [
    { limit: { maximumQos: 0 }, filter: 'a', code: 0 },
    { limit: { wildcardSubscriptionAvailable: false }, filter: 'a/#', code: 0xa2 },
    { limit: { maximumTopicLevels: 2 }, filter: 'a/b/c', code: 0x8f },
    { limit: { maximumTopicBytes: 4 }, filter: 'äää', code: 0x8f },
    { limit: { maximumSubscriptions: 0 }, filter: 'a', code: 0x97 },
    { limit: { maximumFiltersPerSubscribe: 0 }, filter: 'a', code: 0x97 },
  ];
  test.each(cases)('$limit is answered $code', async ({ limit, filter, code }) => {
    const { port } = await startBroker({ profile: limit });
    const client = await connectRaw(port, 'c');
    expect(await subscribeRaw(client, filter)).toEqual([code]);
  });

  test('is answered 0x80 in MQTT 3.1.1', async () => {
    const { port } = await startBroker({ profile: { maximumSubscriptions: 0 } });
    const client = await connectRaw(port, 'c', { protocolVersion: 4 });
    expect(await subscribeRaw(client, 'a')).toEqual([0x80]);
  });

  test('with an identifier where none are available ends the connection with 0xA1', async () => {
    const { port } = await startBroker({ profile: { subscriptionIdentifiersAvailable: false } });
    const client = await connectRaw(port, 'c');
    await expect(subscribeRaw(client, 'a', { identifier: 1 })).rejects.toThrow('"reasonCode":161');
  });
});

test('user properties outside PUBLISH can be refused', async () => {
  const { port } = await startBroker({ profile: { userPropertiesOutsidePublish: 'refuse' } });
  const refused = await connectRaw(port, 'c', { properties: { userProperties: { a: 'b' } } });
  expect(refused.connack.reasonCode).toBe(0x83);
  const client = await connectRaw(port, 'c');
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic: 'a', qos: 0, nl: false, rap: false, rh: 0 }],
    properties: { userProperties: { a: 'b' } },
  });
  expect((await client.expect('disconnect')).reasonCode).toBe(0x83);
});

test('an error acknowledgement from a client can end its connection', async () => {
  const { broker, port } = await startBroker({ profile: { errorAckFromClient: 'disconnect' } });
  const client = await connectRaw(port, 'c');
  await subscribeRaw(client, 'a');
  broker.publish({ topic: 'a', payload: 'x', qos: 1 });
  const { messageId = 0 } = await client.expect('publish');
  client.send({ cmd: 'puback', messageId, reasonCode: 0x80 });
  expect((await client.expect('disconnect')).reasonCode).toBe(0x83);
});

test.each([
  ['MQIsdp, level 3', [0x10, 15, 0, 6, ...Buffer.from('MQIsdp'), 3, 2, 0, 0, 0, 1, 0x63]],
  ['MQTT, level 6', [0x10, 13, 0, 4, ...Buffer.from('MQTT'), 6, 2, 0, 0, 0, 1, 0x63]],
])('the protocol %s is refused with return code 1', async (_name, bytes) => {
  const { port } = await startBroker();
  const client = await openRaw(port, 4);
  client.send(Buffer.from(bytes));
  expect(await client.frame()).toEqual(Buffer.from([0x20, 2, 0, 1]));
  await client.closed;
});
