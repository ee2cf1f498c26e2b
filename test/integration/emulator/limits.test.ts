import type { Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import type { EventGridOptions } from '../../../local/emulator/emulator.ts';
import type { EventGridSettings } from '../../../local/emulator/settings.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from '../broker/support/raw-client.ts';
import { startEmulator } from './support/emulator.ts';

const v4 = { protocolVersion: 4 } as const;
const will = { topic: 'w', payload: Buffer.from('x'), qos: 0, retain: false } as const;

describe('CONNACK', () => {
  test('tells what the service allows', async () => {
    const { port } = await startEmulator();
    const { connack } = await connectRaw(port, 'c', { keepalive: 30, properties: { sessionExpiryInterval: 60 } });
    expect(connack.properties).toEqual({
      maximumQoS: 1,
      receiveMaximum: 1_000,
      maximumPacketSize: 524_288,
      topicAliasMaximum: 10,
      serverKeepAlive: 30,
      sessionExpiryInterval: 60,
    });
  });

  test.each([0, 5_000])('caps a keep-alive of %i s at 1160 s and the session expiry at an hour', async (keepalive) => {
    const { port } = await startEmulator();
    const { connack } = await connectRaw(port, 'c', { keepalive, properties: { sessionExpiryInterval: 7_200 } });
    expect(connack.properties).toMatchObject({ serverKeepAlive: 1_160, sessionExpiryInterval: 3_600 });
  });

  test('assigns a client identifier', async () => {
    const { port } = await startEmulator();
    const { connack } = await connectRaw(port, '');
    expect(connack.properties?.assignedClientIdentifier).toMatch(/^auto-/);
  });
});

describe('CONNECT is refused', () => {
  const cases: readonly {
    what: string;
    settings?: Partial<EventGridSettings>;
    profile?: EventGridOptions['profile'];
    clientId?: string;
    fields: Parameters<typeof connectRaw>[2];
    code: number;
  }[] = [
    { what: 'user properties', fields: { properties: { userProperties: { a: 'b' } } }, code: 0x83 },
    { what: 'a session name over 128 bytes', clientId: 'c'.repeat(129), fields: {}, code: 0x85 },
    { what: 'an authentication name over 128 bytes', fields: { username: 'n'.repeat(129) }, code: 0x87 },
    {
      what: 'authentication data over 8 KB',
      fields: { properties: { authenticationMethod: 'CUSTOM-JWT', authenticationData: Buffer.alloc(8_193) } },
      code: 0x87,
    },
    { what: 'a will of QoS 2', fields: { will: { ...will, qos: 2 } }, code: 0x9b },
    { what: 'a will in 2023', profile: 'eventgrid-2023', fields: { will }, code: 0x83 },
    { what: 'an empty session name in 2023', profile: 'eventgrid-2023', clientId: '', fields: {}, code: 0x85 },
    { what: 'a will where none is available', settings: { willAvailable: false }, fields: { will }, code: 0x83 },
  ];
  test.each(cases)('for $what with $code', async ({ settings = {}, profile = 'eventgrid', clientId, fields, code }) => {
    const { port } = await startEmulator({ settings, profile });
    expect((await connectRaw(port, clientId ?? 'c', fields)).connack.reasonCode).toBe(code);
  });
});

describe('a PUBLISH ends the connection', () => {
  const big = (bytes: number) => 'x'.repeat(bytes);
  const cases: readonly {
    what: string;
    profile?: EventGridOptions['profile'];
    publish: ReturnType<typeof publishPacket>;
    code: number;
  }[] = [
    { what: 'QoS 2', publish: publishPacket('a', 'x', { qos: 2, messageId: 1 }), code: 0x9b },
    { what: 'over 512 KB', publish: publishPacket('a', big(524_288)), code: 0x95 },
    { what: 'topic alias 11', publish: publishPacket('a', 'x', { properties: { topicAlias: 11 } }), code: 0x94 },
    { what: 'a topic over 256 bytes', publish: publishPacket(big(257), 'x'), code: 0x90 },
    { what: '16 segments', publish: publishPacket('a/'.repeat(15), 'x'), code: 0x90 },
    { what: '9 segments in 2023', profile: 'eventgrid-2023', publish: publishPacket('a/'.repeat(8), 'x'), code: 0x90 },
    {
      what: 'retain in 2023',
      profile: 'eventgrid-2023',
      publish: publishPacket('a', 'x', { retain: true }),
      code: 0x9a,
    },
    {
      what: 'a response topic over 256 bytes',
      publish: publishPacket('a', 'x', { properties: { responseTopic: big(257) } }),
      code: 0x95,
    },
    {
      what: 'a content type over 256 bytes',
      publish: publishPacket('a', 'x', { properties: { contentType: big(257) } }),
      code: 0x95,
    },
    {
      what: 'correlation data over 256 bytes',
      publish: publishPacket('a', 'x', { properties: { correlationData: Buffer.alloc(257) } }),
      code: 0x95,
    },
    {
      what: 'user properties over 32 KB in all',
      publish: publishPacket('a', 'x', { properties: { userProperties: { a: big(20_000), b: big(12_767) } } }),
      code: 0x95,
    },
  ];
  test.each(cases)('for $what with $code', async ({ profile = 'eventgrid', publish, code }) => {
    const { port } = await startEmulator({ profile });
    const client = await connectRaw(port, 'c');
    client.send(publish);
    expect((await client.expect('disconnect')).reasonCode).toBe(code);
    await client.closed;
  });

  test('for QoS 2 of MQTT 3.1.1 without a word', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c', v4);
    client.send(publishPacket('a', 'x', { qos: 2, messageId: 1 }));
    await client.closed;
    expect(client.unread()).toEqual([]);
  });

  test('for retain of MQTT 3.1.1 where set so', async () => {
    const { port } = await startEmulator({ settings: { retainV3: 'disconnect' } });
    const client = await connectRaw(port, 'c', v4);
    client.send(publishPacket('a', 'x', { retain: true }));
    await client.closed;
  });
});

