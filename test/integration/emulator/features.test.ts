import { describe, expect, test } from 'vitest';
import type { EmulatorConfig } from '../../../local/emulator/config.ts';
import { emulatorFromConfig } from '../../../local/emulator/from-config.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from '../broker/support/raw-client.ts';
import { startEmulator, type StartedEmulator } from './support/emulator.ts';
import { createIssuer } from './support/tokens.ts';

const v4 = { protocolVersion: 4 } as const;
const keep = { clean: false, properties: { sessionExpiryInterval: 60 } } as const;

/** Ends a connection without a word and waits until the emulator has seen it. */
async function lose({ emulator }: StartedEmulator, client: Awaited<ReturnType<typeof connectRaw>>): Promise<void> {
  const ended = emulator.events.next('disconnected');
  client.socket.destroy();
  await ended;
}

test('messages pass between MQTT 3.1.1 and 5', async () => {
  const { port } = await startEmulator();
  const old = await connectRaw(port, 'old', v4);
  const young = await connectRaw(port, 'young');
  await subscribeRaw(old, 'to/old');
  await subscribeRaw(young, 'to/young');
  old.send(publishPacket('to/young', 'up', { qos: 1, messageId: 1 }));
  young.send(publishPacket('to/old', 'down', { qos: 1, messageId: 1, properties: { contentType: 't' } }));
  expect(String((await young.expect('publish')).payload)).toBe('up');
  expect((await old.expect('puback')).messageId).toBe(1);
  expect(String((await old.expect('publish')).payload)).toBe('down');
});

test('messages of a topic come in the order they were sent, those unacknowledged first after a reconnection', async () => {
  const started = await startEmulator();
  const { emulator, port, clock } = started;
  const first = await connectRaw(port, 's', keep);
  await subscribeRaw(first, 't');
  for (const payload of ['1', '2', '3']) emulator.publish({ topic: 't', payload, qos: 1 });
  for (const payload of ['1', '2', '3']) expect(String((await first.expect('publish')).payload)).toBe(payload);
  await lose(started, first);
  emulator.publish({ topic: 't', payload: '4', qos: 1 });
  clock.advance(1_000);
  const second = await connectRaw(port, 's', keep);
  for (const payload of ['1', '2', '3', '4']) {
    expect(await second.expect('publish')).toMatchObject({ payload: Buffer.from(payload), dup: payload !== '4' });
  }
});

describe('CONNACK', () => {
  test('has no response information, asked for or not', async () => {
    const { port } = await startEmulator();
    const { connack } = await connectRaw(port, 'c', { properties: { requestResponseInformation: true } });
    expect(connack.reasonCode).toBe(0);
    expect(connack.properties).not.toHaveProperty('responseInformation');
  });

  test('says what there was not in 2023', async () => {
    const { port } = await startEmulator({ profile: 'eventgrid-2023' });
    expect((await connectRaw(port, 'c')).connack.properties).toMatchObject({
      retainAvailable: false,
      sharedSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
    });
  });
});

test('the service sets up no topic aliases, even for a client that allows them', async () => {
  const { emulator, port } = await startEmulator();
  const client = await connectRaw(port, 'c', { properties: { topicAliasMaximum: 10 } });
  await subscribeRaw(client, 't');
  for (const _ of [1, 2]) {
    emulator.publish({ topic: 't', payload: 'x' });
    expect((await client.expect('publish')).topic).toBe('t');
  }
});

test('a client that falls silent for one and a half keep-alives is told 0x8D', async () => {
  const { port, clock } = await startEmulator();
  const client = await connectRaw(port, 'c', { keepalive: 10 });
  clock.advance(14_999);
  clock.advance(1);
  expect((await client.expect('disconnect')).reasonCode).toBe(0x8d);
});

describe('subscription identifiers', () => {
  test('come with the messages', async () => {
    const { emulator, port } = await startEmulator();
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 't', { identifier: 7 });
    emulator.publish({ topic: 't', payload: 'x' });
    expect((await client.expect('publish')).properties).toMatchObject({ subscriptionIdentifier: 7 });
  });

  test('end the connection with 0xA1 in 2023', async () => {
    const { port } = await startEmulator({ profile: 'eventgrid-2023' });
    const client = await connectRaw(port, 'c');
    await expect(subscribeRaw(client, 't', { identifier: 7 })).rejects.toThrow('"reasonCode":161');
  });
});

