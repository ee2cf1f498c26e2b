import { describe, expect, test } from 'vitest';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

const lasting = { sessionExpiryInterval: 100 };

describe('towards a subscriber', () => {
  test('the broker keeps the Receive Maximum of the client and goes on with each acknowledgement', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'c', { properties: { receiveMaximum: 2 } });
    await subscribeRaw(client, 'a');
    for (let n = 0; n < 5; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: 1 });
    for (let n = 0; n < 5; n += 1) {
      await roundTrip(client).catch(() => {});
      const unacked = broker.sessions()[0]?.inflight;
      expect(unacked).toBeLessThanOrEqual(2);
      const messageId = n + 1;
      client.send({ cmd: 'puback', messageId });
    }
    await broker.events.next('acknowledged', ({ packetId }) => packetId === 5);
    expect(broker.sessions()).toMatchObject([{ inflight: 0, queued: 0 }]);
  });

  test('QoS 0 messages are not held up by the window of others', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'c', { properties: { receiveMaximum: 1 } });
    await subscribeRaw(client, 'a', { qos: 1 });
    broker.publish({ topic: 'a', payload: 'first', qos: 1 });
    await client.expect('publish');
    broker.publish({ topic: 'a', payload: 'now', qos: 0 });
    expect((await client.expect('publish')).payload.toString()).toBe('now');
  });

  test('the in-flight window is bounded in bytes too', async () => {
    const { broker, port } = await startBroker({ profile: { maximumInflightBytes: 100 } });
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    for (let n = 0; n < 4; n += 1) broker.publish({ topic: 'a', payload: 'x'.repeat(40), qos: 1 });
    expect(broker.sessions()).toMatchObject([{ inflight: 2, queued: 2 }]);
  });

  test.each([
    { whenQueueFull: 'drop-newest', kept: ['0', '1'] },
    { whenQueueFull: 'drop-oldest', kept: ['2', '3'] },
  ] as const)('a full queue does $whenQueueFull', async ({ whenQueueFull, kept }) => {
    const { broker, port } = await startBroker({ profile: { maximumQueuedMessages: 2, whenQueueFull } });
    const first = await connectRaw(port, 'c', { properties: lasting });
    await subscribeRaw(first, 'a');
    broker.cut('c');
    const dropped: string[] = [];
    broker.events.on('dropped', ({ cause }) => dropped.push(cause));
    for (let n = 0; n < 4; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: 1 });
    expect(dropped).toEqual(['queue-full', 'queue-full']);
    const second = await connectRaw(port, 'c', { clean: false });
    for (const payload of kept) expect((await second.expect('publish')).payload.toString()).toBe(payload);
    await roundTrip(second);
  });

  test('a full queue can end the session', async () => {
    const { broker, port } = await startBroker({ profile: { maximumQueuedBytes: 10, whenQueueFull: 'end-session' } });
    const first = await connectRaw(port, 'c', { properties: lasting });
    await subscribeRaw(first, 'a');
    broker.cut('c');
    broker.publish({ topic: 'a', payload: '12345', qos: 1 });
    const ended = broker.events.next('sessionEnded');
    broker.publish({ topic: 'a', payload: '1234567', qos: 1 });
    expect(await ended).toEqual({ clientId: 'c', cause: 'queue-full' });
    expect((await connectRaw(port, 'c', { clean: false })).connack.sessionPresent).toBe(false);
  });

  test('a packet larger than the client allows is left out, and the rest goes on', async () => {
    const { broker, port } = await startBroker();
    const client = await connectRaw(port, 'c', { properties: { maximumPacketSize: 100 } });
    await subscribeRaw(client, 'a');
    const dropped = broker.events.next('dropped');
    broker.publish({ topic: 'a', payload: 'x'.repeat(100), qos: 1 });
    broker.publish({ topic: 'a', payload: 'small', qos: 1 });
    expect((await client.expect('publish')).payload.toString()).toBe('small');
    expect((await dropped).cause).toBe('too-large');
    expect(broker.sessions()).toMatchObject([{ inflight: 1 }]);
  });

  test('a client that does not read makes messages wait in its queue, and gets them all when it reads again', async () => {
    const { broker, port } = await startBroker({ profile: { maximumUnsentBytes: 256 * 1024 } });
    const client = await connectRaw(port, 'slow');
    const other = await connectRaw(port, 'other');
    await subscribeRaw(client, 'a', { qos: 0 });
    await subscribeRaw(other, 'b', { qos: 0 });
    client.socket.pause();
    const payload = 'x'.repeat(64 * 1024);
    for (let n = 0; n < 400; n += 1) broker.publish({ topic: 'a', payload });
    const queued = broker.sessions().find(({ clientId }) => clientId === 'slow')?.queued ?? 0;
    expect(queued).toBeGreaterThan(300);
    broker.publish({ topic: 'b', payload: 'not held up' });
    await other.expect('publish');
    client.socket.resume();
    for (let n = 0; n < 400; n += 1) expect((await client.expect('publish')).payload).toHaveLength(payload.length);
  });

  test('a client that reads no answers is read from no further, and gets every answer when it reads', async () => {
    const { port } = await startBroker({ profile: { maximumUnsentBytes: 4_096 } });
    const client = await connectRaw(port, 'c');
    const pings = 100_000;
    const all = client.socket.bytesRead + pings * 2;
    client.socket.pause();
    client.socket.write(Buffer.alloc(pings * 2, Buffer.from([0xc0, 0])));
    const done = new Promise<void>((resolve) => {
      client.socket.on('data', () => {
        if (client.socket.bytesRead === all) resolve();
      });
    });
    client.socket.resume();
    await done;
    expect(new Set(client.unread().map((frame) => frame.toString('hex')))).toEqual(new Set(['d000']));
  });

  test('message expiry is reduced by the time held, and ends what waited too long', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock });
    const first = await connectRaw(port, 'c', { properties: lasting });
    await subscribeRaw(first, 'a');
    const publisher = await connectRaw(port, 'p');
    broker.cut('c');
    for (const messageExpiryInterval of [5, 30]) {
      publisher.send(
        publishPacket('a', `${messageExpiryInterval}`, { qos: 1, messageId: 1, properties: { messageExpiryInterval } }),
      );
      await publisher.expect('puback');
    }
    clock.advance(10_000);
    const dropped = broker.events.next('dropped');
    const second = await connectRaw(port, 'c', { clean: false });
    expect(await second.expect('publish')).toMatchObject({
      payload: Buffer.from('30'),
      properties: { messageExpiryInterval: 20 },
    });
    expect((await dropped).cause).toBe('expired');
  });

  test.each([
    { zeroExpiryIsNever: false, received: 0 },
    { zeroExpiryIsNever: true, received: 1 },
  ])(
    'an expiry of 0 seconds is delivered $received times when zeroExpiryIsNever is $zeroExpiryIsNever',
    async (row) => {
      const { port } = await startBroker({ profile: { zeroExpiryIsNever: row.zeroExpiryIsNever } });
      const client = await connectRaw(port, 'c');
      const publisher = await connectRaw(port, 'p');
      await subscribeRaw(client, 'a');
      publisher.send(publishPacket('a', 'x', { properties: { messageExpiryInterval: 0 } }));
      await roundTrip(publisher);
      for (let n = 0; n < row.received; n += 1) await client.expect('publish');
      await roundTrip(client);
    },
  );
});