test('a message at every limit passes', async () => {
  const { port } = await startEmulator();
  const client = await connectRaw(port, 'c');
  await subscribeRaw(client, '#');
  const properties = {
    responseTopic: 'r'.repeat(256),
    contentType: 't'.repeat(256),
    correlationData: Buffer.alloc(256),
    userProperties: { a: 'x'.repeat(20_000), b: 'x'.repeat(12_766) },
    payloadFormatIndicator: true,
    topicAlias: 10,
  };
  client.send(publishPacket(`${'a/'.repeat(14)}${'x'.repeat(228)}`, 'x', { properties }));
  expect((await client.expect('publish')).properties?.userProperties).toEqual(properties.userProperties);
});

describe('a subscription', () => {
  const packet = (count: number, from = 0) => ({
    cmd: 'subscribe' as const,
    messageId: 1,
    subscriptions: Array.from({ length: count }, (_, index) => ({
      topic: `t/${from + index}`,
      qos: 1 as const,
      nl: false,
      rap: false,
      rh: 0,
    })),
  });

  test('has at most 10 filters in one packet', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c');
    client.send(packet(10), packet(11));
    expect((await client.expect('suback')).granted).toEqual(Array.from({ length: 10 }, () => 1));
    expect((await client.expect('suback')).granted).toEqual(Array.from({ length: 11 }, () => 0x97));
  });

  test('is one of at most 50', async () => {
    const { port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    for (let from = 0; from < 50; from += 10) client.send(packet(10, from));
    for (let from = 0; from < 50; from += 10) expect((await client.expect('suback')).granted).toContain(1);
    clock.advance(1_000);
    expect(await subscribeRaw(client, 'one/more')).toEqual([0x97]);
  });

  test('is one of at most 10 shared ones', async () => {
    const { port } = await startEmulator({ settings: { subscriptionPacketsPerSecond: 100 } });
    const client = await connectRaw(port, 'c');
    for (let group = 0; group < 10; group += 1) expect(await subscribeRaw(client, `$share/${group}/a`)).toEqual([1]);
    expect(await subscribeRaw(client, '$share/more/a')).toEqual([0x97]);
    expect(await subscribeRaw(client, 'a')).toEqual([1]);
  });

  test('is granted QoS 1 at most', async () => {
    const { port } = await startEmulator();
    expect(await subscribeRaw(await connectRaw(port, 'c'), 'a', { qos: 2 })).toEqual([1]);
  });

  test('shared by MQTT 3.1.1 ends the connection', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c', v4);
    await expect(subscribeRaw(client, '$share/g/a')).rejects.toThrow('closed the connection');
  });

  test('shared in 2023 is refused with 0x9E', async () => {
    const { port } = await startEmulator({ profile: 'eventgrid-2023' });
    expect(await subscribeRaw(await connectRaw(port, 'c'), '$share/g/a')).toEqual([0x9e]);
  });

  test('shared goes to a member chosen by chance', async () => {
    const draws = [0.9, 0.1, 0.9];
    const { emulator, port } = await startEmulator({ random: () => draws.shift() ?? 0 });
    const members = [await connectRaw(port, 'a'), await connectRaw(port, 'b')];
    for (const member of members) await subscribeRaw(member, '$share/g/t');
    for (const payload of ['1', '2', '3']) emulator.publish({ topic: 't', payload });
    const [a, b] = members;
    expect(String((await a?.expect('publish'))?.payload)).toBe('2');
    expect(String((await b?.expect('publish'))?.payload)).toBe('1');
    expect(String((await b?.expect('publish'))?.payload)).toBe('3');
  });
});

