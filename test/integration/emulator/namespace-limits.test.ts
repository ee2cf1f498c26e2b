import { describe, expect, test } from 'vitest';
import type { EventGridSettings } from '../../../local/emulator/settings.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw, type RawClient } from '../broker/support/raw-client.ts';
import { startEmulator, type StartedEmulator } from './support/emulator.ts';

/** The answer to one QoS 1 message. */
async function publish(client: RawClient, payload = 'x', retain = false): Promise<number | undefined> {
  client.send(publishPacket(`t/${retain ? payload : ''}`, payload, { qos: 1, messageId: 1, retain }));
  return (await client.expect('puback')).reasonCode;
}

/** Two clients of a namespace. */
async function pair(settings: Partial<EventGridSettings>): Promise<StartedEmulator & { a: RawClient; b: RawClient }> {
  const started = await startEmulator({ settings });
  return { ...started, a: await connectRaw(started.port, 'a'), b: await connectRaw(started.port, 'b') };
}

function throttleTypes({ emulator }: StartedEmulator): string[] {
  return emulator.log.entries().flatMap((event) => (event.kind === 'throttled' ? [event.throttleType] : []));
}

describe('all sessions of a namespace together', () => {
  test('publish so many messages per second, whichever of them sends', async () => {
    const started = await pair({ namespaceInboundMessagesPerSecond: 2 });
    const { a, b, clock } = started;
    expect([await publish(a), await publish(b), await publish(a), await publish(b)]).toEqual([0x10, 0x10, 0x97, 0x97]);
    clock.advance(500);
    expect([await publish(b), await publish(a)]).toEqual([0x10, 0x97]);
    expect(new Set(throttleTypes(started))).toEqual(new Set(['IncomingPublishPacketsPerNamespace']));
  });

  test('follow a limit that is changed while clients are connected', async () => {
    const { a, b, emulator } = await pair({ namespaceInboundMessagesPerSecond: 1 });
    expect([await publish(a), await publish(b)]).toEqual([0x10, 0x97]);
    emulator.adjust({ namespaceInboundMessagesPerSecond: 2 });
    expect([await publish(a), await publish(b), await publish(a)]).toEqual([0x10, 0x10, 0x97]);
  });

  test('publish so many bytes per second', async () => {
    const started = await pair({ namespaceInboundBytesPerSecond: 2_000 });
    const big = 'x'.repeat(1_500);
    expect([await publish(started.a, big), await publish(started.b, big)]).toEqual([0x10, 0x97]);
    expect(throttleTypes(started)).toEqual(['InboundBandwidthPerNamespace']);
  });

  test.each([
    { what: 'messages', settings: { namespaceOutboundMessagesPerSecond: 2 }, wait: 500 },
    { what: 'bytes', settings: { namespaceOutboundBytesPerSecond: 2_000 }, wait: 500 },
  ])('get so many $what per second; the others wait', async ({ settings, wait }) => {
    const { emulator, clock, a, b } = await pair(settings);
    for (const client of [a, b]) await subscribeRaw(client, 't');
    for (const _ of [1, 2]) emulator.publish({ topic: 't', payload: Buffer.alloc(1_000), qos: 1 });
    const got = async () => {
      for (const client of [a, b]) client.send({ cmd: 'pingreq' });
      const counts = [];
      for (const client of [a, b]) {
        let publishes = 0;
        while (((await client.frame())[0] ?? 0) >> 4 === 3) publishes += 1;
        counts.push(publishes);
      }
      return counts.reduce((sum, count) => sum + count, 0);
    };
    expect(await got()).toBe(2);
    clock.advance(wait);
    expect(await got()).toBe(1);
    clock.advance(wait);
    expect(await got()).toBe(1);
  });

  test.each([
    { settings: { namespaceOutboundMessagesPerSecond: 1 }, type: 'OutboundPublishPacketsPerNamespace' },
    { settings: { namespaceOutboundBytesPerSecond: 10 }, type: 'OutboundBandwidthPerNamespace' },
    { settings: { outboundBytesPerSecond: 1 }, type: 'OutboundBandwidthPerConnection' },
  ])('lose messages beyond their rate where set so: $type', async ({ settings, type }) => {
    const started = await pair({ ...settings, whenOutboundThrottled: 'drop' });
    await subscribeRaw(started.a, 't');
    for (const _ of [1, 2]) started.emulator.publish({ topic: 't', payload: Buffer.alloc(20) });
    await started.a.expect('publish');
    await roundTrip(started.a);
    expect(throttleTypes(started)).toEqual([type]);
  });

  test.each([0x97, 0x9f] as const)('connect so many times per second, otherwise get %i', async (code) => {
    const settings = { namespaceConnectsPerSecond: 2, connectThrottleReasonCode: code };
    const started = await startEmulator({ settings });
    const connect = async (name: string) => (await connectRaw(started.port, name)).connack.reasonCode;
    expect([await connect('1'), await connect('2'), await connect('3')]).toEqual([0, 0, code]);
    expect(throttleTypes(started)).toEqual(['ConnectPacketsPerNamespace']);
    started.clock.advance(500);
    expect(await connect('3')).toBe(0);
  });

  test('subscribe and unsubscribe so many times per second', async () => {
    const started = await pair({ namespaceSubscriptionPacketsPerSecond: 2 });
    const { a, b } = started;
    expect([await subscribeRaw(a, 't'), await subscribeRaw(b, 't'), await subscribeRaw(a, 't')]).toEqual([
      [1],
      [1],
      [0x97],
    ]);
    expect(throttleTypes(started)).toEqual(['SubscribeOperationsPerNamespace']);
  });

  test('have so many subscriptions; those that go make room', async () => {
    const { a, b, emulator } = await pair({ maximumNamespaceSubscriptions: 2 });
    const two = ['1', '2', '3'].map((topic) => ({ topic, qos: 1 as const, nl: false, rap: false, rh: 0 }));
    a.send({ cmd: 'subscribe', messageId: 1, subscriptions: two });
    expect((await a.expect('suback')).granted).toEqual([1, 1, 0x97]);
    expect(await subscribeRaw(a, '1')).toEqual([1]);
    expect(await subscribeRaw(b, '1')).toEqual([0x97]);
    a.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['2'] });
    await a.expect('unsuback');
    expect(await subscribeRaw(b, '1')).toEqual([1]);
    expect(await subscribeRaw(b, '2')).toEqual([0x97]);
    emulator.forget('a');
    expect(await subscribeRaw(b, '2')).toEqual([1]);
  });

  test('have so many shared subscriptions, and each of them so many members', async () => {
    const { a, b } = await pair({ maximumSharedGroups: 2, maximumSharedGroupMembers: 1 });
    const codes = [];
    for (const filter of ['$share/g/t', '$share/g/u', '$share/h/t']) codes.push(await subscribeRaw(a, filter));
    codes.push(await subscribeRaw(b, '$share/g/t'), await subscribeRaw(b, 't'));
    expect(codes).toEqual([[1], [1], [0x97], [0x97], [1]]);
    a.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['$share/g/t'] });
    await a.expect('unsuback');
    expect(await subscribeRaw(b, '$share/g/t')).toEqual([1]);
  });
});