test('what a member of a shared subscription did not acknowledge goes to another when its session ends, not before', async () => {
  const started = await startEmulator({ random: () => 0 });
  const { emulator, port, clock } = started;
  const a = await connectRaw(port, 'a', keep);
  const b = await connectRaw(port, 'b');
  for (const member of [a, b]) await subscribeRaw(member, '$share/g/t');
  emulator.publish({ topic: 't', payload: 'x', qos: 1 });
  await a.expect('publish');
  await lose(started, a);
  await roundTrip(b);
  clock.advance(60_000);
  expect(String((await b.expect('publish')).payload)).toBe('x');
});

describe('retained messages', () => {
  test('of MQTT 3.1.1 are kept for a year', async () => {
    const { port } = await startEmulator();
    const old = await connectRaw(port, 'old', v4);
    old.send(publishPacket('t', 'x', { qos: 1, messageId: 1, retain: true }));
    await old.expect('puback');
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 't');
    expect((await client.expect('publish')).properties?.messageExpiryInterval).toBe(31_536_000);
  });

  test('are deleted by an empty one', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c');
    client.send(publishPacket('t', 'x', { retain: true }), publishPacket('t', '', { retain: true }));
    await roundTrip(client);
    expect(await subscribeRaw(client, 't')).toEqual([1]);
    await roundTrip(client);
  });
});

describe('a will', () => {
  const willOf = (willDelayInterval: number) => ({
    topic: 'gone',
    payload: Buffer.from('x'),
    qos: 1 as const,
    retain: false,
    properties: { willDelayInterval, userProperties: { a: 'b' } },
  });

  test.each([
    { what: 'its delay', delay: 30, settings: {}, seconds: 30 },
    { what: 'the end of its session', delay: 300, settings: {}, seconds: 60 },
    { what: 'the longest delay allowed', delay: 300, settings: { maximumWillDelay: 20 }, seconds: 20 },
  ])('with user properties is published after $what', async ({ delay, settings, seconds }) => {
    const started = await startEmulator({ settings });
    const { emulator, port, clock } = started;
    const wills: string[] = [];
    emulator.events.on('will', ({ topic }) => wills.push(topic));
    await lose(started, await connectRaw(port, 's', { ...keep, will: willOf(delay) }));
    clock.advance(seconds * 1_000 - 1);
    expect(wills).toEqual([]);
    clock.advance(1);
    expect(wills).toEqual(['gone']);
  });
});

describe('a session', () => {
  test('belongs to a name with its upper and lower case', async () => {
    const { port, clock } = await startEmulator();
    await connectRaw(port, 's', { ...keep, username: 'ann' });
    clock.advance(1_000);
    expect((await connectRaw(port, 's', { ...keep, username: 'Ann' })).connack.reasonCode).toBe(0x87);
  });

  test('cannot outlive its connection for longer by what DISCONNECT says', async () => {
    const { emulator, port, clock } = await startEmulator();
    const client = await connectRaw(port, 's', keep);
    const ended = emulator.events.next('disconnected');
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 100_000 } });
    await ended;
    clock.advance(3_600_000);
    expect(emulator.sessions()).toEqual([]);
  });
});

describe('in 2023', () => {
  const web = { url: 'http://127.0.0.1:9/', timeoutMs: 5_000 };

  test.each([
    { profile: 'eventgrid-2023', jwt: 0x8c, other: 0x87 },
    { profile: 'eventgrid', jwt: 0, other: 0x88 },
  ] as const)('there are neither custom tokens nor a webhook: $profile', async ({ profile, jwt, other }) => {
    const own = await createIssuer();
    const config: EmulatorConfig = {
      settings: {},
      authentication: {
        customJwt: { issuer: own.issuer, audiences: ['a'], keys: { jwks: own.jwks } },
        webhook: web,
      },
      permissions: [],
    };
    const emulator = emulatorFromConfig(profile, config, { wallClock: () => 0, undelivered: () => {} });
    const { port } = await emulator.listen();
    try {
      const authenticationData = await own.sign({ aud: 'a', sub: 'device-1' });
      const properties = { authenticationMethod: 'CUSTOM-JWT', authenticationData };
      expect((await connectRaw(port, '1', { properties })).connack.reasonCode).toBe(jwt);
      expect((await connectRaw(port, '2')).connack.reasonCode).toBe(other);
    } finally {
      await emulator.close();
    }
  });
});

test('a decision of a test comes before those of the service', async () => {
  const { port } = await startEmulator({
    hooks: { onPublish: ({ topic }) => (topic === 'refused' ? { reasonCode: 0x83 } : undefined) },
  });
  const client = await connectRaw(port, 'c');
  const codes = [];
  for (const topic of ['refused', 'taken']) {
    client.send(publishPacket(topic, 'x', { qos: 1, messageId: 1 }));
    codes.push((await client.expect('puback')).reasonCode);
  }
  expect(codes).toEqual([0x83, 0x10]);
});
