import { describe, expect, test } from 'vitest';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { connectRaw, openRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } };

describe('a session', () => {
  test('keeps subscriptions and messages while its client is away', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    expect(first.connack.sessionPresent).toBe(false);
    await subscribeRaw(first, 'a');
    first.send({ cmd: 'disconnect', reasonCode: 0 });
    await first.closed;
    broker.publish({ topic: 'a', payload: 'kept', qos: 1 });
    broker.publish({ topic: 'a', payload: 'not kept', qos: 0 });
    expect(broker.sessions()).toMatchObject([{ clientId: 'c', connected: false, subscriptions: ['a'], queued: 1 }]);
    const second = await connectRaw(port, 'c', persistent);
    expect(second.connack.sessionPresent).toBe(true);
    expect(await second.expect('publish')).toMatchObject({ payload: Buffer.from('kept'), dup: false });
    await roundTrip(second);
  });

  test('of MQTT 3.1.1 persists with clean session 0 and not with 1', async () => {
    const { port } = await startBroker();
    const present = [];
    for (const clean of [false, false, true, false]) {
      const client = await connectRaw(port, 'c', { protocolVersion: 4, clean });
      present.push(client.connack.sessionPresent);
      client.send({ cmd: 'disconnect' });
      await client.closed;
    }
    expect(present).toEqual([false, true, false, false]);
  });

  test('ends when its expiry has passed, not before', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock });
    for (const [pause, present] of [
      [0, false],
      [99_000, true],
      [100_000, false],
    ] as const) {
      clock.advance(pause);
      const client = await connectRaw(port, 'c', persistent);
      expect(client.connack.sessionPresent).toBe(present);
      const gone = broker.events.next('disconnected');
      client.socket.destroy();
      await gone;
    }
  });

  test('with expiry 0xFFFFFFFF never ends', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock });
    const client = await connectRaw(port, 'c', { properties: { sessionExpiryInterval: 0xffff_ffff } });
    const gone = broker.events.next('disconnected');
    client.socket.destroy();
    await gone;
    clock.advance(Number.MAX_SAFE_INTEGER / 4);
    expect((await connectRaw(port, 'c', { clean: false })).connack.sessionPresent).toBe(true);
  });

  test('takes a new expiry from DISCONNECT', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'c', persistent);
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await client.closed;
    expect(broker.sessions()).toEqual([]);
  });

  test('cannot raise an expiry of 0 in DISCONNECT', async () => {
    const { port } = await startBroker();
    const client = await connectRaw(port, 'c');
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 5 } });
    expect((await client.expect('disconnect')).reasonCode).toBe(0x82);
  });

  test('is capped by the profile, and its client is told', async () => {
    const { port } = await startBroker({ profile: { maximumSessionExpiry: 60 } });
    const client = await connectRaw(port, 'c', persistent);
    expect(client.connack.properties?.sessionExpiryInterval).toBe(60);
  });

  test('starts anew with clean start', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    await subscribeRaw(first, 'a');
    const second = await connectRaw(port, 'c', { ...persistent, clean: true });
    expect(second.connack.sessionPresent).toBe(false);
    expect(broker.sessions()).toMatchObject([{ subscriptions: [] }]);
  });

  test('is forgotten on demand: the next connection finds none', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    broker.forget('c');
    expect((await first.expect('disconnect')).reasonCode).toBe(0x98);
    expect((await connectRaw(port, 'c', persistent)).connack.sessionPresent).toBe(false);
  });
});

describe('a second connection of the same client', () => {
  test('takes the session over and the first is told 0x8E', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    await subscribeRaw(first, 'a');
    const causes: string[] = [];
    broker.events.on('disconnected', ({ cause }) => causes.push(cause));
    const second = await connectRaw(port, 'c', persistent);
    expect(second.connack.sessionPresent).toBe(true);
    expect((await first.expect('disconnect')).reasonCode).toBe(0x8e);
    await first.closed;
    broker.publish({ topic: 'a', payload: 'x', qos: 1 });
    await second.expect('publish');
    expect(causes).toEqual(['taken-over']);
  });

  test('just closes the first of MQTT 3.1.1', async () => {
    const { port } = await startBroker();
    const first = await connectRaw(port, 'c', { protocolVersion: 4, clean: false });
    await connectRaw(port, 'c', { protocolVersion: 4, clean: false });
    await first.closed;
    expect(first.unread()).toEqual([]);
  });
});

