import { describe, expect, test } from 'vitest';
import type { EventGridSettings } from '../../../local/emulator/settings.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw, type RawClient } from '../broker/support/raw-client.ts';
import { startEmulator } from './support/emulator.ts';

const v4 = { protocolVersion: 4 } as const;

/** Sends QoS 1 messages and counts the codes of their acknowledgements. */
async function burst(client: RawClient, count: number, payload = 'x', fields = {}): Promise<Record<number, number>> {
  client.send(
    ...Array.from({ length: count }, (_, index) =>
      publishPacket('a', payload, { qos: 1, messageId: index + 1, ...fields }),
    ),
  );
  const codes: Record<number, number> = {};
  for (let index = 0; index < count; index += 1) {
    const { reasonCode = 0 } = await client.expect('puback');
    codes[reasonCode] = (codes[reasonCode] ?? 0) + 1;
  }
  return codes;
}

describe('messages from one session', () => {
  test('are 1,000 per second, to the message; the others are refused with 0x97', async () => {
    const { emulator, port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    expect(await burst(client, 1_000)).toEqual({ 0x10: 1_000 });
    expect(await burst(client, 5)).toEqual({ 0x97: 5 });
    clock.advance(100);
    expect(await burst(client, 105)).toEqual({ 0x10: 100, 0x97: 5 });
    expect(emulator.log.entries()).toContainEqual({
      kind: 'throttled',
      clientSessionName: 'c',
      throttleType: 'IncomingPublishPacketsPerConnection',
    });
  });

  test('are 100 per second in 2023', async () => {
    const { port } = await startEmulator({ profile: 'eventgrid-2023' });
    expect(await burst(await connectRaw(port, 'c'), 101)).toEqual({ 0x10: 100, 0x97: 1 });
  });

  test('are 1 MB per second', async () => {
    const { port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    // 65,531 bytes of payload make a packet of 65,543.
    for (let index = 0; index < 15; index += 1) expect(await burst(client, 1, 'x'.repeat(65_000))).toEqual({ 0x10: 1 });
    expect(await burst(client, 1, 'x'.repeat(100_000))).toEqual({ 0x97: 1 });
    clock.advance(30);
    expect(await burst(client, 1, 'x'.repeat(100_000))).toEqual({ 0x10: 1 });
  });

  test('count twice when retained', async () => {
    const { port } = await startEmulator({ settings: { inboundMessagesPerSecond: 4 } });
    expect(await burst(await connectRaw(port, 'c'), 3, 'x', { retain: true })).toEqual({ 0x10: 2, 0x97: 1 });
  });

  test('follow a limit that is changed while a client is connected', async () => {
    const { emulator, port } = await startEmulator({ settings: { inboundMessagesPerSecond: 1 } });
    const client = await connectRaw(port, 'c');
    expect(await burst(client, 3)).toEqual({ 0x10: 1, 0x97: 2 });
    emulator.adjust({ inboundMessagesPerSecond: 2 });
    expect(await burst(client, 3)).toEqual({ 0x10: 2, 0x97: 1 });
  });

  test('are counted for each session by itself', async () => {
    const { port } = await startEmulator({ settings: { inboundMessagesPerSecond: 1 } });
    for (const name of ['a', 'b']) expect(await burst(await connectRaw(port, name), 1)).toEqual({ 0x10: 1 });
  });

  test('at QoS 0 are dropped beyond the rate, in either mode', async () => {
    for (const whenThrottled of ['nack', 'disconnect'] as const) {
      const { emulator, port } = await startEmulator({ settings: { inboundMessagesPerSecond: 1, whenThrottled } });
      const client = await connectRaw(port, 'c');
      const topics: string[] = [];
      emulator.events.on('published', ({ topic }) => topics.push(topic));
      client.send(publishPacket('first', 'x'), publishPacket('second', 'x'));
      await roundTrip(client);
      expect(topics).toEqual(['first']);
    }
  });

  test.each([0x97, 0x96] as const)('can end the connection with %i', async (throttleReasonCode) => {
    const settings = { inboundMessagesPerSecond: 1, whenThrottled: 'disconnect', throttleReasonCode } as const;
    const { emulator, port } = await startEmulator({ settings });
    const client = await connectRaw(port, 'c');
    await burst(client, 1);
    client.send(publishPacket('a', 'x', { qos: 1, messageId: 2 }));
    expect((await client.expect('disconnect')).reasonCode).toBe(throttleReasonCode);
    expect(emulator.log.entries()).toContainEqual(
      expect.objectContaining({ kind: 'disconnected', disconnectionReason: 'QuotaExceeded' }),
    );
  });

  test('of MQTT 3.1.1 end the connection', async () => {
    const { port } = await startEmulator({ settings: { inboundMessagesPerSecond: 1 } });
    const client = await connectRaw(port, 'c', v4);
    client.send(publishPacket('a', 'x', { qos: 1, messageId: 1 }), publishPacket('a', 'x', { qos: 1, messageId: 2 }));
    await client.closed;
  });
});

describe('unfinished messages from one client', () => {
  const unacknowledged = { hooks: { onPuback: () => 'swallow' as const } };

  test('are 1,000 at most, otherwise its connection ends with 0x93', async () => {
    const { port } = await startEmulator({ ...unacknowledged, settings: { inboundMessagesPerSecond: 5_000 } });
    const client = await connectRaw(port, 'c');
    client.send(
      ...Array.from({ length: 1_001 }, (_, index) => publishPacket('a', 'x', { qos: 1, messageId: index + 1 })),
    );
    expect((await client.expect('disconnect')).reasonCode).toBe(0x93);
  });

  test('are 64 KB at most, otherwise refused as throttled, but one always goes', async () => {
    const { emulator, port } = await startEmulator(unacknowledged);
    const client = await connectRaw(port, 'c');
    const message = (messageId: number, bytes: number) => publishPacket('a', 'x'.repeat(bytes), { qos: 1, messageId });
    client.send(message(1, 100_000), message(2, 1));
    expect(await client.expect('puback')).toMatchObject({ messageId: 2, reasonCode: 0x97 });
    expect(emulator.log.entries()).toContainEqual(
      expect.objectContaining({ throttleType: 'InboundInflightPerConnection' }),
    );
  });
});

describe('messages to one session', () => {
  test('are 100 per second; the others wait', async () => {
    const { emulator, port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    const receive = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        const { messageId = 0 } = await client.expect('publish');
        client.send({ cmd: 'puback', messageId, reasonCode: 0 });
      }
      await roundTrip(client);
    };
    for (let index = 0; index < 150; index += 1) emulator.publish({ topic: 'a', payload: `${index}`, qos: 1 });
    await receive(100);
    clock.advance(10);
    await receive(1);
    clock.advance(249);
    await receive(24);
    clock.advance(1_000);
    await receive(25);
  });

  test('are 100 per second for each member of a shared subscription', async () => {
    let turn = 0;
    const { emulator, port } = await startEmulator({ random: () => (turn++ % 2) / 2 });
    const members = [await connectRaw(port, 'a'), await connectRaw(port, 'b')];
    for (const member of members) await subscribeRaw(member, '$share/g/t', { qos: 0 });
    for (let index = 0; index < 250; index += 1) emulator.publish({ topic: 't', payload: 'x' });
    for (const member of members) {
      for (let index = 0; index < 100; index += 1) await member.expect('publish');
      await roundTrip(member);
    }
  });

  test('are 1 MB per second', async () => {
    const { emulator, port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    for (let index = 0; index < 3; index += 1) emulator.publish({ topic: 'a', payload: Buffer.alloc(400 * 1024) });
    for (let index = 0; index < 2; index += 1) await client.expect('publish');
    await roundTrip(client);
    clock.advance(171);
    await roundTrip(client);
    clock.advance(1);
    await client.expect('publish');
  });

  test('can be dropped beyond the rate', async () => {
    const settings: Partial<EventGridSettings> = { outboundMessagesPerSecond: 2, whenOutboundThrottled: 'drop' };
    const { emulator, port } = await startEmulator({ settings });
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    for (const payload of ['1', '2', '3']) emulator.publish({ topic: 'a', payload });
    await client.expect('publish');
    await client.expect('publish');
    await roundTrip(client);
  });

  test.each([
    { what: '100 messages', bytes: 1, sent: 100 },
    { what: '64 KB', bytes: 20_000, sent: 3 },
    { what: 'one, however large', bytes: 100_000, sent: 1 },
  ])('are unacknowledged up to $what', async ({ bytes, sent }) => {
    const { emulator, port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    for (let index = 0; index <= sent; index += 1)
      emulator.publish({ topic: 'a', payload: Buffer.alloc(bytes), qos: 1 });
    let first = 0;
    for (let index = 0; index < sent; index += 1) {
      const { messageId = 0 } = await client.expect('publish');
      if (index === 0) first = messageId;
    }
    clock.advance(1_000);
    await roundTrip(client);
    client.send({ cmd: 'puback', messageId: first, reasonCode: 0 });
    await client.expect('publish');
  });

  test('are unacknowledged up to 16 in 2023', async () => {
    const { emulator, port } = await startEmulator({ profile: 'eventgrid-2023' });
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    for (let index = 0; index < 17; index += 1) emulator.publish({ topic: 'a', payload: 'x', qos: 1 });
    for (let index = 0; index < 16; index += 1) await client.expect('publish');
    await roundTrip(client);
  });
});

describe('CONNECT', () => {
  test('of one session comes once per second, otherwise it is refused with 0x97', async () => {
    const { port, clock } = await startEmulator();
    const codes = [];
    for (const pause of [0, 999, 1]) {
      clock.advance(pause);
      codes.push((await connectRaw(port, 'c')).connack.reasonCode);
    }
    expect(codes).toEqual([0, 0x97, 0]);
    expect((await connectRaw(port, 'other')).connack.reasonCode).toBe(0);
  });
});

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  const unsubscribe = { cmd: 'unsubscribe' as const, messageId: 9, unsubscriptions: ['a'] };

  test('come five times per second together, otherwise they are refused', async () => {
    const { port, clock } = await startEmulator();
    const client = await connectRaw(port, 'c');
    for (let index = 0; index < 4; index += 1) expect(await subscribeRaw(client, 'a')).toEqual([1]);
    client.send(unsubscribe);
    expect((await client.expect('unsuback')).granted).toEqual([0]);
    expect(await subscribeRaw(client, 'a')).toEqual([0x97]);
    client.send(unsubscribe);
    expect((await client.frame()).at(-1)).toBe(0x83);
    clock.advance(200);
    expect(await subscribeRaw(client, 'a')).toEqual([1]);
  });

  test('can end the connection', async () => {
    const settings = { subscriptionPacketsPerSecond: 1, whenThrottled: 'disconnect' } as const;
    const { port } = await startEmulator({ settings });
    const client = await connectRaw(port, 'c');
    await subscribeRaw(client, 'a');
    await expect(subscribeRaw(client, 'a')).rejects.toThrow('"reasonCode":151');
  });

  test('of MQTT 3.1.1 are refused with 0x80, and the end of the connection', async () => {
    const { port } = await startEmulator({ settings: { subscriptionPacketsPerSecond: 1 } });
    const client = await connectRaw(port, 'c', v4);
    await subscribeRaw(client, 'a');
    expect(await subscribeRaw(client, 'a')).toEqual([0x80]);
    client.send(unsubscribe);
    await client.closed;
  });
});