describe('throughput units multiply', () => {
  test('messages and CONNECTs', async () => {
    const { a, port } = await pair({
      throughputUnits: 2,
      namespaceInboundMessagesPerSecond: 1,
      namespaceConnectsPerSecond: 1,
    });
    expect([await publish(a), await publish(a), await publish(a)]).toEqual([0x10, 0x10, 0x97]);
    expect((await connectRaw(port, 'c')).connack.reasonCode).toBe(0x97);
  });

  test('sessions', async () => {
    const { port } = await pair({ throughputUnits: 2, maximumSessions: 1 });
    expect((await connectRaw(port, 'c')).connack.reasonCode).toBe(0x97);
  });

  test.each([{ maximumRetainedMessages: 1 }, { maximumRetainedTotalBytes: 1 }])(
    'what is retained (%o)',
    async (settings) => {
      const { a } = await pair({ throughputUnits: 2, ...settings });
      const codes = [await publish(a, '1', true), await publish(a, '2', true), await publish(a, '3', true)];
      expect(codes).toEqual([0x10, 0x10, 0x97]);
    },
  );
});

test('a client of MQTT 3.1.1 with too many unfinished messages loses its connection', async () => {
  const started = await startEmulator({
    settings: { receiveMaximum: 3 },
    hooks: { onPuback: () => 'swallow' },
  });
  const client = await connectRaw(started.port, 'c', { protocolVersion: 4 });
  client.send(...[1, 2, 3, 4].map((messageId) => publishPacket('t', 'x', { qos: 1, messageId })));
  await client.closed;
  expect(throttleTypes(started)).toEqual(['InboundInflightPerConnection']);
});