describe('retained messages', () => {
  test('are 64 KB at most', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c');
    client.send(publishPacket('a', 'x'.repeat(65_537), { qos: 1, messageId: 1, retain: true }));
    expect((await client.expect('puback')).reasonCode).toBe(0x97);
  });

  test.each([
    { limit: { maximumRetainedMessages: 1 }, what: 'in number' },
    { limit: { maximumRetainedTotalBytes: 5 }, what: 'in bytes' },
  ])('are limited $what', async ({ limit }) => {
    const { port } = await startEmulator({ settings: limit });
    const client = await connectRaw(port, 'c');
    const retained = (topic: string, payload: string, messageId: number) =>
      publishPacket(topic, payload, { qos: 1, messageId, retain: true });
    client.send(retained('a', 'xxx', 1), retained('b', 'xxx', 2), retained('a', 'yyyyy', 3), retained('a', '', 4));
    client.send(retained('b', 'xxx', 5));
    const codes = [];
    for (let index = 0; index < 5; index += 1) codes.push((await client.expect('puback')).reasonCode);
    expect(codes.map((code) => code === 0x97)).toEqual([false, true, false, false, false]);
  });

  test('are kept for a year at most', async () => {
    const { port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    client.send(publishPacket('a', 'x', { retain: true, properties: { messageExpiryInterval: 2 ** 32 - 1 } }));
    await roundTrip(client);
    expect(await subscribeRaw(client, 'a')).toEqual([1]);
    expect((await client.expect('publish')).properties?.messageExpiryInterval).toBe(31_536_000);
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a'] });
    await client.expect('unsuback');
    clock.advance(31_536_000_000);
    const later = await connectRaw(port, 'later');
    await subscribeRaw(later, 'a');
    await roundTrip(later);
  });
});

test('a message expiry of 0 means never', async () => {
  const { port } = await startEmulator();
  const client = await connectRaw(port, 'c');
  await subscribeRaw(client, 'a');
  client.send(publishPacket('a', 'x', { properties: { messageExpiryInterval: 0 } }));
  expect((await client.expect('publish')).properties?.messageExpiryInterval).toBeUndefined();
});

test('an error PUBACK from a client ends its connection', async () => {
  const { emulator, port } = await startEmulator();
  const client = await connectRaw(port, 'c');
  await subscribeRaw(client, 'a');
  emulator.publish({ topic: 'a', payload: 'x', qos: 1 });
  const { messageId = 0 } = await client.expect('publish');
  client.send({ cmd: 'puback', messageId, reasonCode: 0x80 });
  expect((await client.expect('disconnect')).reasonCode).toBe(0x83);
});

const userProperties = { a: 'b' };
const subscription = { topic: 'a', qos: 0, nl: false, rap: false, rh: 0 } as const;
test.each<Packet>([
  { cmd: 'subscribe', messageId: 1, subscriptions: [subscription], properties: { userProperties } },
  { cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['a'], properties: { userProperties } },
  { cmd: 'puback', messageId: 1, reasonCode: 0, properties: { userProperties } },
  { cmd: 'auth', reasonCode: 0x19, properties: { authenticationMethod: 'M', userProperties } },
  { cmd: 'disconnect', reasonCode: 0, properties: { userProperties } },
])('user properties in $cmd end the connection', async (packet) => {
  const { port } = await startEmulator();
  const client = await connectRaw(port, 'c', { properties: { authenticationMethod: 'M' } });
  client.send(packet);
  expect((await client.expect('disconnect')).reasonCode).toBe(0x83);
});
