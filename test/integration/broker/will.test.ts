import { describe, expect, test } from 'vitest';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { connectRaw, roundTrip, subscribeRaw } from './support/raw-client.ts';

const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
const delayed = { ...will, properties: { willDelayInterval: 10 } };
const lasting = { sessionExpiryInterval: 100 };

async function watched(options: Parameters<typeof startBroker>[0] = {}) {
  const started = await startBroker(options);
  const watcher = await connectRaw(started.port, 'watcher');
  await subscribeRaw(watcher, 'will');
  return { ...started, watcher };
}

describe('a will', () => {
  test.each([4, 5] as const)(
    'is published when the connection is lost (protocol level %i)',
    async (protocolVersion) => {
      const { broker, port, watcher } = await watched();
      await connectRaw(port, 'c', { protocolVersion, will });
      broker.cut('c');
      expect(await watcher.expect('publish')).toMatchObject({ payload: Buffer.from('gone'), qos: 1 });
    },
  );

  test('is published when the client breaks the protocol', async () => {
    const { port, watcher } = await watched();
    const client = await connectRaw(port, 'c', { will });
    client.send(Buffer.from([0xf1, 0x00]));
    await watcher.expect('publish');
  });

  test('is dropped by a normal DISCONNECT and kept by 0x04', async () => {
    const { port, watcher } = await watched();
    const normal = await connectRaw(port, 'c', { will });
    normal.send({ cmd: 'disconnect', reasonCode: 0 });
    await normal.closed;
    await roundTrip(watcher);
    const withWill = await connectRaw(port, 'c', { will });
    withWill.send({ cmd: 'disconnect', reasonCode: 4 });
    await watcher.expect('publish');
  });

  test('waits for its delay', async () => {
    const clock = createManualClock();
    const { broker, port, watcher } = await watched({ clock });
    await connectRaw(port, 'c', { will: delayed, properties: lasting });
    broker.cut('c');
    clock.advance(9_999);
    await roundTrip(watcher);
    clock.advance(1);
    await watcher.expect('publish');
  });

  test('is not published when the client is back in time', async () => {
    const clock = createManualClock();
    const { broker, port, watcher } = await watched({ clock });
    await connectRaw(port, 'c', { will: delayed, properties: lasting });
    broker.cut('c');
    const back = await connectRaw(port, 'c', { clean: false, properties: lasting });
    expect(back.connack.sessionPresent).toBe(true);
    clock.advance(60_000);
    await roundTrip(watcher);
  });

  test('with a delay is published when the session ends before', async () => {
    const clock = createManualClock();
    const { broker, port, watcher } = await watched({ clock });
    await connectRaw(port, 'c', { will: delayed, properties: { sessionExpiryInterval: 3 } });
    broker.cut('c');
    clock.advance(3_000);
    await watcher.expect('publish');
  });

  test('with a delay is published when the client starts clean', async () => {
    const { broker, port, watcher } = await watched();
    await connectRaw(port, 'c', { will: delayed, properties: lasting });
    broker.cut('c');
    await connectRaw(port, 'c', { clean: true, properties: lasting });
    await watcher.expect('publish');
  });

  test('is published by a take-over when it has no delay', async () => {
    const { port, watcher } = await watched();
    await connectRaw(port, 'c', { will, properties: lasting });
    await connectRaw(port, 'c', { clean: false, properties: lasting });
    await watcher.expect('publish');
  });

  test('carries its properties and can be retained', async () => {
    const { broker, port } = await startBroker();
    const properties = { contentType: 'text/plain', payloadFormatIndicator: true, messageExpiryInterval: 30 };
    await connectRaw(port, 'c', { will: { ...will, retain: true, properties } });
    broker.cut('c');
    const late = await connectRaw(port, 'late');
    await subscribeRaw(late, 'will');
    expect(await late.expect('publish')).toMatchObject({ retain: true, properties });
  });

  test.each([
    { profile: { maximumQos: 0 }, reasonCode: 0x9b },
    { profile: { retainAvailable: false }, reasonCode: 0x9a },
  ] as const)('that the profile $profile does not allow refuses the CONNECT', async ({ profile, reasonCode }) => {
    const { port } = await startBroker({ profile });
    const { connack } = await connectRaw(port, 'c', {
      will: { ...will, retain: true, qos: profile.maximumQos === 0 ? 1 : 0 },
    });
    expect(connack.reasonCode).toBe(reasonCode);
  });
});