describe('what was in flight when the connection ended', () => {
  test('is sent again in the original order with DUP, then what waited', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', {
      ...persistent,
      properties: { ...persistent.properties, receiveMaximum: 3 },
    });
    await subscribeRaw(first, 'a', { qos: 2 });
    for (let n = 0; n < 5; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: n === 1 ? 2 : 1 });
    const sent = [await first.expect('publish'), await first.expect('publish'), await first.expect('publish')];
    await roundTrip(first);
    broker.cut('c');
    await first.closed;
    const second = await connectRaw(port, 'c', persistent);
    const seen = [];
    for (let n = 0; n < 5; n += 1) {
      const { payload, dup, messageId } = await second.expect('publish');
      seen.push({ payload: payload.toString(), dup, sameId: sent[n]?.messageId === messageId });
    }
    expect(seen).toEqual([
      { payload: '0', dup: true, sameId: true },
      { payload: '1', dup: true, sameId: true },
      { payload: '2', dup: true, sameId: true },
      { payload: '3', dup: false, sameId: false },
      { payload: '4', dup: false, sameId: false },
    ]);
  });

  test('is sent again within the Receive Maximum of the new connection', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    await subscribeRaw(first, 'a');
    for (let n = 0; n < 3; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: 1 });
    for (let n = 0; n < 3; n += 1) await first.expect('publish');
    broker.cut('c');
    const second = await connectRaw(port, 'c', { clean: false, properties: { receiveMaximum: 1 } });
    for (let n = 0; n < 3; n += 1) {
      const packet = await second.expect('publish');
      await roundTrip(second);
      expect(packet).toMatchObject({ payload: Buffer.from(`${n}`), dup: true });
      second.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    }
  });

  test('at QoS 2 continues with PUBREL once the client has the message', async () => {
    const { broker, port } = await startBroker();
    const first = await connectRaw(port, 'c', persistent);
    await subscribeRaw(first, 'a', { qos: 2 });
    broker.publish({ topic: 'a', payload: 'x', qos: 2 });
    const { messageId = 0 } = await first.expect('publish');
    first.send({ cmd: 'pubrec', messageId });
    await first.expect('pubrel');
    broker.cut('c');
    const second = await connectRaw(port, 'c', persistent);
    expect((await second.expect('pubrel')).messageId).toBe(messageId);
    second.send({ cmd: 'pubcomp', messageId });
    await roundTrip(second);
    expect(broker.sessions()).toMatchObject([{ inflight: 0, queued: 0 }]);
  });

  test('at QoS 2 from the client is handed on once, though it is sent again', async () => {
    const { broker, port } = await startBroker();
    const subscriber = await connectRaw(port, 'sub');
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    const first = await connectRaw(port, 'c', persistent);
    first.send(publishPacket('a', 'once', { qos: 2, messageId: 9 }));
    await first.expect('pubrec');
    broker.cut('c');
    const second = await connectRaw(port, 'c', persistent);
    second.send(publishPacket('a', 'once', { qos: 2, messageId: 9, dup: true }));
    await second.expect('pubrec');
    second.send({ cmd: 'pubrel', messageId: 9 });
    await second.expect('pubcomp');
    second.send({ cmd: 'pubrel', messageId: 9 });
    expect((await second.expect('pubcomp')).reasonCode).toBe(0x92);
    await subscriber.expect('publish');
    await roundTrip(subscriber);
  });
});

describe('a client identifier', () => {
  test('is assigned when an MQTT 5 client has none', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, '');
    const assigned = client.connack.properties?.assignedClientIdentifier ?? '';
    expect(assigned).not.toBe('');
    expect(broker.sessions()).toMatchObject([{ clientId: assigned }]);
  });

  test('may be left out by an MQTT 3.1.1 client only with a clean session', async () => {
    const { port } = await startBroker();
    expect((await connectRaw(port, '', { protocolVersion: 4, clean: true })).connack.returnCode).toBe(0);
    const refused = await openRaw(port, 4);
    // MQIsdp-free bytes by hand: the client library would not send this.
    refused.send(Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 0, 0, 0]));
    expect((await refused.expect('connack')).returnCode).toBe(2);
    await refused.closed;
  });

  test('that is too long is refused with 0x85', async () => {
    const { port } = await startBroker({ profile: { maximumClientIdBytes: 8 } });
    expect((await connectRaw(port, '123456789')).connack.reasonCode).toBe(0x85);
  });
});