describe('from a publisher', () => {
  test('more unfinished messages than the Receive Maximum end the connection with 0x93', async () => {
    const { port } = await startBroker({
      profile: { receiveMaximum: 2 },
      hooks: { onPuback: () => 'swallow' },
    });
    const client = await connectRaw(port, 'c');
    expect(client.connack.properties?.receiveMaximum).toBe(2);
    for (let messageId = 1; messageId <= 3; messageId += 1) client.send(publishPacket('a', 'x', { qos: 1, messageId }));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x93);
  });

  test('QoS 2 messages count until PUBCOMP', async () => {
    const { port } = await startBroker({ profile: { receiveMaximum: 2 } });
    const client = await connectRaw(port, 'c');
    for (const messageId of [1, 2]) {
      client.send(publishPacket('a', 'x', { qos: 2, messageId }));
      await client.expect('pubrec');
    }
    client.send({ cmd: 'pubrel', messageId: 1 });
    await client.expect('pubcomp');
    client.send(publishPacket('a', 'x', { qos: 2, messageId: 3 }));
    await client.expect('pubrec');
    client.send(publishPacket('a', 'x', { qos: 2, messageId: 4 }));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x93);
  });

  test('a window that is kept is never taken for an overrun', async () => {
    const { port } = await startBroker({ profile: { receiveMaximum: 5 } });
    const client = await connectRaw(port, 'c');
    let messageId = 0;
    const publish = (): void => client.send(publishPacket('a', 'x', { qos: 1, messageId: (messageId % 10) + 1 }));
    for (; messageId < 5; messageId += 1) publish();
    for (; messageId < 500; messageId += 1) {
      await client.expect('puback');
      publish();
    }
  });
});

describe('keep-alive', () => {
  test('ends a connection after one and a half times its interval of silence', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock });
    const client = await connectRaw(port, 'c', { keepalive: 10 });
    clock.advance(14_000);
    await roundTrip(client);
    clock.advance(14_999);
    expect(broker.sessions()).toHaveLength(1);
    const ended = broker.events.next('disconnected');
    clock.advance(1);
    expect((await ended).cause).toBe('keep-alive');
    expect((await client.expect('disconnect')).reasonCode).toBe(0x8d);
  });

  test.each([
    { profile: { serverKeepAlive: 7 }, asked: 60, told: 7 },
    { profile: { maximumKeepAlive: 30 }, asked: 60, told: 30 },
    { profile: { maximumKeepAlive: 30 }, asked: 20, told: 20 },
    { profile: { maximumKeepAlive: 30 }, asked: 0, told: 30 },
    { profile: {}, asked: 60, told: undefined },
  ])('with $profile a client asking for $asked is told $told', async ({ profile, asked, told }) => {
    const { port } = await startBroker({ profile });
    const client = await connectRaw(port, 'c', { keepalive: asked });
    expect(client.connack.properties?.serverKeepAlive).toBe(told);
  });
});
